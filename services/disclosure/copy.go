package disclosure

import (
	"context"
	"fmt"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
)

// Copy lays out something of a child's record for whoever prepares a copy of it, while
// one is asked for: a policy says so, item by item. What lay is given holds also what
// must not be in a copy by any way, so that it can be looked for: lay keeps none of
// it and hands on none of it.
//
// The ledger has what was shown before Copy returns. An error of lay is returned, and
// nothing was disclosed.
func Copy[T any](ctx context.Context, g *Gate, r events.Reader, child events.ChildID, asKnownAt *time.Time, lay func(events.Copyable) (T, error)) (Disclosed[T], error) {
	var none Disclosed[T]
	asked := time.Now()
	if err := stated(r, events.PurposeSubjectAccess, asKnownAt, g.Now()); err != nil {
		return none, err
	}
	today, b, err := g.picture(ctx, r, child, nil)
	if err != nil {
		return none, err
	}
	then := today
	if asKnownAt != nil {
		if then, _, err = g.picture(ctx, r, child, asKnownAt); err != nil {
			return none, err
		}
	}
	rd := g.reading(r, events.PurposeSubjectAccess, "copy", today, b)
	rd.entry.AsKnownAt = asKnownAt
	if rd.ties.Copying, err = g.copying(ctx, child); err != nil {
		return none, err
	}
	if !rd.may(policy.Open, policy.Thing{}) || !rd.may(policy.Copy, policy.Thing{}) {
		return none, g.miss(ctx, rd, asked)
	}
	c, err := g.copyable(ctx, rd, then)
	if err != nil {
		return none, err
	}
	rd.about(child)
	v, err := lay(c)
	if err != nil {
		return none, err
	}
	if err := g.record(ctx, rd); err != nil {
		return none, err
	}
	return disclose(v), nil
}

func (g *Gate) copying(ctx context.Context, child events.ChildID) (bool, error) {
	if g.Sources.Copying == nil {
		return false, nil
	}
	is, err := g.Sources.Copying(ctx, child)
	if err != nil {
		return false, fmt.Errorf("copies to decide on: %w", err)
	}
	return is, nil
}

// copyable is what the reader may see, with everybody and every address that a copy
// is searched for.
func (g *Gate) copyable(ctx context.Context, rd *reading, p events.Picture) (events.Copyable, error) {
	c := events.Copyable{Shown: rd.show(p)}
	var near []events.SubjectID
	for _, h := range p.Items {
		if h.Person.Address != nil {
			c.Addresses = append(c.Addresses, *h.Person.Address)
		}
		for _, w := range h.With {
			near = append(near, w.Subject)
		}
	}
	if g.Sources.People == nil {
		return c, nil
	}
	var err error
	if c.Others, err = g.Sources.People(ctx, distinct(near, p.Subjects)); err != nil {
		return events.Copyable{}, fmt.Errorf("people of the same reports: %w", err)
	}
	return c, nil
}

// distinct are the ids, each once, that are not among some others.
func distinct(ids, not []events.SubjectID) (once []events.SubjectID) {
	met := map[events.SubjectID]bool{}
	for _, id := range not {
		met[id] = true
	}
	for _, id := range ids {
		if !met[id] {
			met[id] = true
			once = append(once, id)
		}
	}
	return once
}
