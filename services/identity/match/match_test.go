package match_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/events"
	"kith/services/identity/match"
)

const (
	nhs, upn, nhsAlone, upnAlone, name = events.RuleNHSNumber, events.RuleUPN, match.RuleNHSNumberAlone, match.RuleUPNAlone, events.RuleNameBirthDate
)

// is makes a subject of keys written as "kind=value".
func is(id string, agency string, keys ...match.Key) match.Subject {
	return match.Subject{ID: events.SubjectID(id), Agency: events.AgencyID(agency), Keys: keys}
}

// Three children's keys: what a full record, and what less than one, gives.
func full(number, born, called string) []match.Key {
	return append(traced(number, born), match.Key{Kind: match.NameBirthDate, Value: called + born})
}

func traced(number, born string) []match.Key {
	return []match.Key{{Kind: match.NHS, Value: number}, {Kind: match.NHSVerified, Value: number}, {Kind: match.NHSBirthDate, Value: number + born}}
}

func pupil(number, born, called string) []match.Key {
	return []match.Key{{Kind: match.UPN, Value: number}, {Kind: match.UPNBirthDate, Value: number + born}, {Kind: match.NameBirthDate, Value: called + born}}
}

func named(called, born string) []match.Key {
	return []match.Key{{Kind: match.NameBirthDate, Value: called + born}}
}

func number(n string) []match.Key {
	return []match.Key{{Kind: match.NHS, Value: n}, {Kind: match.NHSVerified, Value: n}}
}

func child(id string, ss ...match.Subject) match.Child {
	return match.Child{ID: events.ChildID(id), Subjects: ss}
}

func own(ps ...match.Proposal) match.Decision {
	return match.Decision{Own: true, Rule: events.RuleFirstSeen, Propose: ps}
}

func to(c string, r events.LinkRule, ps ...match.Proposal) match.Decision {
	return match.Decision{Link: events.ChildID(c), Rule: r, Propose: ps}
}

func ask(ps ...match.Proposal) match.Decision { return match.Decision{Propose: ps} }

