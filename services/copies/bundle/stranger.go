package bundle

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stranger reports what looks like a name that no record has: a capital inside a
// sentence, or a form of address. Weekdays, months and the names of the recipient
// and the child are none. Of a name in small letters, or at the beginning of a
// sentence, nothing can be told.
func (s *screen) stranger(text string) bool {
	begins := true
	for _, w := range strings.Fields(text) {
		bare := strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if bare == "" {
			continue
		}
		f := fold(bare)
		first, _ := utf8.DecodeRuneInString(bare)
		if slices.Contains(strings.Fields(addressed), f) || !begins && unicode.IsUpper(first) && !s.known(f) {
			return true
		}
		begins = strings.HasSuffix(w, ".") || strings.HasSuffix(w, "!") || strings.HasSuffix(w, "?")
	}
	return false
}

func (s *screen) known(word string) bool {
	word = strings.TrimSuffix(strings.TrimSuffix(word, "'s"), "’s")
	return slices.Contains(strings.Fields(calendar), word) || slices.Contains(s.own, word)
}

const (
	addressed = "mr mrs ms miss mx dr sir madam rev reverend pc dc ds sgt"
	calendar  = "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday jan feb mar apr may jun jul aug sep oct nov dec " +
		"january february march april june july august september october november december i"
)
