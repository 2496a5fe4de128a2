package disclosure

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

func see(t *testing.T, w *world, who string, p events.Purpose) events.Shown {
	t.Helper()
	d, err := w.gate(t).Child(t.Context(), reader(who), wren, p, nil)
	if err != nil {
		t.Fatalf("%s for %s: %v", who, p, err)
	}
	return d.value
}

func TestWhoSeesWhat(t *testing.T) {
	const s47, s17, early, care = events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning
	inForce := []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: noon().AddDate(0, 0, -1)}}
	open := func(attendees ...string) []events.Discussion {
		return []events.Discussion{discussion(true, attendees...)}
	}
	for _, tc := range []struct {
		who         string
		purpose     events.Purpose
		discussions []events.Discussion
		consents    []events.ConsentRecord
		items       string
		agencies    string
	}{
		{"dsl", s47, nil, nil, "e1 e2", "council school"},
		{"dsl", s47, open("dsl"), nil, "e1 e2", "council hospital police school"},
		{"dsl", events.PurposeAudit, nil, nil, "e1 e2", "school"},
		{"police", s47, nil, nil, "p1 p2", "council hospital police school"},
		{"police", s47, open("police"), nil, "e1 h1 h2 p1 p2 s1 s2", "council hospital police school"},
		{"police", s17, open("police"), nil, "p1 p2", "council hospital police school"},
		{"health", s47, []events.Discussion{discussion(false, "health")}, nil, "h1 h2", "council hospital police school"},
		{"health", early, nil, inForce, "e2 h1 h2", "council hospital police school"},
		{"socialworker", s47, nil, nil, "e1 h1 p1 s1 s2", "council hospital police school"},
		{"socialworker", s17, nil, inForce, "e1 e2 h1 p1 s1 s2", "council hospital police school"},
		{"socialworker", early, nil, inForce, "e2 s1 s2", "council hospital police school"},
		{"socialworker", care, nil, nil, "s1 s2", "council hospital police school"},
		{"chair", s47, nil, nil, "e1 h1 h2 p1 s1 s2", "council hospital police school"},
		{"chair", s47, nil, inForce, "e1 e2 h1 h2 p1 s1 s2", "council hospital police school"},
	} {
		p := family()
		p.Discussions, p.Consents = tc.discussions, tc.consents
		v := see(t, here(p), tc.who, tc.purpose)
		if got := strings.Trim(fmt.Sprint(ids(v)), "[]"); got != tc.items {
			t.Errorf("%s for %s sees %s, want %s", tc.who, tc.purpose, got, tc.items)
		}
		var as []string
		for _, name := range []string{"council", "hospital", "police", "school"} {
			for _, a := range v.Agencies {
				if strings.Contains(string(a.Agency), name) {
					as = append(as, name)
				}
			}
		}
		if got := strings.Join(as, " "); got != tc.agencies {
			t.Errorf("%s for %s knows %s, want %s", tc.who, tc.purpose, got, tc.agencies)
		}
		for _, i := range v.Items {
			if len(i.Grounds) == 0 || i.Grounds[0].Basis == "" {
				t.Errorf("%s is shown without grounds", i.ID)
			}
		}
	}
}

// What is withheld in silence shows in no date, telephone number or count.
func TestInvolvementComesFromWhatMayBeKnown(t *testing.T) {
	v := see(t, here(family()), "socialworker", events.PurposeSection47)
	for _, a := range v.Agencies {
		switch a.Agency {
		case police: // p2 is police intelligence and the latest
			if !a.Last.Equal(noon().AddDate(0, 0, -10)) || a.Contact.Team != "Public protection" {
				t.Errorf("police: since %s, last %s, contact %q", a.Since, a.Last, a.Contact.Team)
			}
		case hospital: // has no duty desk in the register
			if a.Contact.Team != "team-h2" || !a.Since.Equal(noon().AddDate(0, 0, -9)) {
				t.Errorf("hospital: since %s, contact %q", a.Since, a.Contact.Team)
			}
		}
	}
	only := here(pictured(item("e1", school, events.Concern{}), item("p2", police, events.MissingEpisode{}, label(events.Restricted))))
	for _, a := range see(t, only, "chair", events.PurposeSection47).Agencies {
		if a.Agency == police {
			t.Error("an agency shows of which all is restricted")
		}
	}
}

