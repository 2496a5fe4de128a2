package disclosure

import (
	"slices"
	"strings"
	"unicode"

	"kith/events"
)

// A mark is a keyed hash by which somebody is recognised without being named: of
// a number, of a name with the date of birth, or of an address.

// marksOf are the marks of people, each person looked at once.
func (g *Gate) marksOf(ps []events.Person) map[string]bool {
	marks, seen := map[string]bool{}, map[string]bool{}
	for _, p := range ps {
		if as := described(p); !seen[as] {
			seen[as] = true
			for _, m := range g.marks(p) {
				marks[m] = true
			}
		}
	}
	return marks
}

// described is all of a person that marks are made of.
func described(p events.Person) string {
	parts := []string{p.Name.Given, p.Name.Family, string(p.DateOfBirth), p.Identifiers.UPN}
	if n := p.Identifiers.NHSNumber; n != nil {
		parts = append(parts, n.Value)
	}
	if a := p.Address; a != nil {
		parts = append(append(parts, a.Postcode), a.Lines...)
	}
	return strings.Join(parts, "\x00")
}

func (g *Gate) marks(p events.Person) []string {
	var ms []string
	if g.Marks != nil {
		ms = g.Marks(p)
	}
	if home := place(p.Address); home != "" && g.Store != nil {
		ms = append(ms, "address:"+g.Store.Pseudonym("address", home))
	}
	return ms
}

// place is an address as two clerks write it the same: the postcode and the
// numbers of house and flat; without numbers the first line, without a postcode
// all lines. "" is no address that could be recognised.
func place(a *events.Address) string {
	if a == nil || len(a.Lines) == 0 {
		return ""
	}
	code := squeezed(a.Postcode)
	if code == "" {
		return squeezed(strings.Join(a.Lines, " "))
	}
	numbers := slices.DeleteFunc(words(strings.Join(a.Lines, " ")), func(w string) bool {
		return !strings.ContainsFunc(w, unicode.IsDigit) ||
			strings.ContainsFunc(w, unicode.IsLetter) && (strings.HasPrefix(code, w) || strings.HasSuffix(code, w))
	})
	if len(numbers) == 0 {
		return code + " " + squeezed(a.Lines[0])
	}
	return code + " " + strings.Join(numbers, " ")
}

// squeezed are the letters and digits of a text, in lower case.
func squeezed(s string) string { return strings.Join(words(s), "") }

// words of a text, in lower case.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
