// Package ledger remembers who looked at what, when and why. It is a log of its
// own, apart from the event log, and every read is in it before its answer leaves.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"kith/events"
	"kith/events/store"
)

// Ledger records reads.
type Ledger struct {
	store *store.Store
	tail  *tail // nil where positions are dense
}

// New returns a Ledger in a store that holds nothing else, and whose positions
// are dense: 1, 2, 3.
func New(s *store.Store) *Ledger { return &Ledger{store: s} }

// NewSparse is New for a store whose positions only ascend. There Recent has to
// walk the whole ledger once; then it knows where the newest lie.
func NewSparse(s *store.Store) *Ledger { return &Ledger{store: s, tail: &tail{}} }

// Entry is a read as it was recorded.
type Entry struct {
	Position store.Position `json:"position"`
	At       time.Time      `json:"at"`
	events.ReadRecorded
}

// errWhose reports a read that does not say who read.
var errWhose = errors.New("a read needs its reader, agency and what was read")

// Record returns after the read is on stable storage, with its place in the
// ledger. Each call is another read, even if all it says is the same.
func (l *Ledger) Record(ctx context.Context, r events.ReadRecorded) (store.Position, error) {
	if r.Reader == "" || r.Agency == "" || r.What == "" {
		return 0, errWhose
	}
	at, err := l.store.Append(ctx, store.Batch{
		Stream: stream(r.Child), Expect: store.Any, Events: []events.Event{r},
		Cause: store.Cause{By: r.Reader, For: r.Agency, Purpose: r.Purpose, Because: uuid.NewString()},
	})
	if err != nil {
		return 0, fmt.Errorf("record a read: %w", err)
	}
	return at[0].Position, nil
}

// Entries yields the reads about one child, oldest first. With no child it
// yields those that found nobody.
func (l *Ledger) Entries(ctx context.Context, child events.ChildID) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range l.store.Read(ctx, stream(child), 0) {
			if !yield(entry(e, err)) {
				return
			}
		}
	}
}

// About is Entries as a list; empty, not nil, where there is none.
func (l *Ledger) About(ctx context.Context, child events.ChildID) ([]Entry, error) {
	es := []Entry{}
	for e, err := range l.Entries(ctx, child) {
		if err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		es = append(es, e)
	}
	return es, nil
}

// entry is what was recorded. Where the key of a child's reads was destroyed,
// that somebody read, for whom and why is known still; What and Label are empty
// then.
func entry(e store.Event, err error) (Entry, error) {
	if errors.Is(err, store.ErrKeyGone) {
		r := events.ReadRecorded{Reader: e.Cause.By, Agency: e.Cause.For, Purpose: e.Cause.Purpose}
		if e.Stream != nobody {
			r.Child = events.ChildID(strings.TrimPrefix(string(e.Stream), prefix))
		}
		e.Event = r
		err = nil
	}
	r, _ := e.Event.(events.ReadRecorded) // the stream holds nothing else
	return Entry{Position: e.Position, At: e.At, ReadRecorded: r}, err
}

// isRead tells reads from what else lies in the ledger.
func isRead(e store.Event) bool { return events.Newest(e.Type) == events.ReadRecorded{}.Type() }

// The reads about a child lie in a stream that is named after it.
const (
	prefix = "ledger-"
	nobody = prefix + "none"
)

func stream(c events.ChildID) store.Stream {
	if c == "" {
		return nobody
	}
	return store.Stream(prefix + c)
}
