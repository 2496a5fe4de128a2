package identity

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// refusing is a log that records no link while it is told so.
type refusing struct {
	store.Log
	on    atomic.Bool
	times atomic.Int32
}

func (r *refusing) Append(ctx context.Context, ws ...store.Write) ([]store.Appended, error) {
	for _, w := range ws {
		if r.on.Load() && strings.HasPrefix(string(w.Stream), "child-") {
			r.times.Add(1)
			return nil, errors.New("no space left")
		}
	}
	return r.Log.Append(ctx, ws...)
}

// TestALinkThatCouldNotBeRecorded: a process that could not record where a
// subject belongs, and ended, leaves that to the next one.
func TestALinkThatCouldNotBeRecorded(t *testing.T) {
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
	full := &refusing{Log: l}
	full.on.Store(true)
	h := &hub{t: t, store: store.New(full, k)}
	start := func() (end func()) {
		db, err := sqlite.Open(t.Context(), filepath.Join(dir, "identity.db"), sqlite.Rebuildable)
		if err != nil {
			t.Fatal(err)
		}
		h.Identity, err = New(context.Background(), Config{Store: h.store, DB: db, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return func() { h.Close(); _ = db.Close() }
	}
	end := start()
	h.sees("s", "school", upn(0))
	for began := time.Now(); full.times.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("nobody tried to record a link")
		}
	}
	end()
	full.on.Store(false)
	defer start()()
	h.child("s")
}
