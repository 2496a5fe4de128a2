package store_test

import (
	"errors"
	"fmt"
	"testing"

	"kith/events/store"
)

// A log until a position is what it was: streams end there, following ends there,
// and nothing can be added.
func TestUntil(t *testing.T) {
	f := newStore(t)
	for i := range 5 {
		f.add(t, "child-a", fmt.Sprint(i), unlinked)
		f.add(t, "child-b", fmt.Sprint(i), unlinked)
	}
	for end := range store.Position(11) {
		was := store.New(store.Until(f.log, end), f.keys)
		if last, err := was.Last(t.Context()); err != nil || last != end {
			t.Errorf("until %d: last is %d, %v", end, last, err)
		}
		read, followed := 0, 0
		for _, stream := range []store.Stream{"child-a", "child-b"} {
			for e, err := range was.Read(t.Context(), stream, 0) {
				if read++; err != nil || e.Position > end {
					t.Errorf("until %d: read %d, %v", end, e.Position, err)
				}
			}
		}
		for e, err := range was.Follow(t.Context(), 0) {
			if followed++; err != nil || e.Position > end {
				t.Errorf("until %d: followed to %d, %v", end, e.Position, err)
			}
		}
		if read != int(end) || followed != int(end) {
			t.Errorf("until %d: read %d, followed %d", end, read, followed)
		}
	}
	was := store.New(store.Until(f.log, 100), f.keys)
	if last, err := was.Last(t.Context()); err != nil || last != 10 {
		t.Errorf("an end that is still to come: last is %d, %v", last, err)
	}
	_, err := was.Append(t.Context(), store.Batch{Stream: "child-a", Expect: store.Any, Cause: cause("late"), Events: nil})
	if err == nil || errors.Is(err, store.ErrConflict) || len(f.read(t, "child-a")) != 5 {
		t.Errorf("the past took an event: %v", err)
	}
}
