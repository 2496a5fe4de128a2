package ledger_test

import (
	"path/filepath"
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/ledger"
)

func open(t *testing.T, dir string) (*ledger.Ledger, func()) {
	t.Helper()
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	return ledger.New(store.New(l, k)), func() { l.Close(); k.Close() }
}

var read = events.ReadRecorded{Reader: "chair", Agency: "northshire-council", Role: "chair", Purpose: events.PurposeSection47,
	What: "view", Child: "c1", Shown: []events.ItemID{"i1", "i2"}, Withheld: 3, Policy: "h"}

// What was recorded is there after the ledger is opened again, each read once.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	l, done := open(t, dir)
	for range 2 {
		if _, err := l.Record(t.Context(), read); err != nil {
			t.Fatal(err)
		}
	}
	nobody := read
	nobody.Child, nobody.What = "", "search"
	if _, err := l.Record(t.Context(), nobody); err != nil {
		t.Fatal(err)
	}
	done()

	l, done = open(t, dir)
	defer done()
	if got := entries(t, l, "c1"); len(got) != 2 || got[0].Withheld != 3 || len(got[1].Shown) != 2 || got[0].At.IsZero() {
		t.Errorf("about the child: %+v", got)
	}
	if got := entries(t, l, ""); len(got) != 1 || got[0].What != "search" {
		t.Errorf("about nobody: %+v", got)
	}
}

func TestRecent(t *testing.T) {
	l, done := open(t, t.TempDir())
	defer done()
	if got, err := l.Recent(t.Context(), 5); err != nil || len(got) != 0 {
		t.Errorf("an empty ledger: %v %v", got, err)
	}
	for range 7 {
		if _, err := l.Record(t.Context(), read); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Recent(t.Context(), 5)
	if err != nil || len(got) != 5 || got[0].Position != 7 || got[4].Position != 3 {
		t.Errorf("the newest five: %v %+v", err, got)
	}
}

// After a child's record of reads was erased the ledger still says who looked.
func TestErased(t *testing.T) {
	dir := t.TempDir()
	l, done := open(t, dir)
	other := read
	other.Child = "c2"
	for _, r := range []events.ReadRecorded{read, other} {
		if _, err := l.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	done()
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Destroy(t.Context(), "ledger-c1"); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}

	l, done = open(t, dir)
	defer done()
	got, err := l.Recent(t.Context(), 5)
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, e := range append(entries(t, l, "c1"), got[1]) {
		if e.Reader != "chair" || e.Agency != "northshire-council" || e.Purpose != events.PurposeSection47 || e.Child != "c1" || e.What != "" || len(e.Shown) != 0 || e.At.IsZero() {
			t.Errorf("erased: %+v", e)
		}
	}
	if got[0].What != "view" {
		t.Errorf("not erased: %+v", got[0])
	}
}

// A read that does not say who read is refused.
func TestRecordNeedsReader(t *testing.T) {
	l, done := open(t, t.TempDir())
	defer done()
	for _, r := range []events.ReadRecorded{{Agency: "a", What: "view"}, {Reader: "r", What: "view"}, {Reader: "r", Agency: "a"}} {
		if _, err := l.Record(t.Context(), r); err == nil {
			t.Errorf("recorded %+v", r)
		}
	}
}

func entries(t *testing.T, l *ledger.Ledger, c events.ChildID) (all []ledger.Entry) {
	t.Helper()
	for e, err := range l.Entries(t.Context(), c) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}
