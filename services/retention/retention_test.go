package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// desk is the real store and the real keys with a Service on them, at a time of
// the test's choosing.
type desk struct {
	*Service
	t      *testing.T
	dir    string
	store  *store.Store
	keys   *keys.Keys
	linked map[events.ChildID][]Linked
	n      int

	mu      sync.Mutex
	at      time.Time
	purged  []Gone
	rebuilt int
	broken  error // of the derived store
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), linked: map[events.ChildID][]Linked{}, at: time.Now()}
	l, err := sqlitelog.Open(t.Context(), filepath.Join(d.dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if d.keys, err = keys.Open(t.Context(), filepath.Join(d.dir, "keys")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.keys.Close() })
	d.store = store.New(l, d.keys)
	d.Service = d.start()
	return d
}

// start is what a process does that begins, with a file of its own.
func (d *desk) start() *Service {
	d.t.Helper()
	db, err := sqlite.Open(d.t.Context(), filepath.Join(d.t.TempDir(), "retention.db"), sqlite.Rebuildable)
	if err != nil {
		d.t.Fatal(err)
	}
	s, err := New(context.Background(), Config{Store: d.store, DB: db, Keys: d.keys, Log: slog.New(slog.DiscardHandler), Every: time.Hour,
		Subjects: func(_ context.Context, c events.ChildID) ([]Linked, error) { return d.linked[c], nil },
		ChildOf: func(_ context.Context, id events.SubjectID) (events.ChildID, bool, error) {
			for c, ls := range d.linked {
				if slices.ContainsFunc(ls, func(l Linked) bool { return l.Subject == id }) {
					return c, true, nil
				}
			}
			return "", false, nil
		},
		Derived: []Derived{{Name: "model", Purge: d.purge}, {Name: "log", Holds: "sealed"}},
		Rebuild: func(context.Context, []store.Stream) error { d.mu.Lock(); defer d.mu.Unlock(); d.rebuilt++; return nil },
		Now:     func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.at }})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { s.Close(); _ = db.Close() })
	return s
}

func (d *desk) purge(_ context.Context, g Gone) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.purged = append(d.purged, g)
	return d.broken
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

func (d *desk) cause(by events.Decider) store.Cause {
	d.n++
	return store.Cause{By: by.Actor, For: by.Agency, Because: "request " + strconv.Itoa(d.n)}
}

func (d *desk) append(stream string, e events.Event) {
	d.t.Helper()
	d.n++
	_, err := d.store.Append(d.t.Context(), store.Batch{Stream: store.Stream(stream), Expect: store.Any, Events: []events.Event{e},
		Cause: store.Cause{By: "test", For: "a", Because: "event " + strconv.Itoa(d.n)}})
	d.must(err)
}

