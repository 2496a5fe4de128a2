package storetest

import (
	"errors"
	"testing"

	"kith/events/store"
)

func repeated(t *testing.T, l store.Log) {
	ws := []store.Write{write("x-1", 0, "a", "b"), write("x-2", 0, "c")}
	first := mustAppend(t, l, ws...)
	second := mustAppend(t, l, ws...)
	same(t, first, second)
	expect(t, follow(t, l, 0, 3), "x-1/1 a", "x-1/2 b", "x-2/1 c")
	if p, err := l.Last(t.Context()); err != nil || p != first[1].Position {
		t.Errorf("last is %d, %v", p, err)
	}
}

func same(t *testing.T, first, second []store.Appended) {
	t.Helper()
	for i, f := range first {
		s := second[i]
		if s.Revision != f.Revision || s.Position != f.Position || !s.At.Equal(f.At) {
			t.Errorf("write %d lay at %+v, now at %+v", i, f, s)
		}
	}
}

func repeatedStale(t *testing.T, l store.Log) {
	w := write("x-1", 0, "a")
	first := mustAppend(t, l, w)
	mustAppend(t, l, write("x-1", 1, "b"))
	same(t, first, mustAppend(t, l, w))
	// Half of it new: the old half lies where it lay, the new half is added.
	at := mustAppend(t, l, w, write("x-2", 0, "c"))
	same(t, first, at[:1])
	expect(t, read(t, l, "x-1", 0), "x-1/1 a", "x-1/2 b")
	expect(t, read(t, l, "x-2", 0), "x-2/1 c")
}

func reusedElsewhere(t *testing.T, l store.Log) {
	w := write("x-1", 0, "a")
	mustAppend(t, l, w)
	w.Stream = "x-2"
	refuse(t, l, w)
	expect(t, read(t, l, "x-2", 0))
}

func reusedWithin(t *testing.T, l store.Log) {
	w := write("x-1", 0, "a", "b")
	w.Entries[1].ID = w.Entries[0].ID
	refuse(t, l, w)
	expect(t, read(t, l, "x-1", 0))
	mustAppend(t, l, write("x-1", 0, "c")) // and nothing stays in the way
}

func reusedPartly(t *testing.T, l store.Log) {
	w := write("x-1", store.Any, "a")
	mustAppend(t, l, w)
	refuse(t, l, more(w, "b"))
	expect(t, read(t, l, "x-1", 0), "x-1/1 a")
}

func refuse(t *testing.T, l store.Log, w store.Write) {
	t.Helper()
	if _, err := l.Append(t.Context(), w); !errors.Is(err, store.ErrReusedID) {
		t.Errorf("err = %v, want %v", err, store.ErrReusedID)
	}
}
