package follow_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	logfile "kith/events/store/sqlite"
	"kith/services/internal/follow"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// hub is a log with keys, and a file for read models.
type hub struct {
	*store.Store
	log  *logfile.Log
	keys *keys.Keys
	db   *sqlite.DB
	said *said

	serial atomic.Int64
}

func newHub(t testing.TB) *hub {
	t.Helper()
	return hubIn(t, t.TempDir())
}

func hubIn(t testing.TB, dir string) *hub {
	t.Helper()
	l, err := logfile.Open(context.Background(), filepath.Join(dir, "log.db"))
	must(t, err)
	k, err := keys.Open(context.Background(), filepath.Join(dir, "keys"))
	must(t, err)
	db, err := sqlite.Open(context.Background(), filepath.Join(dir, "model.db"), sqlite.Rebuildable)
	must(t, err)
	must(t, db.Migrate(context.Background(), `CREATE TABLE seen (position INTEGER NOT NULL, stream TEXT NOT NULL)`))
	t.Cleanup(func() { _, _, _ = l.Close(), k.Close(), db.Close() })
	return &hub{Store: store.New(l, k), log: l, keys: k, db: db, said: &said{}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// said is a log in memory.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// add appends n events to a stream, each saying its reason.
func (h *hub) add(t testing.TB, s store.Stream, n int, reason string) store.Position {
	t.Helper()
	es := unlinked(n, reason)
	because := fmt.Sprint("request-", h.serial.Add(1))
	at, err := h.Append(t.Context(), store.Batch{Stream: s, Expect: store.Any, Events: es,
		Cause: store.Cause{By: "test", For: "test", Because: because}})
	must(t, err)
	return at[0].Position
}

func unlinked(n int, reason string) []events.Event {
	es := make([]events.Event, n)
	for i := range es {
		es[i] = events.SubjectUnlinked{Child: "c", Subject: "s", Reason: reason}
	}
	return es
}

// seen notes each event; it fails for those whose reason says so.
func (h *hub) seen() follow.Projection {
	return follow.Projection{DB: h.db, Log: slog.New(slog.NewTextHandler(h.said, nil)), Model: follow.Model{Name: "seen",
		Apply: func(ctx context.Context, tx *follow.Tx, e store.Event) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO seen (position, stream) VALUES (?, ?)`, e.Position, e.Stream)
			if err == nil && strings.HasPrefix(e.Event.(events.SubjectUnlinked).Reason, "poison") {
				err = fmt.Errorf("cannot bear %v", e.Event)
			}
			return err
		}}}
}

func (h *hub) start(t testing.TB, p follow.Projection) *follow.Follower {
	t.Helper()
	f, err := follow.Start(context.Background(), h.Store, p)
	must(t, err)
	t.Cleanup(f.Stop)
	return f
}

func wait(t testing.TB, f *follow.Follower, p store.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must(t, f.Wait(ctx, p))
}

// rows are the positions in the model, in the order they were written.
func (h *hub) rows(t testing.TB) (all []store.Position) {
	t.Helper()
	rows, err := h.db.Read.Query(`SELECT position FROM seen ORDER BY rowid`)
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var p store.Position
		must(t, rows.Scan(&p))
		all = append(all, p)
	}
	must(t, rows.Err())
	return all
}

// complete checks that the model holds every position up to last once, less some.
func (h *hub) complete(t testing.TB, last store.Position, less ...store.Position) {
	t.Helper()
	var want []store.Position
	for p := range last {
		if !slices.Contains(less, p+1) {
			want = append(want, p+1)
		}
	}
	if got := h.rows(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
