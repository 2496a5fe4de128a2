package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kith/events/store"
	"kith/events/store/sqlite"
)

// model is the contract in a few plain lines, for one append at a time.
type model struct {
	rows []store.Recorded
}

func (m *model) append(ws []store.Write) ([]store.Appended, error) {
	before := len(m.rows)
	var at []store.Appended
	for _, w := range ws {
		a, err := m.add(w)
		if err != nil {
			m.rows = m.rows[:before]
			return nil, err
		}
		at = append(at, a)
	}
	return at, nil
}

func (m *model) add(w store.Write) (store.Appended, error) {
	var head store.Revision
	var here, anywhere int
	var last store.Appended
	for _, r := range m.rows {
		if r.Stream == w.Stream {
			head = r.Revision
		}
	}
	for _, e := range w.Entries {
		for _, r := range m.rows {
			if r.ID == e.ID {
				anywhere++
				if r.Stream == w.Stream {
					here++
					last = store.Appended{Revision: r.Revision, Position: r.Position}
				}
			}
		}
	}
	switch {
	case here == len(w.Entries):
		return last, nil
	case anywhere > 0:
		return store.Appended{}, store.ErrReusedID
	case w.Expect != store.Any && w.Expect != head:
		return store.Appended{}, store.ErrConflict
	}
	for _, e := range w.Entries {
		head++
		m.rows = append(m.rows, store.Recorded{Entry: e, Stream: w.Stream, Revision: head, Position: store.Position(len(m.rows) + 1)})
	}
	return store.Appended{Revision: head, Position: store.Position(len(m.rows))}, nil
}

// writes draws appends from so few streams, ids and expectations that every
// kind of collision comes up.
func writes(t *rapid.T) []store.Write {
	ws := make([]store.Write, rapid.IntRange(1, 3).Draw(t, "writes"))
	for i := range ws {
		ids := rapid.SliceOfNDistinct(rapid.IntRange(1, 40), 1, 3, rapid.ID).Draw(t, "ids")
		ws[i] = store.Write{
			Stream: store.Stream(fmt.Sprint("x-", rapid.IntRange(1, 3).Draw(t, "stream"))),
			Expect: rapid.OneOf(rapid.Just(store.Any), rapid.Custom(func(t *rapid.T) store.Revision {
				return store.Revision(rapid.IntRange(0, 4).Draw(t, "revision"))
			})).Draw(t, "expect"),
			Cause: store.Cause{By: "a", For: "b", Because: "c"},
		}
		for _, id := range ids {
			ws[i].Entries = append(ws[i].Entries, store.Entry{ID: uuid.UUID{15: byte(id)}, Type: "test.v1", Data: []byte{byte(id)}})
		}
	}
	return ws
}

// TestAgainstTheModel gives the same appends to the log, many in a transaction,
// and to the model, one after the other, and compares every answer and, in the
// end, all that was kept.
func TestAgainstTheModel(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n), "log.db")
		l, err := sqlite.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		m := &model{}
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			group := rapid.SliceOfN(rapid.Custom(writes), 1, 6).Draw(t, "group")
			got, errs := sqlite.Together(l, group)
			for i, ws := range group {
				want, err := m.append(ws)
				if !errors.Is(errs[i], err) || fmt.Sprint(bare(got[i])) != fmt.Sprint(want) {
					t.Fatalf("append %d: got %v, %v; want %v, %v", i, bare(got[i]), errs[i], want, err)
				}
			}
		}
		same(t, l, m.rows)
	})
}

// bare leaves out the time, which the model does not know.
func bare(at []store.Appended) (out []store.Appended) {
	for _, a := range at {
		out = append(out, store.Appended{Revision: a.Revision, Position: a.Position})
	}
	return out
}

func same(t *rapid.T, l *sqlite.Log, want []store.Recorded) {
	if last, err := l.Last(context.Background()); err != nil || last != store.Position(len(want)) {
		t.Fatalf("last is %d, %v; want %d", last, err, len(want))
	}
	if len(want) == 0 {
		return
	}
	i := 0
	for r, err := range l.Follow(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		w := want[i]
		if r.ID != w.ID || r.Stream != w.Stream || r.Revision != w.Revision || r.Position != w.Position {
			t.Fatalf("event %d is %+v, want %+v", i, r, w)
		}
		if i++; i == len(want) {
			return
		}
	}
}
