package store_test

import (
	"crypto/cipher"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
)

type fixture struct {
	*store.Store
	log  *sqlite.Log
	keys *ring
}

func newStore(t *testing.T) fixture {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	k := &ring{keys: map[store.KeyID]cipher.AEAD{}}
	return fixture{store.New(l, k), l, k}
}

func cause(because string) store.Cause {
	return store.Cause{By: "identity", For: "hub", Because: because}
}

var unlinked = events.SubjectUnlinked{Child: "c", Subject: "s", Reason: "wrong child"}

func (f fixture) add(t *testing.T, st store.Stream, because string, es ...events.Event) store.Appended {
	t.Helper()
	at, err := f.Append(t.Context(), store.Batch{Stream: st, Expect: store.Any, Cause: cause(because), Events: es})
	if err != nil {
		t.Fatal(err)
	}
	return at[0]
}

func (f fixture) read(t *testing.T, st store.Stream) (es []store.Event) {
	t.Helper()
	for e, err := range f.Read(t.Context(), st, 0) {
		if err != nil {
			t.Fatal(err)
		}
		es = append(es, e)
	}
	return es
}

func TestWhatIsAppendedIsRead(t *testing.T) {
	f := newStore(t)
	at := f.add(t, "child-c", "one", unlinked)
	es := f.read(t, "child-c")
	if len(es) != 1 {
		t.Fatalf("%d events", len(es))
	}
	e := es[0]
	if e.Event != events.Event(unlinked) || e.Cause != cause("one") || e.Stream != "child-c" || e.Revision != 1 ||
		e.Position != at.Position || !e.At.Equal(at.At) || e.ID != store.NewEventID("child-c", "one", unlinked.Type(), 0) {
		t.Errorf("read %+v", e)
	}
}

func TestTheSameBatchAgainAddsNothing(t *testing.T) {
	f := newStore(t)
	first := f.add(t, "child-c", "one", unlinked, unlinked)
	second := f.add(t, "child-c", "one", unlinked, unlinked)
	if first.Position != second.Position || first.Revision != 2 || !first.At.Equal(second.At) {
		t.Errorf("at %+v, then %+v", first, second)
	}
	f.add(t, "child-c", "two", unlinked)
	if n := len(f.read(t, "child-c")); n != 3 {
		t.Errorf("%d events", n)
	}
}

func TestAppendNeedsAWholeCause(t *testing.T) {
	f := newStore(t)
	for _, c := range []store.Cause{{}, {By: "a", For: "b"}, {By: "a", Because: "c"}, {For: "b", Because: "c"}} {
		_, err := f.Append(t.Context(), store.Batch{Stream: "child-c", Cause: c, Events: []events.Event{unlinked}})
		if !errors.Is(err, store.ErrNoCause) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestNewEventID pins ids that logs hold already: were they to change, what is
// repeated would be taken for new.
func TestNewEventID(t *testing.T) {
	for _, c := range []struct {
		stream  store.Stream
		because string
		i       int
		want    string
	}{
		{"child-c", "one", 0, "83ca83e6-e7be-5107-aff2-40357f6e007e"},
		{"child-c", "one", 1, "e7a54223-93ce-5000-918c-8259c78c7eff"},
		{"child-c", "two", 0, "e27e26fd-7176-5f04-a351-34b7d32829cd"},
		{"child-d", "one", 0, "4278f8d3-9105-5212-94ba-20eeca090bb0"},
	} {
		if got := store.NewEventID(c.stream, c.because, unlinked.Type(), c.i).String(); got != c.want {
			t.Errorf("%s %s %d: %s, want %s", c.stream, c.because, c.i, got, c.want)
		}
	}
}

func TestStreamNames(t *testing.T) {
	for s, want := range map[store.Stream][2]string{
		"subject-abc":              {"subject", "subject-abc"},
		"intake-north-police.9a0b": {"intake", "intake-north-police"},
		"ledger":                   {"ledger", "ledger"},
		"":                         {"", ""},
	} {
		if got := [2]string{s.Category(), string(s.Key())}; got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	if store.Any != math.MaxUint64 {
		t.Error("Any could be a revision")
	}
}
