package follow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
)

// modelOf counts the events of each stream and notes each one's reason. It fails,
// after it wrote, for those whose reason says so, and does not want proposals.
func modelOf(name string) follow.Model {
	return follow.Model{Name: name,
		Schema: []string{`CREATE TABLE count (stream TEXT PRIMARY KEY, n INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
			CREATE TABLE note (position INTEGER PRIMARY KEY, reason TEXT NOT NULL)`},
		Wants: func(t events.Type) bool { return t != events.LinkProposed{}.Type() },
		Apply: func(ctx context.Context, tx *follow.Tx, e store.Event) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO count VALUES (?1, 1, ?2) ON CONFLICT DO UPDATE SET n = n + 1, last = ?2`, e.Stream, e.Position)
			if err != nil {
				return err
			}
			reason := e.Event.(events.SubjectUnlinked).Reason
			if _, err := tx.ExecContext(ctx, `INSERT INTO note VALUES (?, ?)`, e.Position, reason); err != nil {
				return err
			}
			if strings.HasPrefix(reason, "poison") {
				return errors.New("cannot bear it")
			}
			return nil
		}}
}

func (h *hub) file(t testing.TB, m follow.Model) follow.Projection {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), m.Name+".db"), sqlite.Rebuildable)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return follow.Projection{Model: m, DB: db, Log: slog.New(slog.NewTextHandler(h.said, nil))}
}

// broken appends an event that nobody can open.
func (h *hub) broken(t testing.TB, s store.Stream) store.Position {
	t.Helper()
	at, err := h.log.Append(t.Context(), store.Write{Stream: s, Expect: store.Any,
		Cause:   store.Cause{By: "test", For: "test", Because: "broken"},
		Entries: []store.Entry{{ID: uuid.New(), Type: "test.v1", Data: []byte("not sealed at all")}}})
	must(t, err)
	return at[0].Position
}

func alike(t testing.TB, what string, a, b follow.Projection) {
	t.Helper()
	da, err := a.DB.Digest(t.Context(), a.Uncompared()...)
	must(t, err)
	db, err := b.DB.Digest(t.Context(), b.Uncompared()...)
	must(t, err)
	where, err := sqlite.Difference(t.Context(), a.DB, b.DB, a.Uncompared()...)
	must(t, err)
	if da.Sum != db.Sum || where != "" {
		t.Fatalf("%s: differs at %q\n got %+v\nwant %+v", what, where, da.Tables, db.Tables)
	}
}

// What is built anew is what was followed: over random histories with events that
// fail, that cannot be opened, that nobody wants, that were erased and that were
// appended twice, followed with restarts, built in one go or in several.
func TestBuiltIsFollowed(t *testing.T) {
	histories, parked, total := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if histories == 25 && os.Getenv("KITH_SOAK") == "" {
			return // the others are left to make soak
		}
		h := newHub(t)
		one, two := h.file(t, modelOf("one")), h.file(t, modelOf("two"))
		two.Wants = nil
		two.Apply = func(ctx context.Context, tx *follow.Tx, e store.Event) error {
			if _, ok := e.Event.(events.LinkProposed); ok {
				_, err := tx.ExecContext(ctx, `INSERT INTO note VALUES (?, 'proposed')`, e.Position)
				return err
			}
			return one.Apply(ctx, tx, e)
		}
		erased := store.Stream("erased-1")
		h.add(t, erased, rapid.IntRange(1, 5).Draw(rt, "erased"), "")
		must(t, h.keys.Destroy(t.Context(), erased.Key()))
		f := follower(t, h, one)
		var last store.Position
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			s := store.Stream(fmt.Sprintf("child-%d", rapid.IntRange(1, 4).Draw(rt, "stream")))
			switch rapid.SampledFrom([]string{"add", "add", "many", "poison", "broken", "unwanted", "again", "restart"}).Draw(rt, "step") {
			case "add":
				last = h.add(t, s, rapid.IntRange(1, 5).Draw(rt, "n"), "")
			case "many":
				last = h.add(t, s, 700, "")
			case "poison":
				last = h.add(t, s, rapid.IntRange(1, 3).Draw(rt, "n"), "poison")
			case "broken":
				last = h.broken(t, s)
			case "unwanted":
				last = h.once(t, s, fmt.Sprint("proposal-", last), events.LinkProposed{Child: "c", Subject: "s", Rule: "r"})
			case "again":
				last = max(last, h.once(t, s, "the same request", events.SubjectUnlinked{Child: "c", Subject: "s"}))
			case "restart":
				f.Stop()
				f = follower(t, h, one)
			}
		}
		if last == 0 {
			return
		}
		wait(t, f, last)
		g := follower(t, h, two)
		wait(t, g, last)
		must(t, parkedCount(t, f, &parked))
		f.Stop()
		g.Stop()

		built1, built2 := h.file(t, one.Model), h.file(t, two.Model)
		for _, until := range []store.Position{store.Position(rapid.IntRange(1, int(last)).Draw(rt, "first")), last} {
			must(t, follow.Build(t.Context(), h.Store, until, nil, built1, built2))
		}
		alike(t, "one", built1, one)
		alike(t, "two", built2, two)
		histories, total = histories+1, total+int(last)
	})
	t.Logf("%d histories, %d events, %d parked: built is followed", histories, total, parked)
	if parked == 0 {
		t.Error("nothing was ever parked")
	}
}

func follower(t testing.TB, h *hub, p follow.Projection) *follow.Follower {
	t.Helper()
	f, err := follow.Start(context.Background(), h.Store, p)
	must(t, err)
	return f
}

func parkedCount(t testing.TB, f *follow.Follower, n *int) error {
	ps, err := f.Parked(t.Context())
	*n += len(ps)
	return err
}

// once appends what a request says; the same request again appends nothing.
func (h *hub) once(t testing.TB, s store.Stream, because string, e events.Event) store.Position {
	t.Helper()
	at, err := h.Append(t.Context(), store.Batch{Stream: s, Expect: store.Any, Events: []events.Event{e},
		Cause: store.Cause{By: "test", For: "test", Because: because}})
	must(t, err)
	return at[0].Position
}

// The check must be able to say no: a model that misses one event differs.
func TestASkippedEventShows(t *testing.T) {
	h := newHub(t)
	last := h.add(t, "child-1", 2000, "")
	live := h.file(t, modelOf("one"))
	f := follower(t, h, live)
	wait(t, f, last)
	f.Stop()
	m := modelOf("one")
	m.Apply = func(ctx context.Context, tx *follow.Tx, e store.Event) error {
		if e.Position == 1234 {
			return nil
		}
		return live.Apply(ctx, tx, e)
	}
	built := h.file(t, m)
	must(t, follow.Build(t.Context(), h.Store, last, nil, built))
	where, err := sqlite.Difference(t.Context(), live.DB, built.DB, live.Uncompared()...)
	if err != nil || where != `table count, row stream="child-1"` {
		t.Errorf("differs at %q, %v", where, err)
	}
	if a, b := digest(t, live), digest(t, built); a.Sum == b.Sum {
		t.Error("the digests are the same")
	}
}

func digest(t testing.TB, p follow.Projection) sqlite.Digest {
	t.Helper()
	d, err := p.DB.Digest(t.Context(), p.Uncompared()...)
	must(t, err)
	return d
}

// A build that was cut off goes on where its last transaction ended.
func TestABuildThatWasCutOff(t *testing.T) {
	h := newHub(t)
	var last store.Position
	for range 20 {
		last = h.add(t, "child-1", 1000, "")
	}
	live, built := h.file(t, modelOf("one")), h.file(t, modelOf("one"))
	must(t, follow.Build(t.Context(), h.Store, last, nil, live))
	ctx, cancel := context.WithCancel(t.Context())
	cut := built
	cut.Apply = func(ctx context.Context, tx *follow.Tx, e store.Event) error {
		if e.Position == 12_345 {
			cancel()
		}
		return built.Apply(ctx, tx, e)
	}
	if err := follow.Build(ctx, h.Store, last, nil, cut); !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: %v", err)
	}
	must(t, follow.Build(t.Context(), h.Store, last, nil, built))
	alike(t, "built in two", built, live)
}
