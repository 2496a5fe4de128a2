package childview

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/events"
	"kith/events/store"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }

// at is an event as the log recorded it, some hours after the start.
func at(n int, e events.Event) store.Event {
	return store.Event{At: hour(n), Position: store.Position(n), Event: e}
}

func linked(s events.SubjectID) events.Event {
	return events.SubjectLinked{Child: "c", Subject: s, Agency: events.AgencyID("agency of " + s), Rule: events.RuleNHSNumber}
}

func unlinked(s events.SubjectID) events.Event {
	return events.SubjectUnlinked{Child: "c", Subject: s, Reason: "two children"}
}

func said(id string, s events.SubjectID, occurred time.Time) events.Event {
	return events.Item{
		ID: events.ItemID(id), Agency: events.AgencyID("agency of " + s), Subject: s, Shared: events.Shared{OccurredAt: occurred},
		Person: events.Person{Role: events.RoleChild, Name: events.Name{Given: "name at " + string(s)}},
		Fact:   events.Suspension{Reason: "told by " + string(s)},
	}
}

func ids(p events.Picture) (s string) {
	for _, i := range p.Items {
		s += string(i.ID) + " "
	}
	return s
}

func TestFold(t *testing.T) {
	h := History{
		Links: []store.Event{at(1, linked("s")), at(2, linked("t")), at(3, events.LinkProposed{Child: "c", Subject: "u"}), at(20, unlinked("t"))},
		Items: map[events.SubjectID][]store.Event{
			"s": {at(0, said("late", "s", hour(-8*24))), at(5, said("second", "s", hour(4)))},
			"t": {at(6, said("first", "t", hour(3)))},
		},
	}
	for _, c := range []struct {
		known    int
		items    string
		agencies int
	}{
		{0, "", 0}, {1, "late ", 1}, {2, "late ", 2}, {5, "late second ", 2}, {6, "late first second ", 2}, {19, "late first second ", 2}, {20, "late second ", 1},
	} {
		when := hour(c.known)
		p := Fold("c", h, &when, hour(99))
		if got := ids(p); got != c.items || len(p.Agencies) != c.agencies || len(p.Subjects) != c.agencies {
			t.Errorf("as known at %d: %q from %d, want %q from %d", c.known, got, len(p.Agencies), c.items, c.agencies)
		}
	}
	now := Fold("c", h, nil, hour(99))
	if !now.Items[0].Late || now.Items[1].Late || !now.Items[0].HubRecordedAt.Equal(hour(0)) {
		t.Error("late items are not marked, or others are")
	}
	if ids(now) != "late second " || now.AsKnownAt != nil {
		t.Errorf("now: %q", ids(now))
	}
}

// What the log recorded is shown even if its clock is ahead of ours.
func TestNowIsEverything(t *testing.T) {
	h := History{Links: []store.Event{at(50, linked("s"))}, Items: map[events.SubjectID][]store.Event{"s": {at(51, said("i", "s", hour(0)))}}}
	if p := Fold("c", h, nil, hour(1)); ids(p) != "i " {
		t.Errorf("%q", ids(p))
	}
}

func TestFoldDiscussions(t *testing.T) {
	h := History{Strategy: []store.Event{
		at(1, events.DiscussionConvened{Discussion: "d", Child: "c", Chair: "ch", Agency: "council", At: start, Invited: []events.AgencyID{"police"}}),
		at(2, events.DiscussionAttended{Discussion: "d", Actor: "sgt", Agency: "police", Role: "sergeant"}),
		at(3, events.DecisionRecorded{Discussion: "d", Section47: true, Conduct: events.JointAgency, Rationale: "r", ConferenceDue: "2026-11-23", Rule: "rule"}),
		at(600, events.ConferenceOverdue{Discussion: "d", Due: "2026-11-23"}),
	}}
	for _, c := range []struct {
		known     time.Time
		open      bool
		attendees int
		clocks    int
		overdue   bool
	}{
		{hour(1), true, 0, 0, false}, {hour(2), true, 1, 0, false}, {hour(3), false, 1, 1, false},
		{time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC), false, 1, 1, false},
		{time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), false, 1, 1, true},
	} {
		p := Fold("c", h, &c.known, hour(9999))
		if len(p.Discussions) != 1 || len(p.Clocks) != c.clocks {
			t.Fatalf("at %s: %d discussions, %d clocks", c.known, len(p.Discussions), len(p.Clocks))
		}
		d := p.Discussions[0]
		if d.Open != c.open || len(d.Attendees) != c.attendees || (d.DecidedAt == nil) != c.open {
			t.Errorf("at %s: open %v, %d attend", c.known, d.Open, len(d.Attendees))
		}
		if c.clocks > 0 && (p.Clocks[0].Overdue != c.overdue || p.Clocks[0].From != "2026-11-02" || p.Clocks[0].Discussion != "d") {
			t.Errorf("at %s: clock %+v", c.known, p.Clocks[0])
		}
	}
}

