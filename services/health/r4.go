package health

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"kith/services/internal/native"
)

// r4Schema is the part of HL7's JSON Schema of FHIR R4 that is needed here, of
// the kinds of resource in r4Kinds and what they are made of. Its descriptions
// are left out, and so is the choice between all 146 kinds wherever a resource
// may contain another: those are validated one by one, each as what it says it
// is. A test makes it again from HL7's file. HL7 gives FHIR away under CC0.
//
//go:embed r4.schema.json.gz
var r4Schema []byte

// r4Kinds are the kinds of resource that are read. Others may be in a Bundle.
var r4Kinds = []string{
	"Bundle", "Consent", "Encounter", "Flag", "Observation", "Organization", "Parameters", "Patient",
	"Practitioner", "PractitionerRole", "QuestionnaireResponse", "RelatedPerson",
}

// r4 is the schema, compiled: of each kind, and what its patterns are for.
type r4 struct {
	of      map[string]*jsonschema.Schema
	shapes  map[string]*shape
	at      map[string]*jsonschema.Schema // every part of them, by its location
	formats map[string]string             // what to give instead of what a pattern refuses
}

// r4Compiled is compiled once, when the first FHIR resource comes: most agencies
// never see one.
var r4Compiled = sync.OnceValues(compileR4)

const r4Location = "http://hl7.org/fhir/json-schema/4.0"

func compileR4() (*r4, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(r4Schema))
	if err != nil {
		return nil, fmt.Errorf("schema of FHIR R4: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(unzip)
	if err != nil {
		return nil, fmt.Errorf("schema of FHIR R4: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft6)
	c.UseRegexpEngine(primitive)
	if err := c.AddResource(r4Location, doc); err != nil {
		return nil, fmt.Errorf("schema of FHIR R4: %w", err)
	}
	out := &r4{of: map[string]*jsonschema.Schema{}, shapes: map[string]*shape{}, at: map[string]*jsonschema.Schema{}, formats: map[string]string{}}
	known := map[*jsonschema.Schema]*shape{}
	for _, k := range r4Kinds {
		if out.of[k], err = c.Compile(r4Location + "#/definitions/" + k); err != nil {
			return nil, fmt.Errorf("schema of FHIR R4: %w", err)
		}
		out.index(out.of[k])
		out.shapes[k] = shapeOf(out.of[k], known)
	}
	for _, name := range slices.Sorted(maps.Keys(instead)) {
		s, err := c.Compile(r4Location + "#/definitions/" + name)
		if err != nil {
			return nil, fmt.Errorf("schema of FHIR R4: %w", err)
		}
		if s.Pattern != nil {
			out.formats[s.Pattern.String()] = instead[name]
		}
	}
	return out, nil
}

// index notes where each part of s lies.
func (r *r4) index(s *jsonschema.Schema) {
	if s == nil || r.at[s.Location] != nil {
		return
	}
	r.at[s.Location] = s
	r.index(s.Ref)
	if items, ok := s.Items.(*jsonschema.Schema); ok {
		r.index(items)
	}
	for _, p := range s.Properties {
		r.index(p)
	}
}

// elements lists the names that may stand in an object.
func (r *r4) elements(location string) string {
	s := r.at[location]
	if s == nil {
		return "only elements that FHIR R4 has here"
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Properties)), func(n string) bool { return n[0] == '_' })
	return "only elements that FHIR R4 has here: " + strings.Join(names, ", ")
}

// instead is what to give where a value is not of a primitive type of FHIR.
var instead = map[string]string{
	"string":   "text that is not empty",
	"markdown": "text that is not empty",
	"code":     "a code: text without spaces around it",
	"id":       "an id: at most 64 letters, digits, hyphens and dots",
	"instant":  "a date and time with its zone, such as 2026-11-23T08:30:00Z",
	"date":     "a date, such as 2016-04-30",
	"dateTime": "a date, such as 2016-04-30, or a date and time with seconds and zone, such as 2026-11-23T08:30:00Z",
	"time":     "a time of day, such as 08:30:00",
	"uri":      "a URI, without spaces",
	"url":      "a URL, without spaces",
}

// fits notes what FHIR R4 has otherwise than a resource. Its kind is one that is
// read; doc is its JSON.
func fits(f *native.Form, at, kind string, doc any) error {
	r, err := r4Compiled()
	if err != nil {
		return err
	}
	if r.shapes[kind].fits(doc) {
		return nil
	}
	if err := r.of[kind].Validate(doc); err != nil {
		if e, ok := err.(*jsonschema.ValidationError); ok {
			r.note(f, at, e)
		}
	}
	return nil
}

// note gathers the leaves of a validation error. The validator goes only where
// the schema names a member, so that the pointers hold no word of the sender's.
func (r *r4) note(f *native.Form, at string, e *jsonschema.ValidationError) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			r.note(f, at, c)
		}
		return
	}
	p := jsontext.Pointer("")
	for _, t := range e.InstanceLocation {
		p = p.AppendToken(t)
	}
	place := at + string(p)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			f.Wrong(place+"/"+name, "this element: FHIR R4 requires it")
		}
	case *kind.AdditionalProperties:
		f.Wrong(place, r.elements(e.SchemaURL))
	case *kind.Type:
		f.Wrong(place, kinds(k.Want))
	case *kind.Enum:
		f.Wrong(place, "one of "+codes(k.Want))
	case *kind.Pattern:
		f.Wrong(place, orElse(r.formats[k.Want], "what FHIR R4 has here"))
	default:
		f.Wrong(place, "what FHIR R4 has here")
	}
}

func kinds(want []string) string {
	words := map[string]string{
		"string": "text", "number": "a number", "boolean": "true or false", "array": "a list", "object": "an object"}
	return orElse(words[strings.Join(want, "")], "what FHIR R4 has here")
}

func codes(want []any) string {
	var all []string
	for _, w := range want {
		if s, ok := w.(string); ok {
			all = append(all, s)
		}
	}
	return strings.Join(all, ", ")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
