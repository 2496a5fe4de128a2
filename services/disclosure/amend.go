package disclosure

import (
	"context"
	"errors"
	"fmt"

	"kith/events"
	"kith/events/store"
)

// amendments are how often a change of the restrictions is tried when others
// write at the same time.
const amendments = 32

// amend lets decide choose what is added to the restrictions. It is Transact over
// a book that is kept between two calls. No events means nothing to do.
func (g *Gate) amend(ctx context.Context, c store.Cause, decide func(book) ([]events.Restriction, error)) error {
	for range amendments {
		w, err := g.book(ctx)
		if err != nil {
			return err
		}
		chosen, err := decide(w.book)
		if err != nil || len(chosen) == 0 {
			return err
		}
		es := make([]events.Event, len(chosen))
		for i, e := range chosen {
			es[i] = e
		}
		_, err = g.Store.Append(ctx, store.Batch{Stream: restrictionStream, Expect: w.revision, Cause: c, Events: es})
		if !errors.Is(err, store.ErrConflict) {
			return wrapped(err)
		}
	}
	return fmt.Errorf("change restrictions: %w", store.ErrConflict)
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("change restrictions: %w", err)
	}
	return nil
}

// named derives an id of something that a request leads to, so that the request
// sent again leads to the same.
func named(c store.Cause, e events.Event) string {
	return store.NewEventID(restrictionStream, c.Because, e.Type(), 0).String()
}
