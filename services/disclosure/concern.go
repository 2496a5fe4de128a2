package disclosure

import (
	"context"
	"fmt"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
	"kith/services/fault"
)

// Concern is what became of a concern, for those of the agency that raised it
// and for the authority. For everybody else there is none.
func (g *Gate) Concern(ctx context.Context, r events.Reader, reference string) (Disclosed[events.ConcernStatus], error) {
	var none Disclosed[events.ConcernStatus]
	asked := time.Now()
	if err := signed(r); err != nil {
		return none, err
	}
	c, err := g.Sources.Concern(ctx, reference)
	missing := absent(err)
	if err != nil && !missing {
		return none, fmt.Errorf("concern to decide on: %w", err)
	}
	s, err := g.screen(ctx, r)
	if err != nil {
		return none, err
	}
	hidden, err := s.hides(ctx, c.Child, c.Person)
	if err != nil {
		return none, err
	}
	b := standing{}
	if hidden {
		b.barrier = conflicted
	}
	rd := g.reading(r, "", "concern", events.Picture{}, b)
	if !rd.concern(&c) || missing {
		return none, g.miss(ctx, rd, asked)
	}
	rd.entry.Child = c.Child
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	return disclose(c), nil
}

// Concerns are those that the reader's agency raised, for its safeguarding lead,
// or all there are, for the authority. Others are refused.
//
// The ledger gets one entry for the list, which names the items: an entry for
// every child each time somebody opens the list would bury those that matter.
func (g *Gate) Concerns(ctx context.Context, r events.Reader) (Disclosed[[]events.ConcernStatus], error) {
	var none Disclosed[[]events.ConcernStatus]
	if err := signed(r); err != nil {
		return none, err
	}
	rd := g.reading(r, "", "concern", events.Picture{}, standing{})
	raisedBy := r.Agency
	if all := rd.decide(policy.ListConcerns, policy.Thing{}); all.Allow {
		raisedBy = ""
	} else if !rd.may(policy.ListConcerns, policy.Thing{Own: true}) {
		return none, fault.New(fault.Refused, "Concerns are listed for the school that raised them and for the local authority.")
	}
	cs, err := g.Sources.Concerns(ctx, raisedBy)
	if err != nil {
		return none, fmt.Errorf("concerns to decide on: %w", err)
	}
	s, err := g.screen(ctx, r)
	if err != nil {
		return none, err
	}
	shown := []events.ConcernStatus{}
	for _, c := range cs {
		hidden, err := s.hides(ctx, c.Child, c.Person)
		if err != nil {
			return none, err
		}
		if !hidden && rd.concern(&c) {
			shown = append(shown, c)
		}
	}
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	return disclose(shown), nil
}

// concern decides on one and notes it in the entry. It takes out an address
// that does not leave its agency.
func (r *reading) concern(c *events.ConcernStatus) bool {
	t := policy.Thing{Own: c.Agency == r.Agency}
	if !r.may(policy.ReadConcern, t) {
		r.entry.Withheld++
		return false
	}
	if a := c.Person.Address; a != nil && !t.Own && policy.Address(t, *a).Guarded {
		c.Person.Address = nil
		r.entry.Withheld++
	}
	r.entry.Shown = append(r.entry.Shown, c.Item)
	r.seen.kept = true
	return true
}