func TestWithheld(t *testing.T) {
	withdrawn := noon().Add(-time.Hour)
	gone := []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: noon().AddDate(0, 0, -2), WithdrawnAt: &withdrawn}}
	for name, tc := range map[string]struct {
		who     string
		purpose events.Purpose
		ds      []events.Discussion
		want    []string
	}{
		"to the chair outside of a discussion": {"chair", events.PurposeSection47, nil, []string{
			"northshire-police address 1 protected",
			"oakfield-school item 1 It rests on consent, which was withdrawn."}},
		"to the chair in the discussion": {"chair", events.PurposeSection47, []events.Discussion{discussion(true)}, []string{
			"northshire-police address 1 protected",
			"northshire-police item 1 It is controlled by its originator: ask them.",
			"oakfield-school item 1 It rests on consent, which was withdrawn."}},
		"to an officer": {"police", events.PurposeSection47, nil, []string{
			"northshire-council item 2 It is for those who take part in an open strategy discussion.",
			"northshire-hospital item 2 It is for those who take part in an open strategy discussion.",
			"oakfield-school item 1 It is for those who take part in an open strategy discussion.",
			"oakfield-school item 1 It rests on consent, which was withdrawn."}},
		"to a nurse in the discussion": {"health", events.PurposeSection47, []events.Discussion{discussion(true, "health")}, []string{
			"northshire-police item 1 It is controlled by its originator: ask them.",
			"oakfield-school item 1 It rests on consent, which was withdrawn."}},
		"to a lead": {"dsl", events.PurposeSection47, nil, []string{
			"northshire-council item 2 A school's lead may know who is involved, not what they hold."}},
	} {
		p := family()
		p.Consents, p.Discussions = gone, tc.ds
		w := here(p)
		v := see(t, w, tc.who, tc.purpose)
		var got []string
		for _, k := range v.Withheld {
			got = append(got, fmt.Sprintf("%s %s %d %s", k.Agency, k.What, k.Count, k.Reason))
		}
		if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
		if e := w.ledger[0]; e.Child != wren || len(e.Shown) != len(v.Items) || e.Withheld+len(e.Shown) < len(p.Items) || e.Policy == "" {
			t.Errorf("%s: the ledger says %+v", name, e)
		}
	}
}

func TestProtectedAddress(t *testing.T) {
	p := family()
	p.Discussions = []events.Discussion{discussion(true, "health", "socialworker")}
	for _, r := range readers() {
		for _, purpose := range purposes() {
			d, err := here(p).gate(t).Child(t.Context(), r, wren, purpose, nil)
			if err != nil {
				continue
			}
			if shown := strings.Contains(text(t, d.value), "refuge"); shown != (r.Agency == police) {
				t.Errorf("%s for %s: the protected address is shown: %v", r.Actor, purpose, shown)
			}
		}
	}
	if p.Items[2].Person.Address == nil && p.Items[1].Person.Address == nil {
		t.Error("the picture itself was changed")
	}
	// An address with an ordinary label goes with its item, a more sensitive one by its own.
	p = pictured(item("c", police, events.PublicProtectionNotice{}, living(events.Core)), item("s", police, events.MissingEpisode{}, living(events.Sensitive)))
	v := see(t, here(p), "socialworker", events.PurposeSection47)
	if s := text(t, v); !strings.Contains(s, "refuge-c") || strings.Contains(s, "refuge-s") || len(v.Items) != 2 || len(v.Withheld) != 1 {
		t.Errorf("%+v", v.Withheld)
	}
}

