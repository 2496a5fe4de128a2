package disclosure

import (
	"testing"

	"kith/events"
)

// What the label of an entry follows from: who looks, for what, and what they saw.
func TestEntryLabels(t *testing.T) {
	const s47, s17, early = events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp
	plain := func(change ...func(*events.Item)) events.Picture {
		return pictured(item("e1", school, events.Concern{Reference: "C1"}), item("s2", council, events.ContactReceived{}, change...))
	}
	untold := func(i *events.Item) { i.Informed = &events.Informed{Why: "it would put the child at risk"} }
	risky := func(i *events.Item) {
		i.Basis.Paragraph18 = &events.Paragraph18{Ground: events.WouldPrejudiceSafety, Necessity: "n", Subject: events.SubjectUnder18, PolicyDocument: "p"}
	}
	for name, tc := range map[string]struct {
		who     string
		purpose events.Purpose
		p       events.Picture
		label   events.EntryLabel
		rule    string
	}{
		"work with the family":         {"socialworker", s17, plain(), events.EntryReleasable, "work-with-the-family"},
		"early help":                   {"dsl", early, plain(), events.EntryReleasable, "work-with-the-family"},
		"an enquiry":                   {"socialworker", s47, plain(), events.EntryNeverGuardian, "section-47"},
		"no guardian":                  {"socialworker", s17, plain(caveat(events.NoGuardian)), events.EntryNeverGuardian, "kept-from-guardians"},
		"about a third party":          {"socialworker", s17, plain(caveat(events.ThirdParty)), events.EntryNeverGuardian, "kept-from-guardians"},
		"sensitive":                    {"socialworker", s17, plain(label(events.Sensitive)), events.EntryNeverGuardian, "kept-from-guardians"},
		"restricted, of one's own":     {"socialworker", s17, plain(label(events.Restricted)), events.EntryNeverGuardian, "kept-from-guardians"},
		"a protected address":          {"socialworker", s17, plain(living(events.Restricted)), events.EntryNeverGuardian, "kept-from-guardians"},
		"the family was not told":      {"socialworker", s17, plain(untold), events.EntryNeverGuardian, "kept-from-guardians"},
		"to ask would have been risky": {"socialworker", s17, plain(risky), events.EntryNeverGuardian, "kept-from-guardians"},
		"intelligence":                 {"socialworker", s17, plain(caveat(events.PoliceIntelligence)), events.EntryCovert, "originator-keeps-control"},
		"a caveat nobody knows":        {"socialworker", s17, plain(caveat("new")), events.EntryCovert, "originator-keeps-control"},
		"a label nobody knows":         {"socialworker", s17, plain(label("new")), events.EntryCovert, "originator-keeps-control"},
		"the police":                   {"police", early, pictured(item("p1", police, events.MissingEpisode{})), events.EntryCovert, "police-looked"},
		"a nurse":                      {"health", s17, pictured(item("h1", hospital, events.EmergencyAttendance{})), events.EntryReleasable, "work-with-the-family"},
	} {
		w := here(tc.p)
		see(t, w, tc.who, tc.purpose)
		if e := w.ledger[0]; e.Label != tc.label || e.Rule != tc.rule || e.Kind != reader(tc.who).Kind {
			t.Errorf("%s: %s by %q, of %s; want %s by %q", name, e.Label, e.Rule, e.Kind, tc.label, tc.rule)
		}
	}
	p := plain()
	p.Discussions = []events.Discussion{discussion(true, "socialworker")}
	w := here(p)
	see(t, w, "socialworker", s17)
	if e := w.ledger[0]; e.Label != events.EntryNeverGuardian {
		t.Errorf("a discussion was shown: %s by %s", e.Label, e.Rule)
	}
}

// Of whatever somebody asks there is a label, and who asked in vain leaves the
// same entry whether the child is hidden or absent.
func TestEveryEntryIsLabelled(t *testing.T) {
	got := map[events.EntryLabel]int{}
	for _, r := range readers() {
		for _, wy := range ways() {
			for _, w := range []*world{here(family()), {}} {
				w.concerns = []events.ConcernStatus{{Reference: "C1", Agency: school, Child: wren, Item: "e1"}}
				_, _ = wy.ask(t.Context(), w.gate(t), r) // a refusal is recorded as well
				for _, e := range w.ledger {
					got[e.Label]++
					if e.Label == "" || e.Rule == "" || e.Rule == "no-rule" {
						t.Errorf("%s, %s: label %q by rule %q", r.Actor, wy.name, e.Label, e.Rule)
					}
					if e.Child == "" && (e.Ties != nil || e.Label != events.EntryOperational && e.Label != events.EntryCovert) {
						t.Errorf("%s, %s: about no child, and %s with %v", r.Actor, wy.name, e.Label, e.Ties)
					}
				}
			}
		}
	}
	for _, l := range []events.EntryLabel{events.EntryReleasable, events.EntryNeverGuardian, events.EntryOperational, events.EntryCovert} {
		if got[l] == 0 {
			t.Errorf("no entry is %s", l)
		}
	}
	t.Logf("entries by label: %v", got)
}

// The ledger says what tied the reader to the child, and how they searched.
func TestEntrySaysHow(t *testing.T) {
	p := family()
	p.Discussions = []events.Discussion{discussion(true, "police")}
	w := here(p)
	g := w.gate(t)
	for _, q := range []events.Query{{NHSNumber: "9434765919"}, {Name: events.Name{Given: "g", Family: "f"}, DateOfBirth: "2014-09-12"}} {
		if _, err := g.Search(t.Context(), reader("police"), q, events.PurposeSection47); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := w.ledger[0], w.ledger[1]; a.By != "number" || b.By != "name" || len(a.Ties) != 5 {
		t.Errorf("searches: %q with %v, %q", a.By, a.Ties, b.By)
	}
	see(t, w, "dsl", events.PurposeSection17)
	if e := w.ledger[2]; e.By != "" || len(e.Ties) != 3 || e.Ties[0] != events.TieHolds || e.Ties[2] != events.TieInvited {
		t.Errorf("a view: %q with %v", e.By, e.Ties)
	}
}
