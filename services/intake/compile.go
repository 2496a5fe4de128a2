package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kith/events"
	"kith/schemas"
)

// contract is all schemas of facts, compiled.
type contract struct {
	of map[events.Type]*jsonschema.Schema
	at map[string]*jsonschema.Schema // every schema and part of one, by location

	quick map[events.Type]*quick // the same as of; nil for what it cannot say
}

// compiled is the contract of this build: it is embedded, so that compiling it
// once serves everybody. Nothing changes it afterwards.
var compiled = sync.OnceValues(compile)

func compile() (*contract, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(embedded{})
	c.AssertFormat()
	for _, f := range formats() {
		c.RegisterFormat(f)
	}
	con := &contract{of: map[events.Type]*jsonschema.Schema{}, at: map[string]*jsonschema.Schema{}, quick: map[events.Type]*quick{}}
	for t := range events.FactTypes() {
		path, ok := schemas.For(string(t))
		if !ok {
			return nil, fmt.Errorf("compile schemas: none for %s", t)
		}
		s, err := c.Compile(schemas.Base + path)
		if err != nil {
			return nil, fmt.Errorf("compile schemas/%s: %w", path, err)
		}
		con.of[t], con.quick[t] = s, quickOf(s)
		con.index(s)
	}
	return con, nil
}

// index notes where each part of s lies, so that a complaint can say in the
// words of the schema what was expected there.
func (c *contract) index(s *jsonschema.Schema) {
	if s == nil || c.at[s.Location] != nil {
		return
	}
	c.at[s.Location] = s
	parts := []*jsonschema.Schema{s.Ref, s.If, s.Then, s.Else, s.Items2020, s.Contains, s.Not}
	parts = slices.Concat(parts, s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.Properties)))
	for _, p := range parts {
		c.index(p)
	}
}

// embedded loads schemas from this binary and from nowhere else.
type embedded struct{}

func (embedded) Load(url string) (any, error) {
	path, ours := strings.CutPrefix(url, schemas.Base)
	if !ours {
		return nil, fs.ErrNotExist
	}
	b, err := fs.ReadFile(schemas.FS(), path)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(b))
}

// errFormat says nothing, so that nothing can leak: see expected.
var errFormat = errors.New("not in the format")

func formats() []*jsonschema.Format {
	return []*jsonschema.Format{
		{Name: "nhs-number", Validate: onStrings(events.ValidNHSNumber)},
		{Name: "upn", Validate: onStrings(events.ValidUPN)},
		{Name: "date-time", Validate: onStrings(validMoment)},
	}
}

func onStrings(valid func(string) bool) func(any) error {
	return func(v any) error {
		if s, ok := v.(string); ok && !valid(s) {
			return errFormat
		}
		return nil
	}
}

// validMoment takes what the vocabulary can hold.
func validMoment(s string) bool {
	_, ok := events.ParseMoment(s)
	return ok
}