func TestDecide(t *testing.T) {
	police := is("p", "police", full("1", "d", "zoe")...)
	school := is("s", "school", pupil("9", "d", "zoe")...)
	other := is("o", "police", full("2", "d", "ali")...)
	seen := func(id string, ks ...match.Key) match.Subject { return is(id, "hospital", ks...) }
	for _, c := range []struct {
		name string
		give match.Case
		want match.Decision
	}{
		{"nobody knows the child", match.Case{Subject: police}, own()},
		{"verified number and date of birth", match.Case{Subject: seen("h", traced("1", "d")...), Others: []match.Child{child("A", police)}}, to("A", nhs)},
		{"pupil number and date of birth", match.Case{Subject: seen("h", pupil("9", "d", "zoe")...), Others: []match.Child{child("A", school)}}, to("A", upn)},
		{"number alone", match.Case{Subject: seen("h", number("1")...), Others: []match.Child{child("A", police)}}, own(match.Proposal{Child: "A", Rule: nhsAlone})},
		{"same number, other date of birth", match.Case{Subject: seen("h", traced("1", "e")...), Others: []match.Child{child("A", police)}}, own(match.Proposal{Child: "A", Rule: nhsAlone})},
		{"unverified number and date of birth", match.Case{Subject: seen("h", match.Key{Kind: match.NHS, Value: "1"}), Others: []match.Child{child("A", police)}}, own(match.Proposal{Child: "A", Rule: nhsAlone})},
		{"name and date of birth", match.Case{Subject: seen("h", named("zoe", "d")...), Others: []match.Child{child("A", police)}}, own(match.Proposal{Child: "A", Rule: name})},
		{"same name and day, two verified numbers", match.Case{Subject: seen("h", full("3", "d", "zoe")...), Others: []match.Child{child("A", police)}}, own()},
		{"same pupil number, two verified numbers", match.Case{
			Subject: seen("h", append(pupil("9", "d", "zoe"), number("3")...)...), Others: []match.Child{child("A", school, police)}},
			own(match.Proposal{Child: "A", Rule: upn})},
		{"two children fit", match.Case{
			Subject: seen("h", append(traced("2", "d"), pupil("9", "d", "zoe")...)...), Others: []match.Child{child("A", school), child("B", other)}},
			own(match.Proposal{Child: "A", Rule: upn}, match.Proposal{Child: "B", Rule: nhs})},
		{"one fits and one may", match.Case{
			Subject: seen("h", append(traced("1", "d"), named("ali", "d")...)...), Others: []match.Child{child("A", police), child("B", is("x", "school", named("ali", "d")...))}},
			to("A", nhs, match.Proposal{Child: "B", Rule: name})},
		{"two names in one agency's books", match.Case{
			Subject: is("q", "police", full("1", "d", "zara")...), Others: []match.Child{child("A", police)}},
			own(match.Proposal{Child: "A", Rule: nhs})},
		{"one name twice in one agency's books", match.Case{
			Subject: is("q", "police", full("1", "d", "zoe")...), Others: []match.Child{child("A", police)}},
			to("A", nhs)},

		{"known, with a number at last", match.Case{Subject: seen("h", full("1", "d", "zoe")...), Linked: true, Alone: true, Others: []match.Child{child("A", police)}}, to("A", nhs)},
		{"known, proposed by name, with a number at last", match.Case{Subject: seen("h", full("1", "d", "zoe")...), Linked: true, Alone: true,
			Others: []match.Child{{ID: "A", Subjects: []match.Subject{police}, Proposed: name}}}, to("A", nhs)},
		{"known with others", match.Case{Subject: seen("h", full("1", "d", "zoe")...), Linked: true, Others: []match.Child{child("A", police)}}, ask(match.Proposal{Child: "A", Rule: nhs})},
		{"put there by a person", match.Case{Subject: seen("h", full("1", "d", "zoe")...), Linked: true, Alone: true, Held: true, Others: []match.Child{child("A", police)}}, ask(match.Proposal{Child: "A", Rule: nhs})},
		{"parted and without a child", match.Case{Subject: seen("h", full("1", "d", "zoe")...), Held: true,
			Others: []match.Child{{ID: "A", Subjects: []match.Subject{police}, Apart: true}}}, own()},
		{"parted", match.Case{Subject: seen("h", full("1", "d", "zoe")...), Linked: true, Alone: true,
			Others: []match.Child{{ID: "A", Subjects: []match.Subject{police}, Apart: true}}}, ask()},
		{"asked already", match.Case{Subject: seen("h", named("zoe", "d")...), Linked: true, Alone: true,
			Others: []match.Child{{ID: "A", Subjects: []match.Subject{police}, Proposed: name}}}, ask()},
		{"asked already, on grounds that would link", match.Case{Subject: seen("h", traced("1", "d")...), Linked: true, Alone: true,
			Others: []match.Child{{ID: "A", Subjects: []match.Subject{police}, Proposed: nhs}}}, ask()},
	} {
		if got := match.Decide(c.give); !equal(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, show(got), show(c.want))
		}
	}
}

func equal(a, b match.Decision) bool {
	return a.Own == b.Own && a.Link == b.Link && a.Rule == b.Rule && slices.Equal(a.Propose, b.Propose)
}

func show(d match.Decision) string { return fmt.Sprintf("%+v", d) }

// Twins have a day of birth and a surname in common. Whatever else an agency
// knows of each, they are not linked, and not one of them is taken for the other.
func TestTwinsStayTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		twin := func(id, given, nhsNumber, upnNumber string) match.Subject {
			p := events.Person{Name: events.Name{Given: given, Family: "Hart"}, DateOfBirth: "2015-04-01"}
			if rapid.Bool().Draw(t, "nhs") {
				p.Identifiers.NHSNumber = &events.NHSNumber{Value: nhsNumber, Status: rapid.SampledFrom([]events.NHSNumberStatus{events.NHSVerified, events.NHSUnverified}).Draw(t, "status")}
			}
			if rapid.Bool().Draw(t, "upn") {
				p.Identifiers.UPN = upnNumber
			}
			return is(id, rapid.SampledFrom([]string{"police", "school"}).Draw(t, "agency"), match.Keys(p, open)...)
		}
		one := twin("1", "Ada", "9434765919", "H801200001001")
		two := twin("2", "Ava", "9434765870", "X801200001002")
		if d := match.Decide(match.Case{Subject: two, Others: []match.Child{child("A", one)}}); !equal(d, own()) {
			t.Errorf("twins: %s", show(d))
		}
	})
}
