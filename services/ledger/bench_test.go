package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/ledger"
	"kith/services/ledger/unusual"
)

// BenchmarkReview compares a month of 16,000 looks at 1,500 children, of whom
// everything is known, as the first list of a day does.
func BenchmarkReview(b *testing.B) {
	log, err := sqlite.Open(b.Context(), b.TempDir()+"/ledger.db")
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	k, err := keys.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	s := store.New(log, k)
	known := unusual.Known{Staff: map[events.ActorID]unusual.Staff{}, Children: map[events.ChildID]unusual.Child{}}
	for n := 0; n < 16_000; n += 100 {
		var bs []store.Batch
		for i := range 100 {
			r := read
			r.Reader, r.Child = events.ActorID(fmt.Sprint("reader-", (n+i)%170)), events.ChildID(fmt.Sprint("c", (n+i)%1500))
			known.Children[r.Child] = unusual.Child{Work: make([]unusual.Work, 40)}
			bs = append(bs, store.Batch{Stream: store.Stream("ledger-" + r.Child), Expect: store.Any, Events: []events.Event{r},
				Cause: store.Cause{By: r.Reader, For: r.Agency, Because: fmt.Sprint(n + i)}})
		}
		if _, err := s.Append(b.Context(), bs...); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		r := &ledger.Review{Ledger: ledger.New(s), Limits: unusual.Default(), Now: time.Now,
			Known: func(context.Context, []events.ChildID) (unusual.Known, error) { return known, nil }}
		if _, err := r.List(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
