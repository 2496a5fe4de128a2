package disclosure

import (
	"context"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
	"kith/services/fault"
)

// MayAct says whether a reader may do something about a child: "open" (know of
// the child at all), "convene", "attend", "decide" (of a strategy discussion),
// "consent" (record one), "copy" (prepare a copy of the record) or "not-share"
// (record that something is not shared). The answer is nil; fault.NotFound for a child that is
// not there or that they may not know of; or, of kind fault.Refused, why not.
//
// It shows nothing about the child and so leaves nothing in the ledger. What is
// then done is recorded with its cause.
func (g *Gate) MayAct(ctx context.Context, r events.Reader, child events.ChildID, act string) error {
	if err := signed(r); err != nil {
		return err
	}
	a := policy.Act(act)
	switch a {
	case policy.Open, policy.Convene, policy.Attend, policy.Conclude, policy.Consent, policy.Copy, policy.NotShare:
	default:
		return fault.New(fault.Invalid, "There is no such act.")
	}
	asked := time.Now()
	p, b, err := g.picture(ctx, r, child, nil)
	if err != nil {
		return err
	}
	rd := g.reading(r, "", "", p, b)
	if !rd.may(policy.Open, policy.Thing{}) {
		g.even(ctx, asked)
		return fault.NotFound
	}
	if d := rd.decide(a, policy.Thing{}); !d.Allow {
		return fault.New(fault.Refused, d.Reason)
	}
	return nil
}
