package retention

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

var (
	ig       = events.Decider{Actor: "ig", Agency: "council", Role: events.RoleGovernance}
	ig2      = events.Decider{Actor: "ig2", Agency: "council", Role: events.RoleGovernance}
	operator = events.Decider{Actor: "operator", Agency: "council", Role: events.RoleOperator}
	chair    = events.Decider{Actor: "chair", Agency: "council", Role: events.RoleChair}
	lead     = events.Decider{Actor: "lead", Agency: "school", Role: events.RoleDSL}
)

var due = time.Date(2026, 12, 24, 9, 0, 0, 0, time.UTC)

var (
	wholeChild = events.Whom{Child: "c"}
	asked      = events.ErasureAsked{Erasure: "e", Whom: wholeChild, Why: events.WrongChild, Reference: "IG-1", By: ig}
	confirmed  = events.ErasureConfirmed{Erasure: "e", By: operator, Due: due, Subjects: []events.SubjectID{"s"}, Child: "c"}
	cancelled  = events.ErasureCancelled{Erasure: "e", Reference: "IG-2", By: ig}
	begun      = events.ErasureBegun{Erasure: "e"}
	done       = events.ErasureCarriedOut{Erasure: "e", Keys: 4, Stores: []string{"identity"}}
	placed     = events.HoldPlaced{Hold: "h", Whom: wholeChild, Why: events.HoldCourt, Reference: "L-1", By: ig, Subjects: []events.SubjectID{"s"}}
	liftAsked  = events.HoldLiftAsked{Hold: "h", Reference: "L-2", By: ig}
	lifted     = events.HoldLifted{Hold: "h", By: operator}
)

func TestDecide(t *testing.T) {
	type es = decision
	type verb = func(state) (decision, error)
	asking := func(e events.ErasureAsked) verb { return func(s state) (decision, error) { return ask(s, e) } }
	confirming := func(by events.Decider) verb {
		return func(s state) (decision, error) { e := confirmed; e.By = by; return confirm(s, e, false) }
	}
	elsewhere := func(s state) (decision, error) { return confirm(s, confirmed, true) }
	cancelling := func(s state) (decision, error) { return cancel(s, cancelled) }
	beginning := func(at time.Time) verb { return func(s state) (decision, error) { return begin(s, "e", at, false) } }
	lifting := func(by events.Decider) verb {
		return func(s state) (decision, error) { e := liftAsked; e.By = by; return lift(s, e) }
	}
	second, part, otherPart, byLead := asked, asked, asked, asked
	second.Erasure = "e2"
	part.Whom, otherPart.Whom, otherPart.Erasure = events.Whom{Child: "c", Agency: "school"}, events.Whom{Child: "c", Agency: "police"}, "e2"
	byLead.By = lead
	holdPart := placed
	holdPart.Whom = events.Whom{Child: "c", Agency: "school"}
	for _, c := range []struct {
		name  string
		given es
		when  verb
		then  es
		kind  fault.Kind
	}{
		{"ask", nil, asking(asked), es{asked}, ""},
		{"ask twice", es{asked}, asking(asked), nil, ""},
		{"ask as somebody who decides nothing", nil, asking(byLead), nil, fault.Refused},
		{"ask for another of the same", es{asked}, asking(second), nil, fault.Conflict},
		{"ask for another after the first was taken back", es{asked, cancelled}, asking(second), es{second}, ""},
		{"ask for a part while another part is pending", es{part}, asking(otherPart), es{otherPart}, ""},
		{"ask for what is held", es{placed}, asking(asked), nil, fault.Conflict},
		{"ask for what was held", es{placed, liftAsked, lifted}, asking(asked), es{asked}, ""},
		{"ask for all where a part is held", es{holdPart}, asking(asked), nil, fault.Conflict},
		{"ask for a part where another is held", es{holdPart}, asking(otherPart), es{otherPart}, ""},

		{"confirm", es{asked}, confirming(operator), es{confirmed}, ""},
		{"confirm twice", es{asked, confirmed}, confirming(operator), nil, ""},
		{"confirm oneself", es{asked}, confirming(ig), nil, fault.Refused},
		{"confirm in the same role", es{asked}, confirming(ig2), nil, fault.Refused},
		{"confirm as somebody who decides nothing", es{asked}, confirming(lead), nil, fault.Refused},
		{"confirm what nobody asked", nil, confirming(operator), nil, fault.Hidden},
		{"confirm what was taken back", es{asked, cancelled}, confirming(operator), nil, fault.Conflict},
		{"confirm what was undone", es{asked, confirmed, cancelled}, confirming(operator), nil, fault.Conflict},
		{"confirm what is held since", es{asked, placed}, confirming(operator), nil, fault.Conflict},
		{"confirm what is held in another record", es{asked}, elsewhere, nil, fault.Conflict},

		{"cancel before it is confirmed", es{asked}, cancelling, es{cancelled}, ""},
		{"cancel in time", es{asked, confirmed}, cancelling, es{cancelled}, ""},
		{"cancel twice", es{asked, confirmed, cancelled}, cancelling, nil, ""},
		{"cancel too late", es{asked, confirmed, begun}, cancelling, nil, fault.Conflict},
		{"cancel what is gone", es{asked, confirmed, begun, done}, cancelling, nil, fault.Conflict},

		{"begin when it is due", es{asked, confirmed}, beginning(due), es{begun}, ""},
		{"begin too early", es{asked, confirmed}, beginning(due.Add(-time.Second)), nil, ""},
		{"begin what nobody confirmed", es{asked}, beginning(due), nil, ""},
		{"begin what is held", es{asked, confirmed, placed}, beginning(due), nil, ""},
		{"begin what somebody wants to release", es{asked, confirmed, placed, liftAsked}, beginning(due), nil, ""},
		{"begin what was held", es{asked, confirmed, placed, liftAsked, lifted}, beginning(due), es{begun}, ""},
		{"begin what was cancelled", es{asked, confirmed, cancelled}, beginning(due), nil, ""},

		{"lift", es{placed}, lifting(ig), es{liftAsked}, ""},
		{"lift alone", es{placed, liftAsked}, lifting(ig), nil, ""},
		{"lift with a colleague in the same role", es{placed, liftAsked}, lifting(ig2), nil, fault.Refused},
		{"lift with another", es{placed, liftAsked}, lifting(operator), es{lifted}, ""},
		{"lift what was lifted", es{placed, liftAsked, lifted}, lifting(chair), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.when(fold(c.given))
			var f *fault.Error
			if c.kind == "" && err != nil || c.kind != "" && (!errors.As(err, &f) || f.Kind != c.kind) || fmt.Sprint(got) != fmt.Sprint(c.then) {
				t.Errorf("%v, %v; want %v, %q", got, err, c.then, c.kind)
			}
		})
	}
}

