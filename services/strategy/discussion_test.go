package strategy

import (
	"errors"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/strategy/rules"
)

// A Monday; 15 working days on is Monday 14 December.
var monday = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

var (
	convened = events.DiscussionConvened{Discussion: "d1", Child: "c", Chair: "chair", Agency: "council", At: monday, Reason: "r", Invited: []events.AgencyID{"police"}}
	second   = events.DiscussionConvened{Discussion: "d2", Child: "c", Chair: "chair", Agency: "council", At: monday, Reason: "r", Invited: []events.AgencyID{"police"}}
	attended = events.DiscussionAttended{Discussion: "d1", Actor: "sgt", Agency: "police", Role: "sergeant"}
	enquiry  = events.DecisionRecorded{Discussion: "d1", Section47: true, Conduct: events.JointAgency, Rationale: "why",
		Actions: []events.Action{{What: "see the child", Owner: "council", Due: "2026-11-24"}}}
	decided = events.DecisionRecorded{Discussion: "d1", Section47: true, Conduct: events.JointAgency, Rationale: "why",
		Actions:       []events.Action{{What: "see the child", Owner: "council", Due: "2026-11-24"}},
		ConferenceDue: "2026-12-14", Rule: "Working Together 2026: initial child protection conference, 15 working days (WT2026/ICPC-15WD)"}
	nothing = events.DecisionRecorded{Discussion: "d1", Rationale: "no ground"}
	missed  = events.ConferenceOverdue{Discussion: "d1", Due: "2026-12-14"}
)

func TestDecide(t *testing.T) {
	packs, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	type es = []events.Strategy
	type verb = func(discussions) ([]events.Strategy, error)
	var (
		conv = func(e events.DiscussionConvened) verb {
			return func(ds discussions) ([]events.Strategy, error) { return convene(ds, e) }
		}
		att = func(e events.DiscussionAttended) verb {
			return func(ds discussions) ([]events.Strategy, error) { return attend(ds, e) }
		}
		dec = func(by events.AgencyID, e events.DecisionRecorded) verb {
			return func(ds discussions) ([]events.Strategy, error) { return decide(ds, by, e, packs) }
		}
		tick = func(d events.Date) verb {
			return func(ds discussions) ([]events.Strategy, error) { return overdue(ds, "d1", d) }
		}
	)
	stranger, chair, other := attended, attended, enquiry
	stranger.Agency, chair.Agency, other.Rationale = "hospital", "council", "otherwise"
	far := convened
	far.At = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		given es
		when  verb
		then  es
		kind  fault.Kind
	}{
		{"convene a first", nil, conv(convened), es{convened}, ""},
		{"convene it again", es{convened}, conv(convened), nil, ""},
		{"convene it again when it has decided", es{convened, decided}, conv(convened), nil, ""},
		{"convene a second while one is open", es{convened}, conv(second), nil, fault.Conflict},
		{"convene a second after the first", es{convened, decided}, conv(second), es{second}, ""},

		{"attend", es{convened}, att(attended), es{attended}, ""},
		{"attend twice", es{convened, attended}, att(attended), nil, ""},
		{"attend for the chair's agency", es{convened}, att(chair), es{chair}, ""},
		{"attend uninvited", es{convened}, att(stranger), nil, fault.Refused},
		{"attend none", nil, att(attended), nil, fault.Hidden},
		{"attend a closed one", es{convened, decided}, att(attended), nil, fault.Conflict},
		{"attend again after it closed", es{convened, attended, decided}, att(attended), nil, ""},

		{"decide on an enquiry", es{convened}, dec("council", enquiry), es{decided}, ""},
		{"decide on none", es{convened}, dec("council", nothing), es{nothing}, ""},
		{"decide twice", es{convened, decided}, dec("council", enquiry), nil, ""},
		{"decide otherwise", es{convened, decided}, dec("council", other), nil, fault.Conflict},
		{"decide for another agency", es{convened}, dec("police", enquiry), nil, fault.Refused},
		{"decide none", nil, dec("council", enquiry), nil, fault.Hidden},
		{"decide beyond the calendar", es{far}, dec("council", enquiry), nil, fault.Unavailable},

		{"overdue on the day", es{convened, decided}, tick("2026-12-14"), nil, ""},
		{"overdue the day after", es{convened, decided}, tick("2026-12-15"), es{missed}, ""},
		{"overdue twice", es{convened, decided, missed}, tick("2026-12-16"), nil, ""},
		{"overdue without an enquiry", es{convened, nothing}, tick("2027-12-15"), nil, ""},
		{"overdue while open", es{convened}, tick("2027-12-15"), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ds discussions
			for _, e := range c.given {
				ds = evolve(ds, e)
			}
			got, err := c.when(ds)
			if kindOf(err) != c.kind || !equal(t, got, c.then) {
				t.Errorf("%s, %v; want %s, %q", text(t, got), err, text(t, c.then), c.kind)
			}
		})
	}
}

// A decider's state is a value: what is made of it leaves it as it was.
func TestEvolveLeavesTheStateBefore(t *testing.T) {
	before := evolve(nil, convened)
	evolve(before, attended)
	evolve(before, decided)
	if d, _ := before.find("d1"); !d.Open || len(d.Attendees) != 0 || d.Decision != nil {
		t.Error("the state changed")
	}
}

func equal(t *testing.T, a, b []events.Strategy) bool { return text(t, a) == text(t, b) }

// text is events as the store keeps them.
func text(t *testing.T, es []events.Strategy) (s string) {
	t.Helper()
	for _, e := range es {
		b, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		s += string(e.Type()) + string(b) + "\n"
	}
	return s
}

func kindOf(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	if err != nil {
		return fault.Internal
	}
	return ""
}

func places(err error) (s string) {
	var f *fault.Error
	if errors.As(err, &f) {
		for _, p := range f.At {
			s += p.Pointer + " "
		}
	}
	return s
}

func TestForms(t *testing.T) {
	packs, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	act := []events.Action{{What: "see", Owner: "council", Due: "2026-11-24"}}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"empty", ConveneForm{}.check(packs), "child reason invited at "},
		{"whole", ConveneForm{Child: "c", At: monday, Reason: "r", Invited: []events.AgencyID{"police"}}.check(packs), ""},
		{"a slip of the year", ConveneForm{Child: "c", At: monday.AddDate(36, 0, 0), Reason: "r", Invited: []events.AgencyID{"police"}}.check(packs), "at "},
		{"no agency", ConveneForm{Child: "c", At: monday, Reason: "r", Invited: []events.AgencyID{"police", ""}}.check(packs), "invited/1 "},
		{"no decision", DecisionForm{}.check(), "rationale "},
		{"no enquiry", DecisionForm{Rationale: "r"}.check(), ""},
		{"an enquiry", DecisionForm{Rationale: "r", Section47: true, Conduct: events.SingleAgency, Actions: act}.check(), ""},
		{"an enquiry by nobody", DecisionForm{Rationale: "r", Section47: true}.check(), "conduct "},
		{"an enquiry by somebody else", DecisionForm{Rationale: "r", Section47: true, Conduct: "both"}.check(), "conduct "},
		{"conduct of no enquiry", DecisionForm{Rationale: "r", Conduct: events.JointAgency}.check(), "conduct "},
		{"empty action", DecisionForm{Rationale: "r", Actions: []events.Action{act[0], {What: " ", Due: "2026-02-30"}}}.check(), "actions/1/what actions/1/owner actions/1/due "},
	} {
		if got := places(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
