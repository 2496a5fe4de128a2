package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"kith/events"
	"kith/services/childview"
	"kith/services/disclosure"
	"kith/services/disclosure/policy"
)

// decidedPolicies is how many policies speak about seeing an item when the cost of a
// decision is measured.
const decidedPolicies = 50

// decide measures one decision that nothing is kept for, and the view of a child of
// whom the hub holds about 1,000 items: opened from the log, folded, decided on item
// by item, recorded in the ledger on stable storage. Nothing is kept opened from one
// view to the next.
func (b benchmark) decide(dir string) error {
	set, err := policy.Sized(decidedPolicies)
	if err != nil {
		return err
	}
	if err := b.decisions(set); err != nil {
		return err
	}
	const children = 10
	hub := filepath.Join(dir, "hub")
	if _, err := fill(b.ctx, hub, 2000*children, children); err != nil {
		return fmt.Errorf("fill the log: %w", err)
	}
	r, err := openRecord(b.ctx, partnership{dir: hub}, b.tel.Metrics)
	if err != nil {
		return err
	}
	defer r.close()
	took, items := newTimes(), 0
	for i := range b.reads {
		g, err := decidingGate(b.ctx, r, set)
		if err != nil {
			return err
		}
		child := filling{store: r.store}.child(i % children)
		at := time.Now()
		v, err := g.Child(b.ctx, events.Reader{Actor: "bench", Agency: benchPolice, Role: events.RolePractitioner}, child, events.PurposeSection47, nil)
		if err != nil {
			return fmt.Errorf("view of a child: %w", err)
		}
		took.add(time.Since(at))
		disclosure.Map(v, func(s events.Shown) int { items = len(s.Items); return items })
	}
	return b.latencies("decide", "view_", took.all, conditions("what", fmt.Sprintf("view of 1,000 items, %d of them shown, opened anew each time, recorded", items), "policies", fmt.Sprint(decidedPolicies)))
}

// decidingGate is a gate on a record, that keeps nothing opened.
func decidingGate(ctx context.Context, r *record, set *policy.Set) (*disclosure.Gate, error) {
	view := childview.Past(r.store)
	nothing := func(context.Context, events.AgencyID) ([]events.ConcernStatus, error) { return nil, nil }
	return disclosure.New(ctx, disclosure.Config{
		Store: r.store, Agencies: northshire(), Authority: authority, Policies: set, Log: nil,
		Record: func(ctx context.Context, e events.ReadRecorded) error { _, err := r.ledger.Record(ctx, e); return err },
		Sources: disclosure.Sources{Picture: view.Picture, Concerns: nothing,
			Find:    func(context.Context, events.Query) ([]events.ChildID, error) { return nil, nil },
			Concern: func(context.Context, string) (events.ConcernStatus, error) { return events.ConcernStatus{}, nil }},
	})
}

// decisions are made one by one, each of a session of its own.
func (b benchmark) decisions(set *policy.Set) error {
	ask := policy.Request{Act: policy.See, Purpose: events.PurposeSection47, Ties: policy.Ties{Holds: true, Concern: true},
		Reader: policy.Reader{Role: events.RoleChair, Kind: events.KindSocialCare, Authority: true},
		Thing:  policy.Thing{Kind: events.KindHealth, Label: events.Core, Basis: events.PublicTask}}
	n := 100 * b.reads
	at := time.Now()
	for range n {
		policy.Decide(set, ask)
	}
	each := float64(time.Since(at).Nanoseconds()) / float64(n) / 1000
	return b.print(measurement{"decide", "decision", each, "us", conditions("what", fmt.Sprintf("mean of %d decisions, nothing kept from one to the next", n), "policies", fmt.Sprint(decidedPolicies))})
}
