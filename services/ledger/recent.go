package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"kith/events/store"
)

// Recent returns the newest n reads, newest first; fewer where there are decisions
// on findings among them. It walks the ledger from n
// entries before its end.
func (l *Ledger) Recent(ctx context.Context, n int) ([]Entry, error) {
	last, err := l.store.Last(ctx)
	if err != nil || last == 0 || n <= 0 {
		return nil, err
	}
	from, err := l.before(ctx, last, n)
	if err != nil {
		return nil, err
	}
	var found []Entry
	for e, err := range l.store.Follow(ctx, from) {
		if err != nil && e.Position == 0 {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		if isRead(e) {
			read, err := entry(e, err)
			if err != nil {
				return nil, fmt.Errorf("read the ledger: %w", err)
			}
			found = append(found, read)
		}
		if e.Position >= last {
			break
		}
	}
	slices.Reverse(found)
	return found[:min(n, len(found))], ctx.Err()
}

// From yields every read after a position, oldest first, and ends with the newest
// at the time of the call.
func (l *Ledger) From(ctx context.Context, after store.Position) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		last, err := l.store.Last(ctx)
		if err != nil {
			yield(Entry{}, fmt.Errorf("read the ledger: %w", err))
			return
		}
		if last <= after {
			return
		}
		for e, err := range l.store.Follow(ctx, after) {
			if err != nil && e.Position == 0 {
				yield(Entry{}, fmt.Errorf("read the ledger: %w", err))
				return
			}
			if isRead(e) {
				read, err := entry(e, err)
				if !yield(read, err) || err != nil {
					return
				}
			}
			if e.Position >= last {
				return
			}
		}
	}
}

// before is a position with at least n entries between it and last, if there
// are so many.
func (l *Ledger) before(ctx context.Context, last store.Position, n int) (store.Position, error) {
	switch {
	case l.tail != nil:
		return l.tail.before(ctx, l.store, last, n)
	case last > store.Position(n):
		return last - store.Position(n), nil
	default:
		return 0, nil
	}
}

// tail knows the positions of the newest entries, and not what they say.
type tail struct {
	mu sync.Mutex
	at []store.Position
}

// longestTail is how many positions are known; who asks for more walks the
// whole ledger.
const longestTail = 10_000

func (t *tail) before(ctx context.Context, s *store.Store, last store.Position, n int) (store.Position, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var from store.Position
	if len(t.at) > 0 {
		from = t.at[len(t.at)-1]
	}
	if from < last {
		for e, err := range s.Follow(ctx, from) {
			if err != nil && e.Position == 0 {
				return 0, fmt.Errorf("read the ledger: %w", err)
			}
			t.add(e.Position)
			if e.Position >= last {
				break
			}
		}
	}
	if len(t.at) <= n {
		return 0, ctx.Err()
	}
	return t.at[len(t.at)-1-n], ctx.Err()
}

func (t *tail) add(p store.Position) {
	if len(t.at) >= 2*longestTail {
		t.at = slices.Clone(t.at[longestTail:])
	}
	t.at = append(t.at, p)
}
