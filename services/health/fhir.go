package health

import (
	number "encoding/json"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
	"kith/services/internal/native"
)

// FHIR translates a FHIR R4 resource in JSON, UK Core or not: a Bundle, or one
// resource that says what happened, with the patient contained in it or named by
// NHS number. A Bundle gives a notice for each such resource in it. A Bundle of
// the Multicast Notification Service gives what National gives.
func FHIR(raw []byte) ([]events.Notice, error) {
	doc, err := native.Read[any](raw)
	if err != nil {
		return nil, err
	}
	r := &reader{Form: &native.Form{}, by: map[string]int{}, people: map[string]events.Person{}, said: map[string]bool{}}
	top, ok := doc.(map[string]any)
	switch kind, _ := top["resourceType"].(string); {
	case !ok:
		r.Wrong("", "a FHIR resource as a JSON object")
	case kind == "Bundle" && top["type"] == "history":
		return fromSignal(raw, top)
	case kind == "Bundle":
		err = r.unpack(raw, top)
	case happened[kind] != nil:
		err = r.add("", "", raw, top)
	case kind == "Patient" || kind == "RelatedPerson":
		r.Wrong("/resourceType", "a Bundle: who somebody is says nothing of what happened")
	default:
		r.Wrong("/resourceType", "one of Bundle, Consent, Encounter, Flag, Observation, QuestionnaireResponse")
	}
	if err != nil {
		return nil, err
	}
	if err := r.Err(); err != nil {
		return nil, err // the rest would be named only because this is
	}
	return r.notices()
}

// happened says how to read each kind of resource that says what happened.
var happened = map[string]func(*reader, resource) events.Report{
	"Consent":               (*reader).consent,
	"Encounter":             (*reader).encounter,
	"Flag":                  (*reader).flag,
	"Observation":           (*reader).observation,
	"QuestionnaireResponse": (*reader).questionnaire,
}

// reader reads the resources of one record.
type reader struct {
	*native.Form
	bundle fhir.Bundle
	many   bool // if it is a Bundle
	all    []resource
	by     map[string]int           // by what refers to it; ambiguous if that is two
	people map[string]events.Person // by place, so that what is wrong with one is said once
	said   map[string]bool          // places of which once has said what is wrong
}

const ambiguous = -1

// resource is one FHIR resource: what it says, and where it lies.
type resource struct {
	at, kind string
	doc      map[string]any
	raw      []byte
	passing  bool // its id is only for this Bundle
}

// unpack takes the resources of a Bundle.
func (r *reader) unpack(raw []byte, top map[string]any) error {
	r.many = true
	if err := fits(r.Form, "", "Bundle", top); err != nil || r.Err() != nil {
		return err
	}
	if err := decode(raw, &r.bundle); err != nil {
		r.Wrong("", "a Bundle with whole numbers where FHIR R4 has integers")
		return nil
	}
	kind, _ := top["type"].(string)
	native.Choose(r.Form, "/type", kind, "collection", "transaction", "batch", "message", "document", "searchset")
	entries, _ := top["entry"].([]any)
	for i, e := range r.bundle.Entry {
		entry, _ := entries[i].(map[string]any)
		doc, ok := entry["resource"].(map[string]any)
		if !ok {
			continue // nothing was sent, but for example deleted
		}
		first := len(r.all)
		if err := r.add(fmt.Sprintf("/entry/%d/resource", i), value(e.FullUrl), e.Resource, doc); err != nil {
			return err
		}
		if len(r.all) > first { // what is to be created, or is called by a urn, gets its id elsewhere
			r.all[first].passing = e.Request != nil && e.Request.Method == fhir.HTTPVerbPOST || strings.HasPrefix(value(e.FullUrl), "urn:")
		}
	}
	return nil
}

// add takes a resource and what is contained in it. Kinds that are not read are
// left alone.
func (r *reader) add(at, url string, raw []byte, doc map[string]any) error {
	x := resource{at: at, doc: doc, raw: raw}
	x.kind, _ = doc["resourceType"].(string)
	if !readable(x.kind) {
		return nil
	}
	if err := fits(r.Form, at, x.kind, doc); err != nil {
		return err
	}
	r.refer(url)
	if id, _ := doc["id"].(string); id != "" {
		r.refer(x.kind + "/" + id)
		if up, contained := container(at); contained {
			r.refer(up + "#" + id)
		}
	}
	r.all = append(r.all, x)
	return r.contained(x)
}

func (r *reader) contained(x resource) error {
	inside, _ := x.doc["contained"].([]any)
	if len(inside) == 0 {
		return nil
	}
	if _, within := container(x.at); within { // FHIR forbids it; and each level would be read again for the next
		r.Wrong(x.at+"/contained", "all contained resources in the outermost one")
		return nil
	}
	var raw struct {
		Contained []jsontext.Value `json:"contained"`
	}
	if err := decode(x.raw, &raw); err != nil || len(raw.Contained) != len(inside) {
		return nil // the schema refused it
	}
	for i, c := range inside {
		if doc, ok := c.(map[string]any); ok {
			if err := r.add(fmt.Sprintf("%s/contained/%d", x.at, i), "", raw.Contained[i], doc); err != nil {
				return err
			}
		}
	}
	return nil
}

// container is where the resource lies that contains the one at a place.
func container(at string) (string, bool) {
	i := strings.LastIndex(at, "/contained/")
	if i < 0 {
		return "", false
	}
	return at[:i], true
}

// refer notes that the resource that comes next is what a reference is to.
func (r *reader) refer(reference string) {
	if _, twice := r.by[reference]; twice {
		r.by[reference] = ambiguous
	} else if reference != "" {
		r.by[reference] = len(r.all)
	}
}

// find is the resource of one of some kinds that a reference in another is to:
// by full URL, by type and id, or by its id alone if it is contained there. A
// reference that could be to either of two resources is to neither.
func (r *reader) find(from resource, ref *fhir.Reference, kinds ...string) (resource, bool) {
	to := ""
	if ref != nil {
		to = value(ref.Reference)
	}
	i, ok := r.by[to]
	if up, contained := container(from.at); strings.HasPrefix(to, "#") {
		if !contained {
			up = from.at
		}
		i, ok = r.by[up+to]
	} else if !ok {
		to, _, _ = strings.Cut(to, "/_history/")
		if parts := strings.Split(to, "/"); len(parts) > 2 {
			i, ok = r.by[strings.Join(parts[len(parts)-2:], "/")]
		} else {
			i, ok = r.by[to]
		}
	}
	if !ok || i == ambiguous || to == "" {
		return resource{}, false
	}
	for _, k := range kinds {
		if r.all[i].kind == k {
			return r.all[i], true
		}
	}
	return resource{}, false
}

// read is a resource as a type of FHIR. The schema has been asked already, which
// takes 1.5 for a number where only a whole one makes sense.
func read[T any](f *native.Form, x resource) T {
	var v T
	if err := decode(x.raw, &v); err != nil {
		f.Wrong(x.at, "a resource with whole numbers where FHIR R4 has integers")
	}
	return v
}

// decode reads JSON in which no name stands twice: it was read before. The types
// of FHIR spell a decimal as the standard library's Number, of which this reader
// knows nothing.
func decode(raw []byte, to any) error {
	return json.Unmarshal(raw, to, jsontext.AllowDuplicateNames(true), decimals)
}

var decimals = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, n *number.Number) error {
	v, err := d.ReadValue()
	*n = number.Number(v)
	return err
}))

func readable(kind string) bool {
	for _, k := range r4Kinds {
		if k == kind && k != "Bundle" && k != "Parameters" {
			return true
		}
	}
	return false
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
