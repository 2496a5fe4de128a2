package bundle

import (
	"slices"
	"strings"
	"testing"

	"kith/events"
)

// What is sure to be the recipient's own is in the copy; everything else waits, and
// why is said to those who judge.
func TestWhatWaits(t *testing.T) {
	concern := events.SafeguardingRecord{Reference: "r", Observed: "was quiet all day"}
	falls := func(text string) events.Fact {
		return events.AttendanceFall{From: "2026-09-01", To: "2026-10-01", Percent: 80, Circumstances: text}
	}
	for _, c := range []struct {
		name   string
		item   events.ShownItem
		child  []Reason
		parent []Reason
	}{
		{"plain", plain("i"), nil, nil},
		{"at school", item("i", events.KindEducation, falls("was tired")), nil, nil},
		{"a concern", item("i", events.KindEducation, concern), nil, []Reason{ChildAbuse}},
		{"health", item("i", events.KindHealth, events.WasNotBrought{Service: "the eye clinic", MissedLastYear: 1}), nil, []Reason{HealthOnly}},
		{"sensitive", item("i", events.KindSocialCare, events.InvolvementChanged{Service: "early help"}, labelled(events.Sensitive)), []Reason{SeriousHarm}, []Reason{SeriousHarm}},
		{"the child's words", item("i", events.KindEducation, falls("was tired"), said("I am tired")), nil, []Reason{ChildSaid}},
		{"somebody else in the report", item("i", events.KindEducation, falls("was tired"), with(events.RoleHousehold)), []Reason{OtherPeople}, []Reason{OtherPeople}},
		{"not for a guardian", item("i", events.KindEducation, falls("was tired"), caveat(events.NoGuardian)), []Reason{NotForParent}, []Reason{NotForParent}},
		{"a third party's", item("i", events.KindEducation, falls("was tired"), caveat(events.ThirdParty)), []Reason{MarkedThird}, []Reason{MarkedThird}},
		{"police intelligence", item("i", events.KindPolice, events.MissingEpisode{MissingFrom: "home"}, caveat(events.PoliceIntelligence)), []Reason{Guarded}, []Reason{Guarded}},
		{"restricted", item("i", events.KindSocialCare, events.InvolvementChanged{Service: "early help"}, labelled(events.Restricted)), []Reason{Guarded}, []Reason{Guarded}},
		{"told by somebody", item("i", events.KindSocialCare, events.ContactReceived{Reference: "r", From: "6", Summary: "late home"}), []Reason{WhoReported}, []Reason{ChildAbuse, WhoReported}},
		{"a relation", item("i", events.KindEducation, falls("her uncle came")), []Reason{OtherPeople}, []Reason{OtherPeople}},
		{"a neighbour", item("i", events.KindEducation, falls("a neighbour says so")), []Reason{WhoReported}, []Reason{WhoReported}},
		{"a name that no record has", item("i", events.KindEducation, falls("came with Quigley again")), []Reason{NamesOther}, []Reason{NamesOther}},
		{"a number", item("i", events.KindEducation, falls("ring (01632) 960-123")), []Reason{HowToReach}, []Reason{HowToReach}},
		{"a postcode", item("i", events.KindEducation, falls("moved to ns4 2ab")), []Reason{HowToReach}, []Reason{HowToReach}},
		{"mail", item("i", events.KindEducation, falls("write to a@b.example")), []Reason{HowToReach}, []Reason{HowToReach}},
		{"the child's own name", item("i", events.KindEducation, falls("when Amelia’s bus came on a Monday, Amelia was not on it")), nil, nil},
	} {
		record := events.Copyable{Shown: events.Shown{Agencies: register(), Items: []events.ShownItem{c.item}}}
		for kind, want := range map[events.RecipientKind][]Reason{events.RecipientChild: c.child, events.RecipientParent: c.parent, events.RecipientCourt: c.child} {
			p := Prepare(asks(kind), record)
			var got []Reason
			for _, w := range p.Queue {
				got = w.Reasons
			}
			if !slices.Equal(got, want) || (len(p.Entries) == 1) != (len(want) == 0) {
				t.Errorf("%s for a %s: waits for %q, want %q; %d in the copy", c.name, kind, got, want, len(p.Entries))
			}
		}
	}
}

