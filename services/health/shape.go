package health

import "github.com/santhosh-tekuri/jsonschema/v6"

// shape is a part of HL7's schema in a form that says yes or no fast, and not
// why. Nearly every resource fits; of one that does not the validator is asked,
// which takes six times as long. HL7's schema uses little of the language, and a
// part of it refers to itself.
type shape struct {
	kind     string // the JSON type; empty for any
	pattern  func(string) bool
	codes    map[string]bool // the only texts
	members  map[string]*shape
	required []string
	items    *shape
	closed   bool
}

// shapeOf returns the shape of a schema; known are those that were made before.
func shapeOf(s *jsonschema.Schema, known map[*jsonschema.Schema]*shape) *shape {
	if s == nil {
		return nil
	}
	if s.Ref != nil {
		return shapeOf(s.Ref, known)
	}
	if p := known[s]; p != nil {
		return p
	}
	p := &shape{required: s.Required, closed: s.AdditionalProperties == false}
	known[s] = p // before its parts: they may refer to it
	if s.Types != nil {
		p.kind = s.Types.ToStrings()[0]
	}
	if s.Pattern != nil {
		p.pattern = s.Pattern.MatchString
	}
	if s.Const != nil {
		p.allow(*s.Const)
	}
	if s.Enum != nil {
		for _, v := range s.Enum.Values {
			p.allow(v)
		}
	}
	if items, ok := s.Items.(*jsonschema.Schema); ok {
		p.items = shapeOf(items, known)
	}
	if len(s.Properties) > 0 {
		p.members = map[string]*shape{}
	}
	for name, m := range s.Properties {
		p.members[name] = shapeOf(m, known)
	}
	return p
}

func (p *shape) allow(v any) {
	if p.codes == nil {
		p.codes = map[string]bool{}
	}
	if s, ok := v.(string); ok {
		p.codes[s] = true
	}
}

// fits reports whether a value of JSON fits.
func (p *shape) fits(v any) bool {
	s, text := v.(string)
	switch {
	case p.codes != nil && !(text && p.codes[s]), text && p.pattern != nil && !p.pattern(s):
		return false
	}
	switch v := v.(type) {
	case string:
		return p.is("string")
	case float64:
		return p.is("number")
	case bool:
		return p.is("boolean")
	case []any:
		return p.is("array") && p.list(v)
	case map[string]any:
		return p.is("object") && p.object(v)
	}
	return p.is("null")
}

func (p *shape) is(kind string) bool { return p.kind == "" || p.kind == kind }

func (p *shape) list(l []any) bool {
	for _, v := range l {
		if p.items != nil && !p.items.fits(v) {
			return false
		}
	}
	return true
}

func (p *shape) object(o map[string]any) bool {
	for _, name := range p.required {
		if _, there := o[name]; !there {
			return false
		}
	}
	for name, v := range o {
		m := p.members[name]
		if m == nil && p.closed || m != nil && !m.fits(v) {
			return false
		}
	}
	return true
}
