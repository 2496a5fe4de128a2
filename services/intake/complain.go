package intake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"kith/events"
)

// flatten gathers the leaves of a validation error: what is wrong, rather than
// which rules led there. A choice between rules is a leaf itself.
func (c *contract) flatten(e *jsonschema.ValidationError, to []events.Complaint) []events.Complaint {
	at := pointer(e.InstanceLocation)
	s := c.at[e.SchemaURL]
	if s == nil {
		s = &jsonschema.Schema{}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.Not:
		return append(to, complaint(at, s.Description))
	case *kind.Contains:
		return append(to, complaint(at, s.Contains.Description))
	case *kind.Required:
		for _, name := range k.Missing {
			to = append(to, complaint(at.AppendToken(name), sentence("is required and missing", missing(s, name))))
		}
		return to
	case *kind.AdditionalProperties:
		names := slices.Sorted(slices.Values(k.Properties)) // thousands, if somebody means harm
		for _, name := range names[:min(len(names), most)] {
			to = append(to, unknown(at, s, name))
		}
		return to
	}
	if len(e.Causes) == 0 {
		return append(to, complaint(at, expected(e.ErrorKind, s)))
	}
	for _, cause := range e.Causes {
		to = c.flatten(cause, to)
	}
	return to
}

// tidy keeps one complaint for each place, and not too many: whoever mends the
// first twenty has mended most.
func tidy(cs []events.Complaint) []events.Complaint {
	slices.SortFunc(cs, func(a, b events.Complaint) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(len(a.Detail), len(b.Detail)), cmp.Compare(a.Detail, b.Detail))
	})
	cs = slices.CompactFunc(cs, func(a, b events.Complaint) bool { return a.Pointer == b.Pointer })
	return cs[:min(len(cs), most)]
}

func complaint(at jsontext.Pointer, detail string) events.Complaint {
	return events.Complaint{Code: Schema, Pointer: string(at), Detail: cmp.Or(detail, "does not fit the schema of its type")}
}

// pointer leads to a place in the CloudEvent. The validator goes only where the
// schema names a field, so that the tokens are names of ours and numbers.
func pointer(tokens []string) jsontext.Pointer {
	p := jsontext.Pointer("/data")
	for _, t := range tokens {
		p = p.AppendToken(t)
	}
	return p
}

// missing says what a field is that should be there. A rule that asks for it in
// some cases only says so itself.
func missing(s *jsonschema.Schema, name string) string {
	p := s.Properties[name]
	if p == nil {
		return s.Description
	}
	if p.Description == "" && p.Ref != nil {
		p = p.Ref
	}
	return p.Description
}

// unknown says what to write instead of a field that is not known. Its name is
// repeated only if it is one of ours in other letters, or looks like one.
func unknown(at jsontext.Pointer, s *jsonschema.Schema, name string) events.Complaint {
	names := slices.Sorted(maps.Keys(s.Properties))
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return complaint(at.AppendToken(name), "is not known: it is written "+n)
		}
	}
	if nameable(name) {
		at = at.AppendToken(name)
	}
	return complaint(at, "is not known here; the fields are "+strings.Join(names, ", "))
}

// nameable reports whether s looks like the name of a field or the number of an
// entry, rather than like anybody's name or number.
func nameable(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	if s[0] >= '0' && s[0] <= '9' {
		return len(s) <= 3 && strings.Trim(s, "0123456789") == ""
	}
	return s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// expected says in plain words what should stand where something else stands.
// It takes its words from the schema and never from the document.
func expected(k jsonschema.ErrorKind, s *jsonschema.Schema) string {
	switch k := k.(type) {
	case *kind.Type:
		return sentence("must be "+words(k.Want), s.Description)
	case *kind.Enum:
		return sentence(fmt.Sprintf("must be one of: %s", list(k.Want)), s.Description)
	case *kind.Const:
		return cmp.Or(s.Description, fmt.Sprintf("must be %v", k.Want))
	case *kind.Format:
		return format(k.Want)
	case *kind.Pattern:
		if k.Want == `\S` {
			return "must not be blank"
		}
		return sentence("must look like "+k.Want, s.Description)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d entries", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d entries", k.Want)
	case *kind.UniqueItems:
		return "must not hold the same entry twice"
	case *kind.Minimum:
		return sentence("must be at least "+k.Want.RatString(), s.Description)
	case *kind.Maximum:
		return sentence("must be at most "+k.Want.RatString(), s.Description)
	default:
		return s.Description
	}
}

func format(name string) string {
	switch name {
	case "date":
		return "must be a day, year first, for example 2026-11-20"
	case "date-time":
		return "must be a date and time with offset, for example 2026-11-20T21:40:00Z"
	case "nhs-number":
		return "must be an NHS number: ten digits without spaces, the last of them the right check digit"
	case "upn":
		return "must be a unique pupil number: the right check letter and twelve digits, the last a letter if it is temporary"
	case "email":
		return "must be an e-mail address"
	default:
		return "must be in the format " + name
	}
}

func words(types []string) string {
	var ws []string
	for _, t := range types {
		switch t {
		case "boolean":
			ws = append(ws, "true or false")
		case "integer":
			ws = append(ws, "a whole number")
		case "object", "array":
			ws = append(ws, "an "+t)
		default:
			ws = append(ws, "a "+t)
		}
	}
	return strings.Join(ws, " or ")
}

func list(vs []any) string {
	var ws []string
	for _, v := range vs {
		ws = append(ws, fmt.Sprint(v))
	}
	return strings.Join(ws, ", ")
}

// sentence joins what is wrong with what the schema says about the place.
func sentence(wrong, about string) string {
	if about == "" {
		return wrong
	}
	return wrong + ". " + about
}