func TestJudged(t *testing.T) {
	i := item("i", events.KindEducation, events.AttendanceFall{From: "2026-09-01", To: "2026-10-01", Percent: 80, Circumstances: "The lady next door brings her. She is often late."})
	for _, c := range []struct {
		name   string
		judged Judged
		want   string // "" is not in the copy
	}{
		{"include", Judged{Judgment: events.CopyInclude}, "The lady next door brings her. She is often late."},
		{"withhold", Judged{Judgment: events.CopyWithhold}, ""},
		{"without", Judged{Judgment: events.CopyWithout, Without: []string{"the LADY next door"}}, "[left out] brings her. She is often late."},
		{"without what is not there as it is written", Judged{Judgment: events.CopyWithout, Without: []string{"the lady  next-door"}}, ""},
	} {
		r := asks(events.RecipientChild)
		r.Judged["i"] = c.judged
		p := Prepare(r, events.Copyable{Shown: events.Shown{Items: []events.ShownItem{i}}})
		got := ""
		for _, e := range p.Entries {
			for _, l := range e.Lines {
				if strings.Contains(l.Text, "late") {
					got = l.Text
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A father's own name and day of birth make him the recipient; his son of the same
// name stays somebody else.
func TestSameName(t *testing.T) {
	i := item("i", events.KindEducation, events.AttendanceFall{Percent: 80, Circumstances: "Martin came to fetch her"})
	for born, waits := range map[events.Date]bool{"1984-02-11": false, "2009-05-05": true, "": true} {
		others := []events.Person{{Role: events.RoleParent, Name: events.Name{Given: "Martin", Family: "Exmoor"}, DateOfBirth: born}}
		p := Prepare(asks(events.RecipientParent), events.Copyable{Others: others, Shown: events.Shown{Items: []events.ShownItem{i}}})
		if (len(p.Queue) == 1) != waits {
			t.Errorf("born %q: %d wait", born, len(p.Queue))
		}
	}
}

func TestSameInSameOut(t *testing.T) {
	record := events.Copyable{Shown: events.Shown{Agencies: register(), Items: []events.ShownItem{plain("a"), plain("b")}}}
	one, two := Prepare(asks(events.RecipientChild), record).Bundle, Prepare(asks(events.RecipientChild), record).Bundle
	a, errA := one.Digest()
	b, errB := two.Digest()
	if a != b || errA != nil || errB != nil || archive(t, one) != archive(t, two) {
		t.Errorf("%s and %s, %v %v", a, b, errA, errB)
	}
	if len(Diff(one, two)) != 0 {
		t.Error("the same differs from itself")
	}
	record.Shown.Items = []events.ShownItem{plain("b"), plain("c")}
	record.Shown.Items[0].Fact = events.InvolvementChanged{Service: "child in need"}
	later := Prepare(asks(events.RecipientChild), record).Bundle
	var whats []string
	for _, c := range Diff(one, later) {
		whats = append(whats, c.What)
	}
	if !slices.Equal(whats, []string{"taken out", "changed", "added"}) {
		t.Errorf("differs by %q", whats)
	}
}

// That somebody must not be found does not show in a parent's or a court's copy.
func TestGuardedDoesNotShow(t *testing.T) {
	refuge := events.Address{Lines: []string{"14 Harbour Lane"}, Label: events.Restricted}
	for _, k := range []events.RecipientKind{events.RecipientParent, events.RecipientCourt} {
		open := events.Copyable{Shown: events.Shown{Agencies: register(), Items: []events.ShownItem{plain("a")}}}
		guarded := open
		guarded.Addresses = []events.Address{refuge}
		if !Prepare(asks(k), guarded).Guarded || archive(t, Prepare(asks(k), open).Bundle) != archive(t, Prepare(asks(k), guarded).Bundle) {
			t.Errorf("a %s sees that there is a protected address", k)
		}
	}
}

// Every page says for whom it was made, when, and with which reference.
func TestMarked(t *testing.T) {
	all := archive(t, Prepare(asks(events.RecipientParent), events.Copyable{}).Bundle)
	if n := strings.Count(all, "Copy for Martin Exmoor. Made on 23 November 2026. Reference KC-5b2f8c1e."); n != 2 {
		t.Errorf("%d of 2 pages are marked", n)
	}
}

// Easy read: no sentence is long, and each line is one sentence or two.
func TestLetterIsEasyToRead(t *testing.T) {
	for _, k := range []events.RecipientKind{events.RecipientChild, events.RecipientParent, events.RecipientCourt} {
		l := Prepare(asks(k), events.Copyable{Shown: events.Shown{Agencies: register(), Items: []events.ShownItem{plain("a")}}}).Letter()
		told := false
		for _, p := range l.Parts {
			for _, s := range append(p.Lines, p.List...) {
				told = told || strings.HasPrefix(s, map[bool]string{true: "Northshire Council. ", false: "children’s social care. "}[k == events.RecipientChild])
				for sentence := range strings.SplitSeq(s, ". ") {
					if n := len(strings.Fields(sentence)); n > 16 {
						t.Errorf("%d words: %s", n, sentence)
					}
				}
			}
		}
		if !told {
			t.Error("the letter does not say who shared what is in the copy")
		}
	}
}

func TestAccents(t *testing.T) {
	if a, b := len([]rune(accented)), len(unaccented); a != b {
		t.Fatalf("%d letters with accents, %d without", a, b)
	}
	if got := fold("JOSÉ Łukasz Žižek"); got != "jose lukasz zizek" {
		t.Errorf("%q", got)
	}
}