func TestDiscussionsClocksAndConsents(t *testing.T) {
	p := family()
	p.Discussions = []events.Discussion{discussion(true, "police")}
	p.Clocks = []events.Clock{{What: "conference", Discussion: "d1"}, {What: "decide"}}
	p.Consents = []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Consent: "all", Scope: events.EarlyHelp}},
		{ConsentGiven: events.ConsentGiven{Consent: "some", Scope: events.EarlyHelp, Partners: []events.AgencyID{school}}}}
	for who, want := range map[string][3]int{"chair": {1, 2, 2}, "police": {1, 1, 1}, "dsl": {1, 1, 2}, "health": {0, 0, 1}} {
		v := see(t, here(p), who, events.PurposeSection47)
		if got := [3]int{len(v.Discussions), len(v.Clocks), len(v.Consents)}; got != want {
			t.Errorf("%s is shown %v discussions, clocks and consents, want %v", who, got, want)
		}
	}
}

// The right to see is today's, and so is consent; the content is that of then.
func TestAsKnownAt(t *testing.T) {
	then := noon().AddDate(0, 0, -6)
	w := here(family())
	today := w.pictures[wren]
	today.Consents = []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: then.AddDate(0, 0, -1), WithdrawnAt: &then}}
	today.Discussions = []events.Discussion{discussion(false, "police")}
	w.pictures[wren] = today
	past := pictured(item("e2", school, events.AttendanceFall{}, onConsent), item("h2", hospital, events.WasNotBrought{}))
	past.Consents = []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: then.AddDate(0, 0, -1)}}
	past.Discussions = []events.Discussion{discussion(true, "police")}
	w.past = map[events.ChildID]events.Picture{wren: past}

	look := func(who string, at time.Time) (events.Shown, error) {
		d, err := w.gate(t).Child(t.Context(), reader(who), wren, events.PurposeSection47, &at)
		return d.value, err
	}
	v, err := look("chair", then)
	if err != nil || fmt.Sprint(ids(v)) != "[h2]" || v.AsKnownAt == nil {
		t.Errorf("the chair sees %v %v", ids(v), err)
	}
	if v, err = look("police", then); err != nil || len(v.Items) != 0 || len(v.Discussions) != 1 {
		t.Errorf("an officer of a discussion that is closed sees %v %v", ids(v), err)
	}
	if v, err = look("dsl", then); err != nil || len(v.Discussions) != 0 {
		t.Errorf("who was invited reads of a discussion that has closed since: %v", err)
	}
	if _, err = look("chair", noon().Add(time.Second)); kind(err) != fault.Invalid {
		t.Errorf("a moment to come: %v", err)
	}
}

// To ask in vain is recorded, and names no child.
func TestMissesAreRecorded(t *testing.T) {
	for name, w := range map[string]*world{"hidden": here(family()), "absent": {}} {
		g := w.gate(t)
		if _, err := g.Child(t.Context(), reader("otherdsl"), wren, events.PurposeSection47, nil); err != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := g.Concern(t.Context(), reader("chair"), "C9"); err != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.ledger) != 2 {
			t.Fatalf("%s: %d entries", name, len(w.ledger))
		}
		for _, e := range w.ledger {
			if e.Reader == "" || e.Child != "" || len(e.Shown) != 0 || e.Withheld != 0 {
				t.Errorf("%s: the ledger says %+v", name, e)
			}
		}
	}
}

func TestStatedPurpose(t *testing.T) {
	w := here(family())
	g := w.gate(t)
	for _, p := range []events.Purpose{"", "curiosity"} {
		if _, err := g.Child(t.Context(), reader("chair"), wren, p, nil); kind(err) != fault.Invalid {
			t.Errorf("purpose %q: %v", p, err)
		}
		if _, err := g.Search(t.Context(), reader("chair"), events.Query{}, p); kind(err) != fault.Invalid {
			t.Errorf("purpose %q: %v", p, err)
		}
	}
	if _, err := g.Child(t.Context(), events.Reader{}, wren, events.PurposeSection47, nil); kind(err) != fault.Unsigned {
		t.Error(err)
	}
	if len(w.calls) != 0 {
		t.Errorf("sources were asked: %v", w.calls)
	}
}

func kind(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}
