package regime

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	k, err := keys.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return store.New(l, k)
}

func cause(because string) store.Cause {
	return store.Cause{By: "operator", For: "northshire-council", Because: because}
}

// Commencement is one event; the same again is none; another hub over the same
// log knows it; and what was recorded is never taken away.
func TestCommence(t *testing.T) {
	st := open(t)
	k, other := New(st, "northshire-council"), New(st, "northshire-council")
	elsewhere := New(st, "southshire-council")
	for i, day := range []events.Date{"2026-05-01", "2026-05-01", "2026-06-01"} {
		if err := k.Commence(t.Context(), cause("c"+string(rune('0'+i))), day, "S.I. 2026/1"); err != nil {
			t.Fatal(err)
		}
	}
	l, err := other.Regime(t.Context())
	if err != nil || len(l) != 2 {
		t.Fatalf("%d events, %v", len(l), err)
	}
	d, ok := l.Known(time.Now())
	if !ok || !d.From.Equal(time.Date(2026, 5, 31, 23, 0, 0, 0, time.UTC)) || d.Instrument != "S.I. 2026/1" || d.Area != "northshire-council" {
		t.Errorf("%v: not from midnight in England", d.From)
	}
	if !l.Duty(time.Now()) || l.Duty(l[0].At.Add(-1)) {
		t.Error("not in force from when it was recorded")
	}
	if l, err := elsewhere.Regime(t.Context()); err != nil || len(l) != 0 {
		t.Errorf("another area: %d events, %v", len(l), err)
	}

	for i := range 2 {
		if err := k.Revoke(t.Context(), cause("r"+string(rune('0'+i))), "mistyped"); err != nil {
			t.Fatal(err)
		}
	}
	if l, err = other.Regime(t.Context()); err != nil || len(l) != 3 || l.Duty(time.Now()) || !l.Duty(l[1].At) {
		t.Errorf("after it was revoked: %d events, %v", len(l), err)
	}
}

func TestWrongRegime(t *testing.T) {
	k := New(open(t), "northshire-council")
	for _, tc := range []struct{ day, instrument, want string }{
		{"", "S.I.", "from"}, {"1 May 2026", "S.I.", "from"}, {"2026-04-28", "S.I.", "from"},
		{"2026-05-01", " ", "instrument"}, {"2026-05-01", strings.Repeat("é", 201), "instrument"},
	} {
		err := k.Commence(t.Context(), cause("x"), events.Date(tc.day), tc.instrument)
		if f, ok := errors.AsType[*fault.Error](err); !ok || len(f.At) != 1 || f.At[0].Pointer != tc.want || f.At[0].Detail == "" {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	if err := k.Revoke(t.Context(), cause("x"), ""); err == nil {
		t.Error("revoked without a reason")
	}
	if err := k.Commence(t.Context(), cause("y"), "2026-04-29", "S.I."); err != nil {
		t.Errorf("on the day of Royal Assent: %v", err)
	}
}
