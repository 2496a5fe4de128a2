package rebuild_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	logfile "kith/events/store/sqlite"
	"kith/services/internal/follow"
	"kith/services/internal/keys"
	"kith/services/internal/rebuild"
	"kith/services/internal/sqlite"
)

// victim is the environment variable that makes this test binary a process that
// rebuilds until it is killed.
const victim = "KITH_REBUILD_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		fmt.Println("begun")
		for {
			if err := rebuildOnce(dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(3)
			}
		}
	}
	os.Exit(m.Run())
}

func rebuildOnce(dir string) error {
	ctx := context.Background()
	h, err := open(ctx, dir)
	if err != nil {
		return err
	}
	defer h.close()
	_, err = rebuild.Run(ctx, h.config())
	return err
}

// hub is a log, its keys and the two models that stand on it.
type hub struct {
	*store.Store
	dir    string
	log    *logfile.Log
	keys   *keys.Keys
	models []follow.Projection
}

func open(ctx context.Context, dir string) (*hub, error) {
	h := &hub{dir: dir}
	var err error
	if h.log, err = logfile.Open(ctx, filepath.Join(dir, "events.db")); err != nil {
		return nil, err
	}
	if h.keys, err = keys.Open(ctx, filepath.Join(dir, "keys")); err != nil {
		return nil, err
	}
	h.Store = store.New(h.log, h.keys)
	for _, m := range []follow.Model{counting("one"), counting("two")} {
		db, err := sqlite.Open(ctx, filepath.Join(dir, "models", m.Name+".db"), sqlite.Rebuildable)
		if err != nil {
			return nil, err
		}
		h.models = append(h.models, follow.Projection{Model: m, DB: db, Log: slog.New(slog.DiscardHandler)})
	}
	return h, nil
}

func (h *hub) close() {
	for _, p := range h.models {
		_ = p.DB.Close()
	}
	_, _ = h.log.Close(), h.keys.Close()
}

func (h *hub) config() rebuild.Config {
	return rebuild.Config{Store: h.Store, Models: h.models, Dir: filepath.Join(h.dir, "models"), Log: slog.New(slog.DiscardHandler)}
}

