package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"kith/events/store"
)

const racers = 16

func race(t *testing.T, l store.Log) {
	var wg sync.WaitGroup
	errs := make([]error, racers)
	for i := range errs {
		wg.Go(func() {
			// Who loses must leave nothing of its other stream either.
			other := write(store.Stream(fmt.Sprint("other-", i)), 0, "b")
			_, errs[i] = l.Append(t.Context(), write("x-1", 0, "a"), other)
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		others := len(read(t, l, store.Stream(fmt.Sprint("other-", i)), 0))
		if err == nil {
			won++
		} else if !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
		if (err == nil) != (others == 1) {
			t.Errorf("racer %d: %v, and %d events in its own stream", i, err, others)
		}
	}
	if won != 1 {
		t.Errorf("%d appends won", won)
	}
	expect(t, read(t, l, "x-1", 0), "x-1/1 a")
}

// raceLast is race with the contested place at the end, when the rest is done.
func raceLast(t *testing.T, l store.Log) {
	mustAppend(t, l, write("x-1", 0, "a"))
	var wg sync.WaitGroup
	errs := make([]error, racers)
	for i := range errs {
		wg.Go(func() {
			own, all := write(store.Stream(fmt.Sprint("other-", i)), store.Any, "b"), write("all-1", store.Any, "c")
			_, errs[i] = l.Append(t.Context(), own, all, write("x-1", 1, "d"))
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		others := len(read(t, l, store.Stream(fmt.Sprint("other-", i)), 0))
		if err == nil {
			won++
		} else if !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
		if (err == nil) != (others == 1) {
			t.Errorf("racer %d: %v, and %d events in its own stream", i, err, others)
		}
	}
	if won != 1 {
		t.Errorf("%d appends won", won)
	}
	expect(t, read(t, l, "x-1", 0), "x-1/1 a", "x-1/2 d")
	expect(t, read(t, l, "all-1", 0), "all-1/1 c")
}

func raceRepeated(t *testing.T, l store.Log) {
	w := write("x-1", 0, "a", "b")
	var wg sync.WaitGroup
	at := make([][]store.Appended, racers)
	for i := range at {
		wg.Go(func() {
			var err error
			if at[i], err = l.Append(t.Context(), w); err != nil {
				t.Error(err)
				at[i] = make([]store.Appended, 1)
			}
		})
	}
	wg.Wait()
	for _, a := range at {
		same(t, at[0], a)
	}
	expect(t, read(t, l, "x-1", 0), "x-1/1 a", "x-1/2 b")
}

const each = 25

// crowd appends from many at once, each to a stream of its own and one event
// to a stream of all.
func crowd(t *testing.T, l store.Log) {
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			own := store.Stream(fmt.Sprint("own-", i))
			for rev := range store.Revision(each) {
				if _, err := l.Append(t.Context(), write(own, rev, "a")); err != nil {
					t.Error(err)
				}
			}
			if _, err := l.Append(t.Context(), write("all-1", store.Any, "b")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func concurrent(t *testing.T, l store.Log) {
	crowd(t, l)
	for i := range racers {
		if n := len(read(t, l, store.Stream(fmt.Sprint("own-", i)), 0)); n != each {
			t.Errorf("stream %d has %d events", i, n)
		}
	}
	if n := len(read(t, l, "all-1", 0)); n != racers {
		t.Errorf("the stream of all has %d events", n)
	}
}

func followWhileAppending(t *testing.T, l store.Log) {
	const all = racers * (each + 1)
	var followers, appenders sync.WaitGroup
	for range 4 {
		followers.Go(func() {
			heads := map[store.Stream]store.Revision{}
			var p store.Position
			got := follow(t, l, 0, all)
			for _, r := range got {
				if r.Position <= p || r.Revision != heads[r.Stream]+1 {
					t.Errorf("%s/%d at %d after %s/%d at %d", r.Stream, r.Revision, r.Position, r.Stream, heads[r.Stream], p)
				}
				heads[r.Stream], p = r.Revision, r.Position
			}
			if len(got) != all {
				t.Errorf("followed %d of %d", len(got), all)
			}
		})
	}
	appenders.Go(func() { crowd(t, l) })
	appenders.Wait()
	followers.Wait()
}
