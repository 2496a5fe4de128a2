package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"kith/events/store"
)

// TestTail appends more than the tail holds and follows from everywhere: before
// the tail, at its edge, within it.
func TestTail(t *testing.T) {
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var last store.Position
	for last < 3*tailEvents {
		w := store.Write{Stream: "x-1", Expect: store.Any, Cause: store.Cause{By: "test", For: "test", Because: fmt.Sprint(last)}}
		for range 1 + rand.IntN(700) {
			w.Entries = append(w.Entries, store.Entry{ID: uuid.New(), Type: "test.v1", Data: make([]byte, rand.IntN(3000))})
		}
		at, err := l.Append(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		last = at[0].Position
		if n, b := len(l.tail.rows), l.tail.bytes; n > tailEvents || b > tailBytes || n == 0 || l.tail.rows[n-1].Position != last {
			t.Fatalf("the tail holds %d events, %d bytes", n, b)
		}
	}
	edge := l.tail.rows[0].Position
	for _, from := range []store.Position{0, edge - 2, edge - 1, edge, last - 1, store.Position(rand.Uint64N(uint64(last)))} {
		ctx, cancel := context.WithCancel(t.Context())
		p := from
		for r, err := range l.Follow(ctx, from) {
			if err != nil || r.Position != p+1 || r.Revision != store.Revision(p+1) {
				t.Fatalf("from %d, after %d: %d, %v", from, p, r.Position, err)
			}
			if p = r.Position; p == last {
				break
			}
		}
		cancel()
	}
}
