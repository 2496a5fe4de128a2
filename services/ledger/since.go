package ledger

import (
	"context"
	"fmt"
	"sort"
	"time"

	"kith/events/store"
)

// Since returns the reads from a moment on, oldest first. Where positions are
// dense it finds the first by halving, else it walks the whole ledger.
func (l *Ledger) Since(ctx context.Context, from time.Time) ([]Entry, error) {
	last, err := l.store.Last(ctx)
	if err != nil || last == 0 {
		return nil, err
	}
	after, err := l.first(ctx, from, last)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	var found []Entry
	for e, err := range l.store.Scan(ctx, after, last, nil) {
		if err != nil && e.Position == 0 {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		if !isRead(e) || e.At.Before(from) {
			continue
		}
		read, err := entry(e, err)
		if err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		found = append(found, read)
	}
	return found, nil
}

// first is a position after which everything from a moment on lies.
func (l *Ledger) first(ctx context.Context, from time.Time, last store.Position) (store.Position, error) {
	if l.tail != nil {
		return 0, nil
	}
	var failed error
	n := sort.Search(int(last), func(p int) bool {
		at, err := l.store.Next(ctx, store.Position(p))
		failed = err
		return err != nil || !at.Before(from)
	})
	return store.Position(n), failed
}
