package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/ledger"
	"kith/services/ledger/unusual"
)

// review is one of a ledger in which somebody looked at a neighbour's child, among
// looks of others.
func review(t *testing.T, dir string) (*ledger.Review, *ledger.Ledger, func()) {
	t.Helper()
	l, done := open(t, dir)
	for n := range 12 {
		r := read
		r.Reader, r.Child = events.ActorID(fmt.Sprint("reader-", n%3)), events.ChildID(fmt.Sprint("c", n%4))
		if _, err := l.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	known := func(_ context.Context, children []events.ChildID) (unusual.Known, error) {
		if !slices.Equal(children, []events.ChildID{"c0", "c1", "c2", "c3"}) {
			t.Errorf("asked about %v", children)
		}
		return unusual.Known{Staff: map[events.ActorID]unusual.Staff{"reader-1": {Agency: "northshire-council", Home: "here"}},
			Children: map[events.ChildID]unusual.Child{"c1": {Home: []unusual.Mark{"here"}}}}, nil
	}
	now := time.Now()
	return &ledger.Review{Ledger: l, Known: known, Limits: quiet(), Now: func() time.Time { return now }}, l, done
}

// quiet are limits that only what is known of people can cross: a test may run at night.
func quiet() unusual.Limits {
	l := unusual.Default()
	l.NightFrom, l.NightUntil = 24, 0
	return l
}

// A finding is on the list until somebody else than the reader decided, and the
// decision stays with it, also after the ledger was opened again.
func TestReview(t *testing.T) {
	dir := t.TempDir()
	r, l, done := review(t, dir)
	list, err := r.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Pattern != "neighbour" || list[0].Reader != "reader-1" || list[0].Child != "c1" || len(list[0].Entries) != 1 || list[0].Title == "" || list[0].Why == "" {
		t.Fatalf("%v %+v", err, list)
	}
	by := func(a events.ActorID) store.Cause {
		return store.Cause{By: a, For: "northshire-council", Because: "request-" + string(a)}
	}
	good := ledger.Decision{Outcome: events.ReviewFine, Note: "On duty that night."}
	for name, try := range map[string]struct {
		c    store.Cause
		id   string
		d    ledger.Decision
		want fault.Kind
	}{
		"by the reader":   {by("reader-1"), list[0].ID, good, fault.Refused},
		"another finding": {by("governance"), "neighbour-1", good, fault.Hidden},
		"no outcome":      {by("governance"), list[0].ID, ledger.Decision{Note: "x"}, fault.Invalid},
		"no note":         {by("governance"), list[0].ID, ledger.Decision{Outcome: events.ReviewFine}, fault.Invalid},
	} {
		err := r.Decide(t.Context(), try.c, try.id, try.d)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != try.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.Decide(t.Context(), by("governance"), list[0].ID, good); err != nil {
		t.Fatal(err)
	}
	if es, err := l.About(t.Context(), "c1"); err != nil || len(es) != 3 {
		t.Errorf("who looked at the child: %d, %v", len(es), err)
	}
	if es, err := l.Recent(t.Context(), 5); err != nil || len(es) != 4 || es[0].Position != 12 {
		t.Errorf("the latest five positions hold four looks: %d, %v", len(es), err)
	}
	done()

	l, done = open(t, dir)
	defer done()
	r = &ledger.Review{Ledger: l, Known: r.Known, Limits: r.Limits, Now: r.Now}
	list, err = r.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Decided != events.ReviewFine || list[0].Note != good.Note {
		t.Errorf("after it was decided: %v %+v", err, list)
	}
}

// What is found is on the list within a quarter of an hour, and not compared anew
// each time somebody opens it.
func TestReviewIsFresh(t *testing.T) {
	r, l, done := review(t, t.TempDir())
	defer done()
	now := time.Now()
	r.Now = func() time.Time { return now }
	count := func() int {
		t.Helper()
		list, err := r.List(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %+v", err, list)
		}
		return len(list[0].Entries)
	}
	before := count()
	again := read
	again.Reader, again.Child = "reader-1", "c1"
	if _, err := l.Record(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != before {
		t.Errorf("compared anew at once: %d entries, before %d", n, before)
	}
	now = now.Add(15 * time.Minute)
	if n := count(); n != before+1 {
		t.Errorf("after a quarter of an hour: %d entries, want %d", n, before+1)
	}
}

// Since begins where it is asked to, wherever that lies.
func TestSince(t *testing.T) {
	l, done := open(t, t.TempDir())
	defer done()
	if es, err := l.Since(t.Context(), time.Time{}); err != nil || len(es) != 0 {
		t.Errorf("an empty ledger: %v %v", es, err)
	}
	var at []time.Time
	for range 9 {
		if _, err := l.Record(t.Context(), read); err != nil {
			t.Fatal(err)
		}
		es, err := l.Recent(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, es[0].At)
		time.Sleep(time.Millisecond)
	}
	for i, from := range at {
		if es, err := l.Since(t.Context(), from); err != nil || len(es) != 9-i || es[0].Position != store.Position(i+1) {
			t.Errorf("since the %dth: %d, %v", i+1, len(es), err)
		}
	}
	if es, err := l.Since(t.Context(), time.Now().Add(time.Hour)); err != nil || len(es) != 0 {
		t.Errorf("since tomorrow: %d, %v", len(es), err)
	}
}
