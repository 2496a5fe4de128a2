package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"kith/events/store"
)

func readsEmpty(t *testing.T, l store.Log) {
	expect(t, read(t, l, "x-1", 0))
}

func keepsOrder(t *testing.T, l store.Log) {
	at := mustAppend(t, l, write("x-1", 0, "a", "b"))
	if at[0].Revision != 2 {
		t.Errorf("at revision %d", at[0].Revision)
	}
	mustAppend(t, l, write("x-1", 2, "c"))
	expect(t, read(t, l, "x-1", 0), "x-1/1 a", "x-1/2 b", "x-1/3 c")
}

func keepsEverything(t *testing.T, l store.Log) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	for i, data := range [][]byte{big, {0, 1, 255}, {}, nil} {
		w := write("x-1", store.Revision(i), "")
		w.Entries[0].Data = data
		before := time.Now().Add(-time.Second)
		at := mustAppend(t, l, w)[0]
		got := read(t, l, "x-1", store.Revision(i))
		if len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		r := got[0]
		if r.ID != w.Entries[0].ID || r.Type != "test.v1" || r.Cause != w.Cause || !bytes.Equal(r.Data, data) {
			t.Errorf("%d bytes changed: %s %s %+v", len(data), r.ID, r.Type, r.Cause)
		}
		if r.Position != at.Position || r.Revision != at.Revision || !r.At.Equal(at.At) {
			t.Errorf("lies at %d, %d, %v; append said %+v", r.Position, r.Revision, r.At, at)
		}
		if r.At.Before(before) || r.At.After(time.Now().Add(time.Second)) {
			t.Errorf("recorded at %v", r.At)
		}
	}
}

func readsAfter(t *testing.T, l store.Log) {
	mustAppend(t, l, write("x-1", 0, "a", "b", "c"))
	expect(t, read(t, l, "x-1", 1), "x-1/2 b", "x-1/3 c")
	expect(t, read(t, l, "x-1", 3))
}

// severalStreams says nothing of what a conflict on the second write leaves of
// the first: the contract leaves that to the log.
func severalStreams(t *testing.T, l store.Log) {
	at := mustAppend(t, l, write("x-1", 0, "a", "b"), write("x-2", 0, "c"))
	if at[0].Revision != 2 || at[1].Revision != 1 || at[1].Position <= at[0].Position {
		t.Errorf("at %+v", at)
	}
	expect(t, follow(t, l, 0, 3), "x-1/1 a", "x-1/2 b", "x-2/1 c")
	at = mustAppend(t, l, write("x-1", 2, "d"), write("x-1", 3, "e"))
	if at[0].Revision != 3 || at[1].Revision != 4 {
		t.Errorf("twice in one stream: at %+v", at)
	}
}

func stale(t *testing.T, l store.Log) {
	mustAppend(t, l, write("x-1", 0, "a"))
	for _, expect := range []store.Revision{0, 2} {
		if _, err := l.Append(t.Context(), write("x-1", expect, "b")); !errors.Is(err, store.ErrConflict) {
			t.Errorf("at 1, expecting %d: %v", expect, err)
		}
	}
	expect(t, read(t, l, "x-1", 0), "x-1/1 a")
}

func anyExpectation(t *testing.T, l store.Log) {
	mustAppend(t, l, write("x-1", store.Any, "a"))
	mustAppend(t, l, write("x-1", store.Any, "b"))
	expect(t, read(t, l, "x-1", 0), "x-1/1 a", "x-1/2 b")
}

func withoutEvents(t *testing.T, l store.Log) {
	if _, err := l.Append(t.Context(), write("x-1", 0)); err == nil {
		t.Error("no error")
	}
	if at, err := l.Append(t.Context()); err != nil || len(at) != 0 {
		t.Errorf("no writes: %v, %v", at, err)
	}
}

func endedContext(t *testing.T, l store.Log) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := write("x-1", 0, "a")
	if _, err := l.Append(ctx, w); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	mustAppend(t, l, w) // whatever came of it, doing it again is right
	expect(t, read(t, l, "x-1", 0), "x-1/1 a")
}

func last(t *testing.T, l store.Log) {
	if p, err := l.Last(t.Context()); err != nil || p != 0 {
		t.Errorf("empty: %d, %v", p, err)
	}
	at := mustAppend(t, l, write("x-1", 0, "a"), write("x-2", 0, "b"))
	if p, err := l.Last(t.Context()); err != nil || p != at[1].Position {
		t.Errorf("last is %d, %v; want %d", p, err, at[1].Position)
	}
}

func timeNeverGoesBack(t *testing.T, l store.Log) {
	for range 50 {
		mustAppend(t, l, write("x-1", store.Any, "a", "b"))
	}
	var before store.Recorded
	for _, r := range follow(t, l, 0, 100) {
		if r.At.Before(before.At) || r.Position <= before.Position {
			t.Errorf("%d at %v after %d at %v", r.Position, r.At, before.Position, before.At)
		}
		before = r
	}
}

func longStream(t *testing.T, l store.Log) {
	const n = 1234
	w := write("x-1", 0, make([]string, n)...)
	mustAppend(t, l, w)
	got := read(t, l, "x-1", 0)
	if len(got) != n {
		t.Fatalf("%d events", len(got))
	}
	for i, r := range got {
		if r.ID != w.Entries[i].ID || r.Revision != store.Revision(i+1) {
			t.Fatalf("event %d is %s at %d", i, r.ID, r.Revision)
		}
	}
}

func bigEvents(t *testing.T, l store.Log) {
	w := write("x-1", 0, make([]string, 20)...)
	for i := range w.Entries {
		w.Entries[i].Data = bytes.Repeat([]byte{byte(i)}, 1<<19) // 10 MiB in all
	}
	at := mustAppend(t, l, w)
	for name, got := range map[string][]store.Recorded{"read": read(t, l, "x-1", 0), "follow": follow(t, l, 0, 20)} {
		if len(got) != 20 || got[19].Position != at[0].Position {
			t.Fatalf("%s: %d events", name, len(got))
		}
		for i, r := range got {
			if !bytes.Equal(r.Data, w.Entries[i].Data) {
				t.Errorf("%s: event %d changed", name, i)
			}
		}
	}
}