// counting counts events by stream, cannot bear poison, and keeps a list of work.
func counting(name string) follow.Model {
	return follow.Model{Name: name, Work: []string{"work"},
		Schema: []string{`CREATE TABLE count (stream TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID; CREATE TABLE work (position INTEGER PRIMARY KEY)`},
		Apply: func(ctx context.Context, tx *follow.Tx, e store.Event) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO count VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1`, e.Stream)
			if err == nil {
				_, err = tx.ExecContext(ctx, `INSERT INTO work VALUES (?)`, e.Position)
			}
			if err == nil && e.Event.(events.SubjectUnlinked).Reason == "poison" {
				err = errors.New("cannot bear it")
			}
			return err
		}}
}

func begin(t testing.TB) *hub {
	t.Helper()
	h, err := open(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(h.close)
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *hub) add(t testing.TB, n int, reason string) store.Position {
	t.Helper()
	es := make([]events.Event, n)
	for i := range es {
		es[i] = events.SubjectUnlinked{Child: "c", Subject: "s", Reason: reason}
	}
	at, err := h.Append(t.Context(), store.Batch{Stream: store.Stream(fmt.Sprintf("child-%d", rand.IntN(9))), Expect: store.Any, Events: es,
		Cause: store.Cause{By: "test", For: "test", Because: fmt.Sprint(rand.Uint64())}})
	must(t, err)
	return at[0].Position
}

func (h *hub) follow(t testing.TB) (fs []*follow.Follower) {
	t.Helper()
	for _, p := range h.models {
		f, err := follow.Start(context.Background(), h.Store, p)
		must(t, err)
		t.Cleanup(f.Stop)
		fs = append(fs, f)
	}
	return fs
}

func wait(t testing.TB, fs []*follow.Follower, p store.Position) {
	t.Helper()
	for _, f := range fs {
		must(t, f.Wait(t.Context(), p))
	}
}

// right checks that the models are what the log makes of them.
func (h *hub) right(t testing.TB) {
	t.Helper()
	for _, p := range h.models {
		at, err := p.Position(t.Context())
		must(t, err)
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "clean.db"), sqlite.Rebuildable)
		must(t, err)
		clean := follow.Projection{Model: p.Model, DB: db, Log: p.Log}
		must(t, follow.Build(t.Context(), h.Store, at, nil, clean))
		where, err := sqlite.Difference(t.Context(), p.DB, db, p.Uncompared()...)
		must(t, errors.Join(err, db.Close()))
		if where != "" {
			t.Errorf("%s at %d differs from a clean build at %s", p.Name, at, where)
		}
	}
	left, err := filepath.Glob(filepath.Join(h.dir, "models", "*.new*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// The hub takes events all the while; nothing is lost, nothing is done twice.
func TestRebuildWhileEventsArrive(t *testing.T) {
	h := begin(t)
	h.add(t, 2000, "")
	h.add(t, 3, "poison")
	fs := h.follow(t)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var last store.Position
	wg.Go(func() {
		for ctx.Err() == nil {
			last = h.add(t, 1+rand.IntN(20), []string{"poison", ""}[min(1, rand.IntN(10))])
			wait(t, fs, last)
		}
	})
	const times = 5
	for range times {
		c := h.config()
		c.Followed = true
		out, err := rebuild.Run(t.Context(), c)
		must(t, err)
		for _, o := range out {
			if !o.Same || !o.Switched || o.Differs != "" || o.New || o.Parked < 3 || o.Position < 2003 || len(o.Digest) != 64 {
				t.Fatalf("%+v", o)
			}
		}
	}
	stop()
	wg.Wait()
	wait(t, fs, last)
	h.right(t)
	t.Logf("rebuilt %d times while %d events arrived: the same each time", times, last-2003)
}

// What was still to be done when the file was replaced is, and no more than that.
func TestWorkIsTakenOver(t *testing.T) {
	h := begin(t)
	wait(t, h.follow(t), h.add(t, 10, ""))
	_, err := h.models[0].DB.Write.Exec(`DELETE FROM work WHERE position <> 7`)
	must(t, err)
	c := h.config()
	c.Followed = true
	_, err = rebuild.Run(t.Context(), c)
	must(t, err)
	var n, at int
	must(t, h.models[0].DB.Read.QueryRow(`SELECT count(*), max(position) FROM work`).Scan(&n, &at))
	if n != 1 || at != 7 {
		t.Errorf("%d to do, last %d", n, at)
	}
}

// A model that follows another log is built, compared and switched with the one
// whose file it shares, also while its log is ahead of what it has seen, and a
// file that knows more than that log is built anew.
func TestTwoLogsInOneFile(t *testing.T) {
	h, other := begin(t), begin(t)
	beside := follow.Model{Name: "beside", Apply: func(ctx context.Context, tx *follow.Tx, e store.Event) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO count VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1`, "other-"+string(e.Stream))
		return err
	}}
	h.add(t, 700, "")
	other.add(t, 900, "")
	second := follow.Projection{Model: beside, DB: h.models[0].DB}
	build := func(until store.Position) {
		t.Helper()
		must(t, follow.Build(t.Context(), h.Store, 700, nil, h.models[0]))
		must(t, follow.Build(t.Context(), other.Store, until, nil, second))
	}
	c := h.config()
	c.Models, c.Beside = h.models[:1], map[string]rebuild.Beside{"one": {Store: other.Store, Model: beside}}
	build(500)
	out, err := rebuild.Run(t.Context(), c)
	if at, perr := second.Position(t.Context()); err != nil || perr != nil || !out[0].Same || !out[0].Switched || at != 900 {
		t.Fatalf("%+v, at %d: %v, %v", out, at, err, perr)
	}
	_, err = second.DB.Write.Exec(`UPDATE count SET n = n + 1 WHERE stream LIKE 'other-%'`)
	must(t, err)
	if out, err = rebuild.Run(t.Context(), c); !errors.Is(err, rebuild.ErrDiffers) || !strings.HasPrefix(out[0].Differs, `table count, row stream="other-child-`) {
		t.Fatalf("%+v, %v", out, err)
	}
	_, err = second.DB.Write.Exec(`UPDATE position SET at = at + 1 WHERE name = 'beside'`)
	must(t, err)
	if out, err = rebuild.Run(t.Context(), c); err != nil || !out[0].New || !out[0].Switched {
		t.Fatalf("%+v, %v", out, err)
	}
	if out, err = rebuild.Run(t.Context(), c); err != nil || !out[0].Same || out[0].New {
		t.Fatalf("%+v, %v", out, err)
	}
}

