package bundle

import (
	"slices"
	"strings"
	"unicode"

	"kith/events"
)

// terms are words and phrases to look for in what would be printed.
type terms struct {
	single []string // whole words
	within []string // letters and digits, wherever they stand, also across spaces and hyphens
}

// name adds a person. Every part of a name is looked for by itself, however it is
// written; that a part is somebody else's name too makes an item wait, not pass.
func (t *terms) name(n events.Name) {
	t.words(n.Given)
	t.words(n.Family)
}

func (t *terms) words(s string) {
	for _, w := range tokens(s) {
		if len(w) < 2 {
			continue
		}
		t.single = add(t.single, w)
		if len(w) >= 5 {
			t.within = add(t.within, w)
		}
	}
}

// number adds the numbers by which a person is known.
func (t *terms) number(p events.Person) {
	if n := p.Identifiers.NHSNumber; n != nil {
		t.phrase(n.Value)
	}
	t.phrase(p.Identifiers.UPN)
	t.phrase(p.LocalID)
}

// phrase adds words that stand together; of fewer than five letters and digits it
// is none.
func (t *terms) phrase(s string) {
	if q := squeeze(s); len(q) >= 5 {
		t.within = add(t.within, q)
	}
}

// address adds each line, the street without the house, the postcode and the
// district in which it lies.
func (t *terms) address(a events.Address) {
	for _, l := range a.Lines {
		t.phrase(l)
		t.phrase(strings.TrimLeftFunc(l, func(r rune) bool { return !unicode.IsLetter(r) }))
	}
	if p := squeeze(a.Postcode); len(p) >= 5 {
		t.within = add(t.within, p)
		t.single = add(t.single, p[:len(p)-3])
	}
}

// in reports whether any of them stands in a text.
func (t terms) in(s string) bool {
	ws, q := tokens(s), squeeze(s)
	return slices.ContainsFunc(t.single, func(x string) bool { return slices.Contains(ws, x) }) ||
		slices.ContainsFunc(t.within, func(x string) bool { return strings.Contains(q, x) })
}

func add(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}

// fold is a text in small letters without accents, so that José is found as Jose.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune(accented, r); i >= 0 {
			return rune(unaccented[len([]rune(accented[:i]))])
		}
		return r
	}, strings.ToLower(s))
}

const (
	accented   = "àáâãäåāăąçćčďđèéêëēėęěğìíîïīįıłñńňòóôõöøōőŕřśšşťùúûüūůűýÿźžż"
	unaccented = "aaaaaaaaacccddeeeeeeeegiiiiiiilnnnoooooooorrssstuuuuuuuyyzzz"
)

// tokens are the words of a text.
func tokens(s string) []string {
	return strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func squeeze(s string) string { return strings.Join(tokens(s), "") }

// kin reports words that stand for a person of the family or household.
func kin(s string) bool { return says(s, kinWords) }

// reporter reports words that stand for somebody who told, or saw from nearby.
func reporter(s string) bool { return says(s, reporterWords) }

func says(s string, words string) bool {
	of := strings.Fields(words)
	return slices.ContainsFunc(tokens(s), func(w string) bool { return slices.Contains(of, w) })
}

const (
	kinWords = "mother mum mummy mam mom father dad daddy stepmother stepmum stepfather stepdad parent parents partner boyfriend girlfriend " +
		"husband wife ex spouse brother brothers sister sisters sibling siblings stepbrother stepsister half grandmother grandfather nan nana " +
		"gran granny grandad grandpa grandma grandparent grandparents aunt auntie uncle cousin cousins niece nephew carer carers guardian " +
		"lodger household friend friends boy girl man woman lady gentleman perpetrator suspect victim baby adopter adopters foster"
	reporterWords = "neighbour neighbours neighbor anonymous anonymously referrer caller informant informed reported tipped witness witnesses " +
		"whistleblower passer passerby landlord shopkeeper overheard nextdoor door"
)

// reachable reports a telephone number, an email address, or a postcode of whomever.
func reachable(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			if digits++; digits >= 9 {
				return true
			}
		case r == ' ' || r == '-' || r == '(' || r == ')' || r == '+' || r == '.':
		case r == '@':
			return true
		default:
			digits = 0
		}
	}
	ws := tokens(s)
	for i, w := range ws {
		if inward(w) && i > 0 && outward(ws[i-1]) || len(w) >= 5 && inward(w[len(w)-3:]) && outward(w[:len(w)-3]) {
			return true
		}
	}
	return false
}

// inward is the second half of a postcode: a digit and two letters.
func inward(w string) bool {
	return len(w) == 3 && digit(w[0]) && letter(w[1]) && letter(w[2])
}

// outward is the first half: one or two letters, a digit, perhaps one more of either.
func outward(w string) bool {
	if len(w) < 2 || len(w) > 4 || !letter(w[0]) {
		return false
	}
	return digit(w[1]) || len(w) > 2 && letter(w[1]) && digit(w[2])
}

func digit(b byte) bool  { return b >= '0' && b <= '9' }
func letter(b byte) bool { return b >= 'a' && b <= 'z' }

// strike takes words out of an entry and says where something was. The pieces are
// looked for as they were written, in whatever case.
func strike(e Entry, without []string) Entry {
	e.Title = cut(e.Title, without)
	ls := make([]Line, len(e.Lines))
	for i, l := range e.Lines {
		ls[i] = Line{l.Label, cut(l.Text, without)}
	}
	e.Lines = ls
	return e
}

const gap = "[left out]"

func cut(s string, without []string) string {
	for _, w := range without {
		if strings.TrimSpace(w) == "" {
			continue
		}
		for at := 0; ; {
			i := strings.Index(strings.ToLower(s[at:]), strings.ToLower(w))
			if i < 0 || at+i+len(w) > len(s) {
				break
			}
			s = s[:at+i] + gap + s[at+i+len(w):]
			at += i + len(gap)
		}
	}
	return s
}

// struck are the words that were to be left out, to see that they were: written
// with other spaces or accents they would still be there.
func struck(without []string) (t terms) {
	for _, w := range without {
		if q := squeeze(w); q != "" {
			t.within = append(t.within, q)
		}
	}
	return t
}
