package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"kith/events"
	"kith/events/store"
)

// subjects is how many links a stream holds.
func subjects(n int, e events.Identity) int {
	switch e.(type) {
	case events.SubjectLinked:
		return n + 1
	case events.SubjectUnlinked:
		return n - 1
	default:
		return n
	}
}

// linkUpTo links one more subject unless there are that many.
func linkUpTo(most int) func(int) ([]events.Identity, error) {
	return func(n int) ([]events.Identity, error) {
		if n >= most {
			return nil, nil
		}
		return []events.Identity{events.SubjectLinked{Child: "c", Subject: events.SubjectID(fmt.Sprint(n))}}, nil
	}
}

func (f fixture) link(ctx context.Context, because string, most int) (store.Appended, error) {
	return store.Transact(ctx, f.Store, "child-c", cause(because), subjects, linkUpTo(most))
}

func TestTransact(t *testing.T) {
	f := newStore(t)
	for i := range 3 {
		at, err := f.link(t.Context(), fmt.Sprint(i), 2)
		if err != nil {
			t.Fatal(err)
		}
		if want := store.Revision(i + 1); i < 2 && at.Revision != want || i == 2 && at != (store.Appended{}) {
			t.Errorf("round %d: at %+v", i, at)
		}
	}
	if n, rev, err := store.Fold(t.Context(), f.Store, "child-c", subjects); n != 2 || rev != 2 || err != nil {
		t.Errorf("%d subjects at %d, %v", n, rev, err)
	}
}

// TestTransactRaces lets more writers race than there is room for: whoever
// succeeds decided on what is really there.
func TestTransactRaces(t *testing.T) {
	f := newStore(t)
	const writers, most = 24, 10
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i := range errs {
		wg.Go(func() {
			for errs[i] = store.ErrConflict; errors.Is(errs[i], store.ErrConflict); {
				_, errs[i] = f.link(t.Context(), fmt.Sprint(i), most)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	es := f.read(t, "child-c")
	if len(es) != most {
		t.Fatalf("%d subjects are linked", len(es))
	}
	for i, e := range es {
		if got := e.Event.(events.SubjectLinked).Subject; got != events.SubjectID(fmt.Sprint(i)) {
			t.Errorf("event %d decided when there were %s", i, got)
		}
	}
}

// TestTransactIsFair lets many writers race who all have something to add: each
// gets its turn without asking again.
func TestTransactIsFair(t *testing.T) {
	f := newStore(t)
	const writers = 24
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if _, err := f.link(t.Context(), fmt.Sprint(i), writers); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if n := len(f.read(t, "child-c")); n != writers {
		t.Errorf("%d events of %d writers", n, writers)
	}
}

func TestTransactHeedsItsContext(t *testing.T) {
	f := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	_, err := store.Transact(ctx, f.Store, "child-c", cause("slow"), subjects, func(int) ([]events.Identity, error) {
		tries++
		f.add(t, "child-c", fmt.Sprint("faster", tries), unlinked)
		if tries == 3 {
			cancel()
		}
		return []events.Identity{unlinked}, nil
	})
	if !errors.Is(err, context.Canceled) || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

func TestTransactGivesUp(t *testing.T) {
	f := newStore(t)
	tries := 0
	_, err := store.Transact(t.Context(), f.Store, "child-c", cause("slow"), subjects, func(int) ([]events.Identity, error) {
		tries++
		f.add(t, "child-c", fmt.Sprint("faster", tries), unlinked)
		return []events.Identity{unlinked}, nil
	})
	if !errors.Is(err, store.ErrConflict) || tries < 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
	if n := len(f.read(t, "child-c")); n != tries {
		t.Errorf("%d events", n)
	}
}

func TestTransactHandsOnARefusal(t *testing.T) {
	f := newStore(t)
	refusal := errors.New("no")
	_, err := store.Transact(t.Context(), f.Store, "child-c", cause("one"), subjects, func(int) ([]events.Identity, error) {
		return []events.Identity{unlinked}, refusal
	})
	if !errors.Is(err, refusal) || len(f.read(t, "child-c")) != 0 {
		t.Errorf("%v", err)
	}
}

func TestFoldRefusesForeignEvents(t *testing.T) {
	f := newStore(t)
	f.add(t, "child-c", "one", unlinked)
	f.add(t, "child-c", "two", events.ReadRecorded{What: "view"})
	if _, _, err := store.Fold(t.Context(), f.Store, "child-c", subjects); err == nil {
		t.Error("folded an event of another kind")
	}
	if _, err := f.link(t.Context(), "three", 9); err == nil {
		t.Error("wrote to a stream with an event of another kind")
	}
}
