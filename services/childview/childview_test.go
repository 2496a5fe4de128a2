package childview

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// hub is the real store with a View on it.
type hub struct {
	*View
	t     testing.TB
	store *store.Store
	keys  *keys.Keys
	n     int
}

func open(t testing.TB) *hub {
	t.Helper()
	dir := t.TempDir()
	l, err := sqlitelog.Open(t.Context(), filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "childview.db"), sqlite.Rebuildable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h := &hub{t: t, store: store.New(l, k), keys: k}
	h.View, err = New(context.Background(), Config{Store: h.store, DB: db, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func (h *hub) append(s store.Stream, es ...events.Event) store.Appended {
	h.t.Helper()
	h.n++
	at, err := h.store.Append(h.t.Context(), store.Batch{Stream: s, Expect: store.Any, Events: es,
		Cause: store.Cause{By: "test", For: "test", Because: fmt.Sprint("request ", h.n)}})
	if err != nil {
		h.t.Fatal(err)
	}
	return at[0]
}

func TestPicture(t *testing.T) {
	h := open(t)
	if _, err := h.Picture(t.Context(), "c", nil); err != error(fault.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	h.append("subject-s", said("i1", "s", hour(1)))
	h.append("subject-t", said("i2", "t", hour(2)))
	before := h.append("child-c", linked("s")).At
	time.Sleep(2 * time.Millisecond)
	h.append("child-c", linked("t"))
	h.append("strategy-c", events.DiscussionConvened{Discussion: "d", Child: "c"})
	h.append("consent-c", events.ConsentGiven{Consent: "k", Child: "c"})
	p, err := h.Picture(t.Context(), "c", nil)
	if err != nil || ids(p) != "i1 i2 " || len(p.Discussions) != 1 || len(p.Consents) != 1 {
		t.Errorf("%q, %d, %d, %v", ids(p), len(p.Discussions), len(p.Consents), err)
	}
	if p, err := h.Picture(t.Context(), "c", &before); err != nil || ids(p) != "i1 " || len(p.Discussions) != 0 {
		t.Errorf("before the second link: %q, %v", ids(p), err)
	}
	never := before.Add(-time.Hour)
	if p, err := h.Picture(t.Context(), "c", &never); err != nil || len(p.Subjects) != 0 {
		t.Errorf("before the first link: %q, %v", ids(p), err)
	}
	h.append("child-c", unlinked("t"))
	if p, err := h.Picture(t.Context(), "c", nil); err != nil || ids(p) != "i1 " {
		t.Errorf("unlinked: %q, %v", ids(p), err)
	}
	h.append("child-c", unlinked("s"))
	if _, err := h.Picture(t.Context(), "c", nil); err != error(fault.NotFound) {
		t.Errorf("a child of nobody: %v", err)
	}
}

func TestDestroyedKeys(t *testing.T) {
	h := open(t)
	h.append("subject-s", said("i1", "s", hour(1)))
	h.append("subject-t", said("i2", "t", hour(2)))
	h.append("child-c", linked("s"), linked("t"))
	if p, err := h.Picture(t.Context(), "c", nil); err != nil || ids(p) != "i1 i2 " { // both are kept opened now
		t.Errorf("before: %q, %v", ids(p), err)
	}
	if err := h.keys.Destroy(t.Context(), "subject-t"); err != nil {
		t.Fatal(err)
	}
	if p, err := h.Picture(t.Context(), "c", nil); err != nil || ids(p) != "i1 " || !slices.Equal(p.Subjects, []events.SubjectID{"s"}) {
		t.Errorf("without a subject's key: %q, %q, %v", ids(p), p.Subjects, err)
	}
	if err := h.keys.Withhold(t.Context(), "subject-s"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Picture(t.Context(), "c", nil); err != error(fault.NotFound) {
		t.Errorf("a child of whom nothing can be read: %v", err)
	}
	if err := h.keys.Release(t.Context(), "subject-s"); err != nil {
		t.Fatal(err)
	}
	if p, err := h.Picture(t.Context(), "c", nil); err != nil || ids(p) != "i1 " {
		t.Errorf("released: %q, %v", ids(p), err)
	}
	if err := h.keys.Destroy(t.Context(), "child-c"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Picture(t.Context(), "c", nil); err != error(fault.NotFound) {
		t.Errorf("without the child's key: %v", err)
	}
}

// next waits for an announcement; 0 says that none came.
func next(ch <-chan store.Position, patience time.Duration) store.Position {
	select {
	case p := <-ch:
		return p
	case <-time.After(patience):
		return 0
	}
}

func TestSubscribe(t *testing.T) {
	h := open(t)
	h.append("subject-s", said("i0", "s", hour(1))) // before anybody knows whose it is
	ch, stop := h.Subscribe("c")
	other, stopOther := h.Subscribe("d")
	defer stopOther()
	for _, c := range []struct {
		name   string
		stream store.Stream
		event  events.Event
	}{
		{"link", "child-c", linked("s")},
		{"item", "subject-s", said("i1", "s", hour(2))},
		{"discussion", "strategy-c", events.DiscussionConvened{Discussion: "d", Child: "c"}},
		{"consent", "consent-c", events.ConsentGiven{Consent: "k", Child: "c"}},
		{"unlink", "child-c", unlinked("s")},
	} {
		want := h.append(c.stream, c.event).Position
		if got := next(ch, 5*time.Second); got != want {
			t.Errorf("%s: announced at %d, want %d", c.name, got, want)
		}
	}
	h.append("subject-s", said("i2", "s", hour(3)))
	h.append("child-c", events.LinkProposed{Child: "c", Subject: "u"})
	if got := next(ch, 100*time.Millisecond); got != 0 {
		t.Errorf("announced what is not in the picture, at %d", got)
	}
	if got := next(other, 0); got != 0 {
		t.Errorf("announced to who looks at another child, at %d", got)
	}
	stop()
	stop()
	if _, open := <-ch; open {
		t.Error("open after stop")
	}
}

// Who reads slowly misses steps on the way, never where it leads.
func TestSlowReaderGetsTheLatest(t *testing.T) {
	var b broadcast
	ch, stop := b.subscribe("c")
	defer stop()
	for p := range store.Position(5) {
		b.tell("c", p+1)
	}
	if got := <-ch; got != 5 {
		t.Errorf("got %d, want 5", got)
	}
}

func TestCloseEndsSubscriptions(t *testing.T) {
	h := open(t)
	ch, stop := h.Subscribe("c")
	h.Close()
	if _, open := <-ch; open {
		t.Error("open after Close")
	}
	stop()
	late, stop := h.Subscribe("c")
	if _, open := <-late; open {
		t.Error("a subscription after Close is open")
	}
	stop()
}

func BenchmarkPicture(b *testing.B) {
	h := open(b)
	for s := range 4 {
		id := events.SubjectID(fmt.Sprint("s", s))
		var es []events.Event
		for n := range 250 {
			es = append(es, said(fmt.Sprint(s, "-", n), id, hour(n)))
		}
		h.append("subject-"+store.Stream(id), es...)
		h.append("child-c", linked(id))
	}
	for b.Loop() {
		if p, err := h.Picture(b.Context(), "c", nil); err != nil || len(p.Items) != 1000 {
			b.Fatal(len(p.Items), err)
		}
	}
}
