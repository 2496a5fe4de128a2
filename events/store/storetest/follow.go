package storetest

import (
	"context"
	"testing"
	"time"

	"kith/events/store"
)

func followAll(t *testing.T, l store.Log) {
	mustAppend(t, l, write("x-1", 0, "a"))
	mustAppend(t, l, write("x-2", 0, "b"))
	mustAppend(t, l, write("x-1", 1, "c"))
	expect(t, follow(t, l, 0, 3), "x-1/1 a", "x-2/1 b", "x-1/2 c")
}

func followMiddle(t *testing.T, l store.Log) {
	mustAppend(t, l, write("x-1", 0, "a"))
	at := mustAppend(t, l, write("x-2", 0, "b"))
	mustAppend(t, l, write("x-1", 1, "c", "d"))
	expect(t, follow(t, l, at[0].Position, 2), "x-1/2 c", "x-1/3 d")
}

func followLater(t *testing.T, l store.Log) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	mustAppend(t, l, write("x-1", 0, "a"))
	var got []store.Recorded
	for r, err := range l.Follow(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, r); len(got) == 4 {
			break
		}
		// Written only now that the follower has seen everything there was.
		mustAppend(t, l, write("x-1", store.Any, "b"))
	}
	expect(t, got, "x-1/1 a", "x-1/2 b", "x-1/3 b", "x-1/4 b")
}

func followEnds(t *testing.T, l store.Log) {
	at := mustAppend(t, l, write("x-1", 0, "a"))
	for _, after := range []store.Position{0, at[0].Position} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		for r, err := range l.Follow(ctx, after) {
			if err != nil {
				t.Errorf("after %d: %v", after, err)
			}
			if r.Position <= after {
				t.Errorf("after %d came %d", after, r.Position)
			}
		}
		if ctx.Err() == nil {
			t.Errorf("after %d: ended by itself", after)
		}
		cancel()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range l.Follow(ended, 0) {
		if err != nil {
			t.Error(err)
		}
	}
}

func reopen(t *testing.T, open Open) {
	dir := t.TempDir()
	l, c := open(t, dir)
	w := write("x-1", 0, "a", "b")
	first := mustAppend(t, l, w, write("x-2", 0, "c"))
	before := follow(t, l, 0, 3)
	closed(t, c)

	l, c = open(t, dir)
	defer closed(t, c)
	after := follow(t, l, 0, 3)
	expect(t, after, "x-1/1 a", "x-1/2 b", "x-2/1 c")
	for i := range after {
		if i < len(before) && (after[i].ID != before[i].ID || after[i].Cause != before[i].Cause || !after[i].At.Equal(before[i].At)) {
			t.Errorf("was %+v, is %+v", before[i], after[i])
		}
	}
	same(t, first[:1], mustAppend(t, l, w))
	if p, err := l.Last(t.Context()); err != nil || p != first[1].Position {
		t.Errorf("last is %d, %v", p, err)
	}
	next := mustAppend(t, l, write("x-1", 2, "d"))[0]
	if next.Position <= first[1].Position || next.At.Before(first[1].At) {
		t.Errorf("went on at %+v after %+v", next, first[1])
	}
}