// report appends one report as intake does: an item for each person.
func (d *desk) report(id string, agency events.AgencyID, who ...events.Companion) {
	d.t.Helper()
	for _, w := range who {
		i := events.Item{ID: events.ItemID(id + string(w.Subject)), Agency: agency, Kind: events.KindPolice, Source: string(agency), EventID: id,
			Subject: w.Subject, Person: events.Person{Role: w.Role}, Fact: events.DomesticAbuseIncident{Place: "words of " + id}}
		for _, other := range who {
			if other.Subject != w.Subject {
				i.With = append(i.With, other)
			}
		}
		d.n++
		_, err := d.store.Append(d.t.Context(), store.Batch{Stream: store.Stream("subject-" + w.Subject), Expect: store.Any, Events: []events.Event{i},
			Cause: store.Cause{By: "intake", For: agency, Because: id + string(w.Subject)}})
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

func child(id events.SubjectID) events.Companion {
	return events.Companion{Subject: id, Role: events.RoleChild}
}
func adult(id events.SubjectID) events.Companion {
	return events.Companion{Subject: id, Role: events.RoleParent}
}

// reads says which of these streams can be read.
func (d *desk) reads(ids ...string) (out string) {
	d.t.Helper()
	for _, id := range ids {
		for _, err := range d.store.Read(d.t.Context(), store.Stream("subject-"+id), 0) {
			if err == nil {
				out += id + " "
			} else if !errors.Is(err, store.ErrKeyGone) {
				d.t.Fatal(err)
			}
			break
		}
	}
	return out
}

func (d *desk) stage(id events.ErasureID) Stage {
	d.t.Helper()
	st, err := d.List(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range st.Erasures {
		if e.ID == id {
			return e.Stage
		}
	}
	return ""
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func kindOf(err error) fault.Kind {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}

// family is a child whom two agencies know, a sibling, their mother, a neighbour
// who is in one report only, and an uncle whom other reports name too.
func (d *desk) family() {
	d.linked["c"] = []Linked{{"kid-p", "police"}, {"kid-s", "school"}}
	d.linked["sib"] = []Linked{{"sib-p", "police"}}
	d.report("r1", "police", child("kid-p"), adult("neighbour"), adult("uncle"))
	d.report("r2", "police", child("kid-p"), child("sib-p"), adult("mother"))
	d.report("r3", "police", adult("uncle"))
	d.report("r4", "school", child("kid-s"))
}

// From a second person's word on all is hidden, and can be taken back; on its day
// the keys are gone, and with them what the same reports said of people of whom
// nothing else is known.
func TestErasure(t *testing.T) {
	d := open(t)
	d.family()
	everybody := []string{"kid-p", "kid-s", "neighbour", "uncle", "mother", "sib-p"}
	ask := func() events.ErasureID {
		id, err := d.Ask(t.Context(), d.cause(ig), ig.Role, EraseForm{Child: "c", Why: events.WrongChild, Reference: "IG-1"})
		d.must(err)
		return id
	}
	id := ask()
	if got := d.reads(everybody...); got != "kid-p kid-s neighbour uncle mother sib-p " {
		t.Errorf("asked for by one, and only these can be read: %s", got)
	}
	if err := d.Confirm(t.Context(), d.cause(ig2), ig2.Role, id); kindOf(err) != fault.Refused {
		t.Errorf("a colleague in the same role confirmed: %v", err)
	}
	d.must(d.Confirm(t.Context(), d.cause(operator), operator.Role, id))
	if got := d.reads(everybody...); got != "uncle mother sib-p " || d.stage(id) != Pending {
		t.Errorf("confirmed, %s: these can be read: %s", d.stage(id), got)
	}
	if len(d.purged) == 0 || d.purged[0].Final || d.purged[0].Since.IsZero() {
		t.Errorf("purged: %+v", d.purged)
	}
	d.must(d.Cancel(t.Context(), d.cause(ig), ig.Role, id, "IG-2"))
	if got := d.reads(everybody...); got != "kid-p kid-s neighbour uncle mother sib-p " || d.stage(id) != Undone || d.rebuilt != 1 {
		t.Errorf("cancelled, %s, rebuilt %d times: these can be read: %s", d.stage(id), d.rebuilt, got)
	}

	id = ask()
	d.must(d.Confirm(t.Context(), d.cause(chair), chair.Role, id))
	d.pass(PendingFor - time.Minute)
	d.must(d.Tick(t.Context()))
	if d.stage(id) != Pending {
		t.Errorf("before its day: %s", d.stage(id))
	}
	d.pass(2 * time.Minute)
	d.must(d.Tick(t.Context()))
	if err := d.Cancel(t.Context(), d.cause(ig), ig.Role, id, "IG-3"); kindOf(err) != fault.Conflict {
		t.Errorf("cancelled too late: %v", err)
	}
	st, err := d.List(t.Context())
	d.must(err)
	e := st.Erasures[0]
	if e.ID != id || e.Stage != CarriedOut || e.Keys != 8 || e.Kept != 2 || !slices.Equal(e.Stores, []string{"model"}) {
		t.Errorf("what remains: %+v", e)
	}
	erased, err := keys.ErasedIn(t.Context(), filepath.Join(d.dir, "keys", "keys.db"))
	d.must(err)
	var names []string
	for _, k := range erased {
		names = append(names, string(k.Key))
		if k.Withheld {
			t.Errorf("%s is withheld only", k.Key)
		}
	}
	if want := "[child-c consent-c glass-c sharing-c strategy-c subject-kid-p subject-kid-s subject-neighbour]"; fmt.Sprint(names) != want {
		t.Errorf("destroyed %v, want %s", names, want)
	}
	if got := d.reads(everybody...); got != "uncle mother sib-p " {
		t.Errorf("carried out, and these can be read: %s", got)
	}
	if last := d.purged[len(d.purged)-1]; !last.Final {
		t.Error("the derived stores were not asked once the keys were gone")
	}
}

// One agency's share of a child goes without the rest of it.
func TestPartOfAChild(t *testing.T) {
	d := open(t)
	d.family()
	id, err := d.Ask(t.Context(), d.cause(ig), ig.Role, EraseForm{Child: "c", Agency: "school", Why: events.Unlawful, Reference: "IG-1"})
	d.must(err)
	d.must(d.Confirm(t.Context(), d.cause(operator), operator.Role, id))
	if got := d.reads("kid-p", "kid-s", "neighbour"); got != "kid-p neighbour " {
		t.Errorf("these can be read: %s", got)
	}
	withheld, err := d.keys.Withheld(t.Context())
	d.must(err)
	if fmt.Sprint(withheld) != "[subject-kid-s]" {
		t.Errorf("withheld: %v", withheld)
	}
	for _, f := range []EraseForm{{Child: "nobody"}, {Subject: "nobody"}, {Child: "c", Agency: "health"}} {
		f.Why, f.Reference = events.Unlawful, "IG-1"
		if _, err := d.Ask(t.Context(), d.cause(ig), ig.Role, f); err != error(fault.NotFound) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	for _, f := range []EraseForm{{Why: events.Unlawful, Reference: "IG-1"}, {Child: "c", Reference: "IG-1"}, {Child: "c", Why: events.Unlawful},
		{Child: "c", Why: events.Unlawful, Reference: "Ann Example"}, {Child: "c", Subject: "s", Why: events.Unlawful, Reference: "IG-1"}} {
		if _, err := d.Ask(t.Context(), d.cause(ig), ig.Role, f); kindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// A hold that is placed in time keeps what is pending, hidden as it is, until two
// people lift it; also one on a subject that was part of the child before.
func TestHoldWins(t *testing.T) {
	for name, f := range map[string]HoldForm{"on the child": {Child: "c"}, "on one agency's share": {Child: "c", Agency: "police"}, "on a subject": {Subject: "kid-p"}} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			d.family()
			id, err := d.Ask(t.Context(), d.cause(ig), ig.Role, EraseForm{Child: "c", Why: events.RetentionExpired, Reference: "IG-1"})
			d.must(err)
			d.must(d.Confirm(t.Context(), d.cause(operator), operator.Role, id))
			delete(d.linked, "c") // as the index has it from now on
			f.Why, f.Reference = events.HoldInquiry, "L-1"
			hold, err := d.Place(t.Context(), d.cause(chair), chair.Role, f)
			d.must(err)
			d.pass(PendingFor + time.Hour)
			d.must(d.Tick(t.Context()))
			st, err := d.List(t.Context())
			d.must(err)
			if st.Erasures[0].Stage != Pending || !st.Erasures[0].Held || d.reads("kid-p") != "" {
				t.Errorf("under a hold: %+v, %q", st.Erasures[0], d.reads("kid-p"))
			}
			d.must(d.Lift(t.Context(), d.cause(chair), chair.Role, hold, "L-2"))
			d.must(d.Lift(t.Context(), d.cause(chair), chair.Role, hold, "L-2"))
			if d.stage(id) != Pending {
				t.Errorf("lifted by one: %s", d.stage(id))
			}
			d.must(d.Lift(t.Context(), d.cause(ig), ig.Role, hold, "L-2"))
			if d.stage(id) != CarriedOut {
				t.Errorf("lifted by two: %s", d.stage(id))
			}
		})
	}
}

// What a crash cut off at any step is completed by whoever starts next.
func TestCutOff(t *testing.T) {
	d := open(t)
	d.family()
	id, err := d.Ask(t.Context(), d.cause(ig), ig.Role, EraseForm{Child: "c", Why: events.RetentionExpired, Reference: "IG-1"})
	d.must(err)
	anchor := "c"
	record := func(because string, es ...events.Retention) {
		d.must(d.record(t.Context(), anchor, because, func(state) (decision, error) { return es, nil }))
	}
	d.Close() // nobody acts on what is recorded now, as if the process had died
	record("confirm", events.ErasureConfirmed{Erasure: id, By: operator, Due: d.Now().Add(PendingFor), Subjects: []events.SubjectID{"kid-p", "kid-s"}, Child: "c"})
	if d.reads("kid-p") == "" {
		t.Fatal("hidden by nobody")
	}
	s := d.start()
	d.must(s.Tick(t.Context()))
	s.Close()
	if d.reads("kid-p") != "" {
		t.Error("confirmed and cut off: it can be read")
	}
	record("cancel", events.ErasureCancelled{Erasure: id, By: ig})
	s = d.start()
	d.must(s.Tick(t.Context()))
	s.Close()
	if d.reads("kid-p", "kid-s") != "kid-p kid-s " || d.rebuilt == 0 {
		t.Error("cancelled and cut off: it cannot be read")
	}
	record("again", events.ErasureAsked{Erasure: "e2", Whom: wholeChild, By: ig},
		events.ErasureConfirmed{Erasure: "e2", By: operator, Due: d.Now(), Subjects: []events.SubjectID{"kid-p", "kid-s"}, Child: "c"}, events.ErasureBegun{Erasure: "e2"})
	d.broken = errors.New("full disk")
	s = d.start()
	if err := s.Tick(t.Context()); err == nil {
		t.Error("a store could not be purged, and nobody says so")
	}
	if st, err := s.List(t.Context()); err != nil || st.Erasures[1].Stage != Begun && st.Erasures[0].Stage != Begun {
		t.Errorf("a store could not be purged, and yet: %+v, %v", st, err)
	}
	d.broken = nil
	d.must(s.Tick(t.Context()))
	d.must(s.Tick(t.Context()))
	if st, err := s.List(t.Context()); err != nil || !slices.ContainsFunc(st.Erasures, func(e Erasure) bool { return e.ID == "e2" && e.Stage == CarriedOut }) {
		t.Errorf("%+v, %v", st, err)
	}
	if d.reads("kid-p") != "" {
		t.Error("carried out, and it can be read")
	}
}