func TestWhatDiffersIsNotSwitched(t *testing.T) {
	h := begin(t)
	wait(t, h.follow(t), h.add(t, 100, ""))
	_, err := h.models[1].DB.Write.Exec(`UPDATE count SET n = n + 1`)
	must(t, err)
	for _, tc := range []struct {
		check, always bool
		err           error
		switched      bool
	}{{true, false, rebuild.ErrDiffers, false}, {false, false, rebuild.ErrDiffers, false}, {false, true, nil, true}, {true, false, nil, false}} {
		c := h.config()
		c.Followed, c.Check, c.Always = true, tc.check, tc.always
		out, err := rebuild.Run(t.Context(), c)
		if !errors.Is(err, tc.err) || len(out) != 2 || !out[0].Same || out[0].Switched == tc.check || out[1].Switched != tc.switched {
			t.Errorf("%+v: %+v, %v", tc, out, err)
		}
		if tc.err != nil && !strings.HasPrefix(out[1].Differs, `table count, row stream="child-`) {
			t.Errorf("%+v: differs at %q", tc, out[1].Differs)
		}
		if tc.always {
			if _, err := os.Stat(filepath.Join(c.Dir, out[1].Aside)); err != nil || out[1].Aside == "" {
				t.Errorf("kept aside as %q: %v", out[1].Aside, err)
			}
		}
	}
	h.right(t)
}

// Without a hub the files may lie behind the log, be missing, or be ahead of a
// log that was restored.
func TestRebuildOfFilesThatNobodyFollows(t *testing.T) {
	h := begin(t)
	last := h.add(t, 700, "")
	must(t, follow.Build(t.Context(), h.Store, 0, nil, h.models[0]))
	_, err := h.models[0].DB.Write.Exec(`INSERT INTO position VALUES ('one', ?)`, last+5)
	must(t, err)
	for i := range 3 {
		out, err := rebuild.Run(t.Context(), h.config())
		if err != nil || len(out) != 2 {
			t.Fatalf("%+v, %v", out, err)
		}
		for k, o := range out {
			if o.New != (i == 0) || o.Same != (i > 0) || !o.Switched || (o.Aside != "") != (i == 0 && k == 0) || o.Position != last {
				t.Errorf("%d: %+v", i, o)
			}
		}
		h.right(t)
		last = h.add(t, 10, "")
	}
}

// Killed at any moment, the old ones or the new ones serve, whole.
func TestKilledWhileRebuilding(t *testing.T) {
	kills := 12
	if os.Getenv("KITH_SOAK") != "" {
		kills = 200
	}
	dir := t.TempDir()
	h, err := open(t.Context(), dir)
	must(t, err)
	h.add(t, 3000, "")
	h.add(t, 2, "poison")
	h.close()
	for range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), victim+"="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = out.Read(make([]byte, 8))
		must(t, err)
		time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() == 3 {
			t.Fatalf("the rebuild failed: %v", err)
		}
		h, err := open(t.Context(), dir)
		must(t, err)
		for _, p := range h.models {
			must(t, rebuild.Clean(filepath.Join(dir, "models"), p.Name))
		}
		last := h.add(t, 1, "")
		fs := h.follow(t)
		wait(t, fs, last)
		h.right(t)
		for _, f := range fs {
			f.Stop()
		}
		h.close()
	}
	t.Logf("%d kills while rebuilding: 0 models differ from a clean build", kills)
}
