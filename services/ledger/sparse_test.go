package ledger_test

import (
	"path/filepath"
	"testing"

	"kith/events/store"
	"kith/events/store/esdb"
	"kith/events/store/esdb/esdbtest"
	"kith/services/internal/keys"
	"kith/services/ledger"
)

// TestRecentWherePositionsAreSparse has two hubs record reads in one database,
// where a position is a place in bytes and other logs lie between.
func TestRecentWherePositionsAreSparse(t *testing.T) {
	db := esdbtest.Start(t)
	k, err := keys.Open(t.Context(), filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	open := func(prefix string) *ledger.Ledger {
		l, err := esdb.Open(t.Context(), db.ConnectionString(), prefix)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return ledger.NewSparse(store.New(l, k))
	}
	a, b, other := open("ledger"), open("ledger"), open("another")
	if got, err := a.Recent(t.Context(), 5); err != nil || len(got) != 0 {
		t.Errorf("an empty ledger: %v %v", got, err)
	}
	var newest []store.Position
	for i := range 12 {
		at, err := []*ledger.Ledger{a, b}[i%2].Record(t.Context(), read)
		if err != nil {
			t.Fatal(err)
		}
		newest = append(newest, at)
		if _, err := other.Record(t.Context(), read); err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]*ledger.Ledger{"a": a, "b": b} {
			got, err := l.Recent(t.Context(), 5)
			if err != nil || len(got) != min(5, i+1) {
				t.Fatalf("%s after %d reads: %d, %v", name, i+1, len(got), err)
			}
			for n, e := range got {
				if e.Position != newest[i-n] {
					t.Errorf("%s after %d reads: the newest but %d lies at %d, not %d", name, i+1, n, e.Position, newest[i-n])
				}
			}
		}
	}
}
