package intake

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// quick is a schema in a form that says yes or no fast, and not why. For a no the
// validator is asked, which says it. Nearly every report fits, and the validator
// would take half of the time of a message.
type quick struct {
	never bool // nothing fits

	types                    kinds
	enum                     []string
	constant                 any // a string or a boolean
	ref, not, when, then, el *quick
	all, any, one            []*quick

	format             func(any) error
	pattern            func(string) bool
	minLength, maxText int

	minimum, maximum *big.Rat

	properties    map[string]*quick
	required      []string
	closed        bool
	minProperties int

	items, contains *quick
	minItems, most  int
	unique          bool
}

// kinds is a set of the types of JSON; empty for any.
type kinds uint8

const (
	aString kinds = 1 << iota
	aNumber
	anInteger
	aBoolean
	anObject
	anArray
	aNull
)

// quickOf returns nil for a schema that uses anything not dealt with here: it is
// left to the validator. A schema that refers to itself is none of ours.
func quickOf(s *jsonschema.Schema) *quick {
	if s.Bool != nil {
		return &quick{never: !*s.Bool, maxText: math.MaxInt, most: math.MaxInt}
	}
	if !common(s) {
		return nil
	}
	q := &quick{required: s.Required, minLength: number(s.MinLength, 0), maxText: number(s.MaxLength, math.MaxInt),
		minItems: number(s.MinItems, 0), most: number(s.MaxItems, math.MaxInt), minProperties: number(s.MinProperties, 0),
		minimum: s.Minimum, maximum: s.Maximum, unique: s.UniqueItems, properties: map[string]*quick{}}
	ok := q.values(s) && q.additional(s)
	part := func(of *jsonschema.Schema) *quick {
		if of == nil {
			return nil
		}
		p := quickOf(of)
		ok = ok && p != nil
		return p
	}
	parts := func(of []*jsonschema.Schema) (ps []*quick) {
		for _, o := range of {
			ps = append(ps, part(o))
		}
		return ps
	}
	q.ref, q.not, q.when, q.then, q.el = part(s.Ref), part(s.Not), part(s.If), part(s.Then), part(s.Else)
	q.all, q.any, q.one = parts(s.AllOf), parts(s.AnyOf), parts(s.OneOf)
	q.items, q.contains = part(s.Items2020), part(s.Contains)
	for name, p := range s.Properties {
		q.properties[name] = part(p)
	}
	if !ok || q.unique && (q.items == nil || q.items.enum == nil && q.items.types != aString) {
		return nil
	}
	return q
}

// common: none of the rest of the language is used.
func common(s *jsonschema.Schema) bool {
	none := s.RecursiveRef == nil && s.DynamicRef == nil && s.DynamicAnchor == "" && !s.RecursiveAnchor && len(s.Extensions) == 0
	objects := s.MaxProperties == nil && s.PropertyNames == nil && len(s.PatternProperties) == 0 && len(s.Dependencies) == 0 &&
		len(s.DependentRequired) == 0 && len(s.DependentSchemas) == 0 && s.UnevaluatedProperties == nil
	arrays := s.MinContains == nil && s.MaxContains == nil && s.Items == nil && s.AdditionalItems == nil && len(s.PrefixItems) == 0 && s.UnevaluatedItems == nil
	texts := s.ContentEncoding == nil && s.ContentMediaType == nil && s.ContentSchema == nil
	return none && objects && arrays && texts && s.ExclusiveMaximum == nil && s.ExclusiveMinimum == nil && s.MultipleOf == nil
}

func number(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}

// values reads what a schema says of single values.
func (q *quick) values(s *jsonschema.Schema) bool {
	if s.Types != nil {
		for _, t := range s.Types.ToStrings() {
			k, known := map[string]kinds{"string": aString, "number": aNumber | anInteger, "integer": anInteger,
				"boolean": aBoolean, "object": anObject, "array": anArray, "null": aNull}[t]
			if !known {
				return false
			}
			q.types |= k
		}
	}
	if s.Enum != nil {
		for _, v := range s.Enum.Values {
			text, ok := v.(string)
			if !ok {
				return false
			}
			q.enum = append(q.enum, text)
		}
	}
	if s.Const != nil {
		switch v := (*s.Const).(type) {
		case string, bool:
			q.constant = v
		default:
			return false
		}
	}
	if s.Format != nil {
		q.format = s.Format.Validate
	}
	switch {
	case s.Pattern == nil:
	case s.Pattern.String() == `\S`:
		q.pattern = func(t string) bool { return strings.Trim(t, "\t\n\f\r ") != "" }
	default:
		q.pattern = s.Pattern.MatchString
	}
	return true
}

