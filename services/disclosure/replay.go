package disclosure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/disclosure/policy"
)

// Past decides reads of the ledger again, as they were decided: on what the log
// held then, by the clock of then, through the very gate that shows them. It shows
// nothing and records nothing: what it tells of an item is no more than its id,
// agency and label.
type Past struct {
	// Picture is what the hub knew of a child when its log ended at a position.
	Picture func(ctx context.Context, child events.ChildID, asKnownAt *time.Time, end store.Position, now time.Time) (events.Picture, error)
	// Store is the event log when it ended at a position.
	Store func(end store.Position) *store.Store
}

// Verdict is what was decided on one item, for one reader and purpose.
type Verdict struct {
	Item   events.ItemID     `json:"item"`
	Agency events.AgencyID   `json:"agency"`
	Kind   events.AgencyKind `json:"kind"`
	Label  events.Label      `json:"label"`
	Shown  bool              `json:"shown"`
	Policy string            `json:"policy,omitempty"` // that decided; none where nothing spoke to it
	Reason string            `json:"reason"`
}

// Replayed is a read that was decided again.
type Replayed struct {
	Entry    events.ReadRecorded // as the ledger would have it
	Verdicts []Verdict           // on every item, of a view; none of a search
}

// ErrNoReplay reports an entry of the ledger that cannot be decided again.
var ErrNoReplay = errors.New("cannot be decided again")

// errElsewhere ends a source that a replay does not need.
var errElsewhere = errors.New("a replay asks for nothing but pictures")

// Decide decides a recorded read again under a set of policies: the one that the
// entry names, or a draft.
func (p Past) Decide(ctx context.Context, set *policy.Set, e events.ReadRecorded) (Replayed, error) {
	d := e.Decided
	switch {
	case e.What != "view" && e.What != "search":
		return Replayed{}, fmt.Errorf("%w: no item was decided on, only who may ask", ErrNoReplay)
	case e.Child == "":
		return Replayed{}, fmt.Errorf("%w: nothing was shown, and of what, nobody wrote down", ErrNoReplay)
	case d == nil:
		return Replayed{}, fmt.Errorf("%w: it was recorded before reads said what they rest on", ErrNoReplay)
	}
	var again Replayed
	g := newGate(set, p.as(e, func(_ context.Context, r events.ReadRecorded) error { again.Entry = r; return nil }))
	g.trace = func(v Verdict) { again.Verdicts = append(again.Verdicts, v) }
	r := events.Reader{Actor: e.Reader, Agency: e.Agency, Kind: e.Kind, Role: events.ReaderRole(e.Role)}
	var err error
	if e.What == "search" {
		_, err = g.Search(ctx, r, events.Query{}, e.Purpose)
	} else {
		_, err = g.Child(ctx, r, e.Child, e.Purpose, e.AsKnownAt)
	}
	if err != nil && !absent(err) {
		return Replayed{}, fmt.Errorf("decide again: %w", err)
	}
	return again, nil
}

// as is what a gate stood on when a read was decided.
func (p Past) as(e events.ReadRecorded, record func(context.Context, events.ReadRecorded) error) Config {
	d, end := e.Decided, store.Position(e.Decided.Log)
	c := Config{Record: record, Now: func() time.Time { return d.At }, Agencies: []events.Agency{{ID: e.Agency, Kind: e.Kind}}}
	if d.Authority {
		c.Authority = e.Agency
	}
	if p.Store != nil {
		c.Store = p.Store(end)
	}
	c.Sources = Sources{
		Picture: func(ctx context.Context, child events.ChildID, asKnownAt *time.Time) (events.Picture, error) {
			return p.Picture(ctx, child, asKnownAt, end, d.At)
		},
		Find: func(context.Context, events.Query) ([]events.ChildID, error) { return []events.ChildID{e.Child}, nil },
		Concern: func(context.Context, string) (events.ConcernStatus, error) {
			return events.ConcernStatus{}, errElsewhere
		},
		Concerns: func(context.Context, events.AgencyID) ([]events.ConcernStatus, error) { return nil, errElsewhere },
	}
	return c
}

// Differs says in what a read that was decided again is not what was recorded;
// nothing, if it is.
func Differs(recorded, again events.ReadRecorded) (how []string) {
	for _, id := range recorded.Shown {
		if !slices.Contains(again.Shown, id) {
			how = append(how, fmt.Sprintf("item %s was shown and would be withheld", id))
		}
	}
	for _, id := range again.Shown {
		if !slices.Contains(recorded.Shown, id) {
			how = append(how, fmt.Sprintf("item %s was withheld and would be shown", id))
		}
	}
	if recorded.Withheld != again.Withheld {
		how = append(how, fmt.Sprintf("%d were withheld, now %d", recorded.Withheld, again.Withheld))
	}
	if recorded.Label != again.Label {
		how = append(how, fmt.Sprintf("its label was %s, now %s", recorded.Label, again.Label))
	}
	if recorded.Policy != again.Policy {
		how = append(how, "it was decided by another set of policies")
	}
	return how
}

// about says which child a read is about, and what its decisions rest on.
func (r *reading) about(child events.ChildID) {
	r.entry.Child = child
	r.entry.Decided = &events.Decided{At: r.now.UTC(), Log: r.today.Log, Authority: r.who.Authority}
}

func (r *reading) traced(h events.Held, t policy.Thing, is verdict) {
	if r.trace == nil {
		return
	}
	see := is.see
	if !see.Allow { // the reason costs more than the decision
		see = r.decide(policy.See, t)
	}
	v := Verdict{Item: h.ID, Agency: h.Agency, Kind: h.Kind, Label: h.Label, Shown: see.Allow, Reason: see.Reason}
	if len(see.Grounds) > 0 {
		v.Policy = see.Grounds[0].Policy
	}
	r.trace(v)
}