func fold(es decision) (s state) {
	for _, e := range es {
		s = evolve(s, e)
	}
	return s
}

// Whatever anybody does in whatever order: nothing begins that two people in two
// roles did not want, before it is due, while a hold stands or after it was
// cancelled; and no hold is lifted by one.
func TestNoErasureByOne(t *testing.T) {
	const seed = 47
	tried, begun, lifted := 10_000, 0, 0
	if os.Getenv("KITH_SOAK") != "" {
		tried = 1_000_000
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for range tried {
		var s state
		now := due.Add(-48 * time.Hour)
		people := []events.Decider{ig, ig2, operator, chair, lead}
		for range 1 + r.IntN(90) {
			by := people[r.IntN(len(people))]
			whom := []events.Whom{wholeChild, {Child: "c", Agency: "school"}, {Child: "c", Agency: "police"}}[r.IntN(3)]
			id := events.ErasureID([]string{"e1", "e2"}[r.IntN(2)])
			hold := events.HoldID([]string{"h1", "h2"}[r.IntN(2)])
			var es decision
			switch r.IntN(7) {
			case 0:
				es, _ = ask(s, events.ErasureAsked{Erasure: id, Whom: whom, By: by})
			case 1:
				es, _ = confirm(s, events.ErasureConfirmed{Erasure: id, By: by, Due: now.Add(24 * time.Hour), Subjects: []events.SubjectID{"s"}}, false)
			case 2:
				es, _ = cancel(s, events.ErasureCancelled{Erasure: id, By: by})
			case 3:
				es, _ = place(s, events.HoldPlaced{Hold: hold, Whom: whom, By: by})
			case 4:
				es, _ = lift(s, events.HoldLiftAsked{Hold: hold, By: by})
			case 5:
				now = now.Add(13 * time.Hour)
			case 6:
				es, _ = begin(s, id, now, false)
			}
			for _, e := range es {
				switch e := e.(type) {
				case events.ErasureBegun:
					begun++
					x, _ := s.find(e.Erasure)
					if x.Stage != Pending || x.ConfirmedBy.Role == x.AskedBy.Role || x.ConfirmedBy.Actor == x.AskedBy.Actor || x.Due.After(now) || x.CancelledBy != nil {
						t.Fatalf("begun: %+v at %v", x, now)
					}
					for _, h := range s.Holds {
						if h.LiftedBy == nil && (h.Whom == x.Whom || h.Whom.Agency == "" || x.Whom.Agency == "") {
							t.Fatalf("begun under a hold: %+v", h)
						}
					}
				case events.HoldLifted:
					lifted++
					h, _ := s.findHold(e.Hold)
					if h.LiftAskedBy == nil || h.LiftAskedBy.Role == e.By.Role || h.LiftAskedBy.Actor == e.By.Actor {
						t.Fatalf("lifted by one: %+v, %+v", h, e)
					}
				}
				s = evolve(s, e)
			}
		}
	}
	t.Logf("seed %d, %d sequences: %d erasures begun, %d holds lifted", seed, tried, begun, lifted)
	if begun == 0 || lifted == 0 {
		t.Error("the property was not tried")
	}
}
