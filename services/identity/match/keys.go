// Package match decides whether two subjects are the same child. It is pure and
// never sees a name, a number or a date: it compares blind keys, and two people
// share a blind key only if they share what it was made of.
package match

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kith/events"
)

// Kind says what a key was made of.
type Kind string

const (
	NHSBirthDate  Kind = "nhs+dob" // verified numbers only
	UPNBirthDate  Kind = "upn+dob"
	NHS           Kind = "nhs" // whatever its status
	NHSVerified   Kind = "nhs-verified"
	UPN           Kind = "upn"
	NameBirthDate Kind = "name+dob"
)

// Key is one thing by which a subject can be recognised, blinded.
type Key struct {
	Kind  Kind
	Value string
}

// Blind turns a value into an opaque name, the same one each time; the domain
// keeps values of different kinds apart.
type Blind func(domain, value string) string

// Keys returns the keys of a person. An NHS number or UPN whose check digit is
// wrong gives none: placeholders would tie together children who share only a
// clerk's habit.
func Keys(p events.Person, blind Blind) []Key {
	var ks []Key
	add := func(k Kind, parts ...string) {
		ks = append(ks, Key{k, blind("identity "+string(k), strings.Join(parts, "\x00"))})
	}
	born := string(p.DateOfBirth)
	if n := p.Identifiers.NHSNumber; n != nil && events.ValidNHSNumber(compact(n.Value)) {
		number := compact(n.Value)
		verified := n.Status == events.NHSVerified
		add(NHS, number)
		if verified {
			add(NHSVerified, number)
		}
		if verified && born != "" {
			add(NHSBirthDate, number, born)
		}
	}
	if upn := strings.ToUpper(compact(p.Identifiers.UPN)); events.ValidUPN(upn) {
		add(UPN, upn)
		if born != "" {
			add(UPNBirthDate, upn, born)
		}
	}
	given, family := Normal(p.Name.Given), Normal(p.Name.Family)
	if given != "" && family != "" && born != "" {
		add(NameBirthDate, given, family, born)
	}
	return ks
}

// Normal is a name without what clerks write differently: case, accents,
// spaces, hyphens and apostrophes.
func Normal(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(unicode.ToUpper(r)) // by way of upper case, where two lower cases meet
		if s, ok := plain(r); ok {
			b.WriteString(s)
		} else if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain writes out letters that Unicode does not take apart into a letter and a mark.
func plain(r rune) (string, bool) {
	switch r {
	case 'ł':
		return "l", true
	case 'ø':
		return "o", true
	case 'đ', 'ð':
		return "d", true
	case 'þ':
		return "th", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'ß':
		return "ss", true
	}
	return "", false
}

func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, s)
}