func (q *quick) additional(s *jsonschema.Schema) bool {
	switch a := s.AdditionalProperties.(type) {
	case nil:
	case bool:
		q.closed = !a
	default:
		return false
	}
	return true
}

// fits reports whether a value fits the schema.
func (q *quick) fits(v any) bool {
	return !q.never && q.value(v) && q.combined(v)
}

func (q *quick) value(v any) bool {
	if q.constant != nil && v != q.constant || q.format != nil && q.format(v) != nil {
		return false
	}
	switch v := v.(type) {
	case string:
		return q.is(aString) && q.text(v)
	case map[string]any:
		return q.is(anObject) && q.enum == nil && q.object(v)
	case []any:
		return q.is(anArray) && q.enum == nil && q.array(v)
	case float64:
		k := aNumber
		if v == math.Trunc(v) {
			k = anInteger
		}
		return q.is(k) && q.enum == nil && q.between(v)
	case bool:
		return q.is(aBoolean) && q.enum == nil
	default:
		return v == nil && q.is(aNull) && q.enum == nil
	}
}

func (q *quick) is(k kinds) bool { return q.types == 0 || q.types&k != 0 }

func (q *quick) text(s string) bool {
	if q.enum != nil {
		for _, e := range q.enum {
			if e == s {
				return q.measured(s)
			}
		}
		return false
	}
	return q.measured(s)
}

func (q *quick) measured(s string) bool {
	if q.pattern != nil && !q.pattern(s) {
		return false
	}
	if len(s) <= q.maxText && q.minLength == 0 { // characters are no more than bytes
		return true
	}
	n := utf8.RuneCountInString(s)
	return n >= q.minLength && n <= q.maxText
}

func (q *quick) between(f float64) bool {
	if q.minimum == nil && q.maximum == nil {
		return true
	}
	r := new(big.Rat).SetFloat64(f)
	return r != nil && (q.minimum == nil || r.Cmp(q.minimum) >= 0) && (q.maximum == nil || r.Cmp(q.maximum) <= 0)
}

func (q *quick) object(o map[string]any) bool {
	if len(o) < q.minProperties {
		return false
	}
	for _, name := range q.required {
		if _, there := o[name]; !there {
			return false
		}
	}
	if !q.closed && len(q.properties) == 0 {
		return true
	}
	for name, v := range o {
		p := q.properties[name]
		if p == nil && q.closed || p != nil && !p.fits(v) {
			return false
		}
	}
	return true
}

func (q *quick) array(l []any) bool {
	if len(l) < q.minItems || len(l) > q.most {
		return false
	}
	found := q.contains == nil
	for _, v := range l {
		if q.items != nil && !q.items.fits(v) {
			return false
		}
		found = found || q.contains.fits(v)
	}
	return found && (!q.unique || different(l))
}

// different is for texts, which quickOf made sure of.
func different(l []any) bool {
	if len(l) < 2 {
		return true
	}
	seen := make(map[any]bool, len(l))
	for _, v := range l {
		seen[v] = true
	}
	return len(seen) == len(l)
}

func (q *quick) combined(v any) bool {
	if q.ref != nil && !q.ref.fits(v) {
		return false
	}
	if q.not != nil && q.not.fits(v) {
		return false
	}
	if q.when != nil {
		branch := q.el
		if q.when.fits(v) {
			branch = q.then
		}
		if branch != nil && !branch.fits(v) {
			return false
		}
	}
	for _, p := range q.all {
		if !p.fits(v) {
			return false
		}
	}
	return (q.any == nil || count(q.any, v) > 0) && (q.one == nil || count(q.one, v) == 1)
}

func count(ps []*quick, v any) (n int) {
	for _, p := range ps {
		if p.fits(v) {
			n++
		}
	}
	return n
}