func TestFoldConsents(t *testing.T) {
	h := History{Consents: []store.Event{
		at(1, events.ConsentGiven{Consent: "k", Child: "c", By: events.ByParentalResponsibility, Scope: events.EarlyHelp}),
		at(2, events.ConsentGiven{Consent: "l", Child: "c", By: events.ByYoungPerson, Scope: events.EarlyHelp}),
		at(5, events.ConsentWithdrawn{Consent: "k", Child: "c", By: events.ByParentalResponsibility}),
	}}
	now := Fold("c", h, nil, hour(9)).Consents
	if len(now) != 2 || now[0].InForce(hour(9)) || !now[0].InForce(hour(4)) || !now[1].InForce(hour(9)) {
		t.Error("a withdrawn consent is in force, or another is not")
	}
	before := hour(4)
	if then := Fold("c", h, &before, hour(9)).Consents; len(then) != 2 || then[0].WithdrawnAt != nil {
		t.Error("the withdrawal was known before it was recorded")
	}
}

// history draws streams in which anything may follow anything.
func history(t *rapid.T) History {
	h := History{Items: map[events.SubjectID][]store.Event{}}
	subjects := []events.SubjectID{"s1", "s2", "s3"}
	for n := range rapid.IntRange(0, 40).Draw(t, "events") {
		when := rapid.IntRange(0, 2).Draw(t, "pause") // several may be recorded in one moment
		if n > 0 {
			when += n / 2
		}
		s := rapid.SampledFrom(subjects).Draw(t, "subject")
		e := at(n/2*2, nil)
		switch rapid.SampledFrom([]string{"item", "item", "link", "unlink", "convene", "attend", "decide", "give", "withdraw"}).Draw(t, "what") {
		case "item":
			e.Event = said(fmt.Sprint("i", n), s, hour(when))
			h.Items[s] = append(h.Items[s], e)
		case "link":
			e.Event = linked(s)
			h.Links = append(h.Links, e)
		case "unlink":
			e.Event = unlinked(s)
			h.Links = append(h.Links, e)
		case "convene":
			e.Event = events.DiscussionConvened{Discussion: events.DiscussionID(s), Child: "c", At: hour(n)}
			h.Strategy = append(h.Strategy, e)
		case "attend":
			e.Event = events.DiscussionAttended{Discussion: events.DiscussionID(s), Actor: events.ActorID(fmt.Sprint(n))}
			h.Strategy = append(h.Strategy, e)
		case "decide":
			e.Event = events.DecisionRecorded{Discussion: events.DiscussionID(s), Section47: true, ConferenceDue: "2026-11-03"}
			h.Strategy = append(h.Strategy, e)
		case "give":
			e.Event = events.ConsentGiven{Consent: events.ConsentID(s), Child: "c"}
			h.Consents = append(h.Consents, e)
		case "withdraw":
			e.Event = events.ConsentWithdrawn{Consent: events.ConsentID(s), Child: "c"}
			h.Consents = append(h.Consents, e)
		}
	}
	return h
}

// prefix is what somebody would have read from the log at that moment.
func prefix(h History, t time.Time) History {
	cut := func(es []store.Event) (kept []store.Event) {
		for _, e := range es {
			if !e.At.After(t) {
				kept = append(kept, e)
			}
		}
		return kept
	}
	k := History{Links: cut(h.Links), Strategy: cut(h.Strategy), Consents: cut(h.Consents), Items: map[events.SubjectID][]store.Event{}}
	for s, es := range h.Items {
		k.Items[s] = cut(es)
	}
	return k
}

func TestAsKnownAtIsThePrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history(t)
		when := hour(rapid.IntRange(-1, 45).Draw(t, "known at"))
		got := Fold("c", h, &when, hour(99))
		want := Fold("c", prefix(h, when), nil, when)
		got.AsKnownAt = nil
		if a, b := text(t, got), text(t, want); a != b {
			t.Errorf("as known at %s:\n%s\nand then:\n%s", when, a, b)
		}
	})
}

// After any history, nothing of a subject that stands unlinked is in the picture,
// and everything of a linked one is.
func TestUnlinkedLeavesNoResidue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history(t)
		stands := map[events.SubjectID]bool{}
		for _, e := range h.Links {
			switch v := e.Event.(type) {
			case events.SubjectLinked:
				stands[v.Subject] = true
			case events.SubjectUnlinked:
				stands[v.Subject] = false
			}
		}
		p := Fold("c", h, nil, hour(99))
		all := text(t, struct {
			Subjects []events.SubjectID
			Agencies []events.AgencyID
			Items    []events.Held
		}{p.Subjects, p.Agencies, p.Items})
		want := 0
		for s, es := range h.Items {
			if stands[s] {
				want += len(es)
			} else if strings.Contains(all, string(s)) {
				t.Errorf("something of %s is left", s)
			}
		}
		if len(p.Items) != want {
			t.Errorf("%d items, want %d", len(p.Items), want)
		}
		for i := 1; i < len(p.Items); i++ {
			if p.Items[i].OccurredAt.Before(p.Items[i-1].OccurredAt) {
				t.Error("not in the order in which they occurred")
			}
		}
	})
}

func text(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
