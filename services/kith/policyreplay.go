package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/childview"
	"kith/services/disclosure"
	"kith/services/disclosure/policy"
	"kith/services/ledger"
)

// past decides reads again on what the log held then.
func (r *record) past() disclosure.Past {
	view := childview.Past(r.store)
	return disclosure.Past{
		Picture: view.PictureUntil,
		Store:   func(end store.Position) *store.Store { return store.New(store.Until(r.log, end), r.keys) },
	}
}

// replays decides reads of a ledger again.
type replays struct {
	dir    string
	ledger *ledger.Ledger
	past   disclosure.Past
	sets   map[string]*policy.Set
}

func newReplays(dir string, r *record) *replays {
	return &replays{dir: dir, ledger: r.ledger, past: r.past(), sets: map[string]*policy.Set{}}
}

// replayedRead is a read beside what decides it today: by the same policies, on
// what the log held then.
type replayedRead struct {
	Read     store.Position       `json:"read"`
	At       time.Time            `json:"at"`
	Reader   events.ActorID       `json:"reader"`
	Agency   events.AgencyID      `json:"agency"`
	Role     string               `json:"role"`
	Purpose  events.Purpose       `json:"purpose"`
	What     string               `json:"what"`
	Child    events.ChildID       `json:"child,omitempty"`
	Policy   string               `json:"policy,omitempty"`
	Same     bool                 `json:"same"`
	Differs  []string             `json:"differs,omitempty"`
	Note     string               `json:"note,omitempty"` // why it cannot be decided again
	Verdicts []disclosure.Verdict `json:"verdicts,omitempty"`
}

// set is the one with a hash, from the hub's folder.
func (r *replays) set(hash string) (*policy.Set, error) {
	if s, ok := r.sets[hash]; ok {
		return s, nil
	}
	s, err := keptPolicies(r.dir, hash)
	if err == nil {
		r.sets[hash] = s
	}
	return s, err
}

// again decides one read again. What cannot be is no error but a note.
func (r *replays) again(ctx context.Context, e ledger.Entry) (replayedRead, error) {
	out := replayedRead{Read: e.Position, At: e.At, Reader: e.Reader, Agency: e.Agency, Role: e.Role, Purpose: e.Purpose, What: e.What,
		Child: e.Child, Policy: e.Policy}
	if e.What == "" {
		out.Note = "the key of this child’s reads was destroyed"
		return out, nil
	}
	if e.Decided == nil { // said before the set is looked for
		_, err := r.past.Decide(ctx, nil, e.ReadRecorded)
		return out.noted(err)
	}
	set, err := r.set(e.Policy)
	if err != nil {
		return out, err
	}
	d, err := r.past.Decide(ctx, set, e.ReadRecorded)
	if err != nil {
		return out.noted(err)
	}
	out.Verdicts, out.Differs = d.Verdicts, disclosure.Differs(e.ReadRecorded, d.Entry)
	out.Same = len(out.Differs) == 0
	return out, nil
}

func (o replayedRead) noted(err error) (replayedRead, error) {
	if errors.Is(err, disclosure.ErrNoReplay) {
		o.Note = err.Error()
		return o, nil
	}
	return o, err
}

// replaySum is what many replays come to.
type replaySum struct {
	Reads     int `json:"reads"`
	Same      int `json:"same"`
	Different int `json:"different"`
	Not       int `json:"not"` // cannot be decided again: see the note of each
}

func (s *replaySum) add(r replayedRead) {
	s.Reads++
	switch {
	case r.Note != "":
		s.Not++
	case r.Same:
		s.Same++
	default:
		s.Different++
	}
}

// one replays the read at a position of the ledger.
func (r *replays) one(ctx context.Context, at store.Position) (replayedRead, error) {
	for e, err := range r.ledger.From(ctx, at-1) {
		switch {
		case err != nil:
			return replayedRead{}, err
		case e.Position != at:
			return replayedRead{}, noRead(at)
		}
		return r.again(ctx, e)
	}
	return replayedRead{}, noRead(at)
}

func noRead(at store.Position) error {
	return fmt.Errorf("the ledger has no entry at position %d: the page and the API of who looked name those there are", at)
}

// all replays every read and tells of those that differ.
func (r *replays) all(ctx context.Context, tell func(policyLine) error) error {
	var sum replaySum
	for e, err := range r.ledger.From(ctx, 0) {
		if err != nil {
			return err
		}
		out, err := r.again(ctx, e)
		if err != nil {
			return fmt.Errorf("read %d: %w", e.Position, err)
		}
		if sum.add(out); out.Note == "" && !out.Same {
			err = tell(policyLine{Read: &out})
		} else {
			err = tell(policyLine{Progress: sum.Reads})
		}
		if err != nil {
			return err
		}
	}
	return tell(policyLine{Replayed: &sum})
}
