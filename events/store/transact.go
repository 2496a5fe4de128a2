package store

import (
	"context"
	"errors"
	"fmt"

	"kith/events"
)

const attempts = 5

// Transact reads st, folds it into a state, lets decide choose new events and
// appends them. If another writer was faster it starts again, so decide must
// be a function of its argument alone. No events means nothing to do. The
// answer is where the last event lies; the zero Appended when there was none.
//
// E closes what the stream may hold: a service can neither read nor write an
// event that is not of its own kind.
func Transact[S any, E events.Event](ctx context.Context, s *Store, st Stream, c Cause,
	evolve func(S, E) S, decide func(S) ([]E, error)) (Appended, error) {
	for range attempts {
		state, rev, err := Fold(ctx, s, st, evolve)
		if err != nil {
			return Appended{}, err
		}
		chosen, err := decide(state)
		if err != nil || len(chosen) == 0 {
			return Appended{}, err
		}
		es := make([]events.Event, len(chosen))
		for i, e := range chosen {
			es[i] = e
		}
		at, err := s.Append(ctx, Batch{Stream: st, Expect: rev, Cause: c, Events: es})
		if err == nil {
			return at[0], nil
		}
		if !errors.Is(err, ErrConflict) {
			return Appended{}, err
		}
	}
	return Appended{}, fmt.Errorf("%s after %d attempts: %w", st, attempts, ErrConflict)
}

// Fold reads a stream into a state and says at which revision it stands.
func Fold[S any, E events.Event](ctx context.Context, s *Store, st Stream, evolve func(S, E) S) (S, Revision, error) {
	var state S
	var rev Revision
	for r, err := range s.Read(ctx, st, 0) {
		if err != nil {
			return state, rev, fmt.Errorf("read %s: %w", st, err)
		}
		e, ok := r.Event.(E)
		if !ok {
			return state, rev, fmt.Errorf("read %s: foreign event %s", st, r.Event.Type())
		}
		state, rev = evolve(state, e), r.Revision
	}
	return state, rev, nil
}
