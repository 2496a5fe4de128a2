package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"kith/events"
)

// Between its attempts a writer waits by chance, from one attempt to the next
// for longer, so that many who race for one stream all get their turn.
const (
	attempts = 16
	shortest = time.Millisecond
	longest  = 100 * time.Millisecond
)

// Transact reads st, folds it into a state, lets decide choose new events and
// appends them. If another writer was faster it waits a little and starts
// again, so decide must be a function of its argument alone. After about a
// second of that it gives up with ErrConflict. No events means nothing to do.
// The answer is where the last event lies; the zero Appended when there was none.
//
// E closes what the stream may hold: a service can neither read nor write an
// event that is not of its own kind.
func Transact[S any, E events.Event](ctx context.Context, s *Store, st Stream, c Cause,
	evolve func(S, E) S, decide func(S) ([]E, error)) (Appended, error) {
	for n := range attempts {
		if err := pause(ctx, n); err != nil {
			return Appended{}, err
		}
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

// pause waits before the n-th attempt; not before the first.
func pause(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	t := time.NewTimer(rand.N(min(longest, shortest<<n)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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
