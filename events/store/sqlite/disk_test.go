package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/events/store/sqlite/disktest"
	"kith/events/store/storetest"
)

// soak gives the full count with KITH_SOAK=1, else the quick one.
func soak(quick, full int) int {
	if os.Getenv("KITH_SOAK") != "" {
		return full
	}
	return quick
}

// promises is what a log acknowledged, and when.
type promises struct {
	lazy  bool // leave what was committed in the write-ahead log
	mu    sync.Mutex
	asked []store.Write // whatever came of it
	kept  []promise
}

type promise struct {
	write  store.Write
	at     store.Appended
	moment int
}

// append appends until it is acknowledged, as every writer of Kith does.
func (p *promises) append(t testing.TB, d *disktest.Disk, l *sqlite.Log, w store.Write) (errs []error) {
	p.mu.Lock()
	p.asked = append(p.asked, w)
	p.mu.Unlock()
	for patience := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		at, err := l.Append(context.Background(), w)
		if err == nil {
			p.mu.Lock()
			p.kept = append(p.kept, promise{w, at[0], d.Moment()})
			p.mu.Unlock()
			return errs
		}
		if errs = append(errs, err); time.Now().After(patience) {
			t.Errorf("no service any more: %v", err)
			return errs
		}
	}
}

const (
	writers = 4
	rounds  = 12
)

// work lets several writers append, each to its own stream and to that of all.
func (p *promises) work(t testing.TB, d *disktest.Disk, l *sqlite.Log, from int) (errs []error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := from; n < from+rounds; n++ {
				data := make([]byte, 500+1500*(n%3))
				e := p.append(t, d, l, write(store.Stream(fmt.Sprint("own-", i)), store.Revision(n), data))
				e = append(e, p.append(t, d, l, write("all-1", store.Any, data))...)
				mu.Lock()
				errs = append(errs, e...)
				mu.Unlock()
				if i == 0 && n%4 == 3 && !p.lazy {
					_ = sqlite.Tidy(l) // as the log does from time to time
				}
			}
		})
	}
	wg.Wait()
	return errs
}

// check looks whether a log that was opened after a power cut at a moment holds
// what was promised by then, everything once, and takes everything again.
func (p *promises) check(t testing.TB, l *sqlite.Log, moment int) {
	t.Helper()
	rs := all(t, l)
	place, heads := map[store.EventID]store.Recorded{}, map[store.Stream]store.Revision{}
	for i, r := range rs {
		if r.Position != store.Position(i+1) || r.Revision != heads[r.Stream]+1 {
			t.Errorf("%s/%d at %d follows %s/%d at %d", r.Stream, r.Revision, r.Position, r.Stream, heads[r.Stream], i)
		}
		if _, twice := place[r.ID]; twice {
			t.Errorf("%s is there twice", r.ID)
		}
		heads[r.Stream], place[r.ID] = r.Revision, r
	}
	for _, k := range p.kept {
		id := k.write.Entries[len(k.write.Entries)-1].ID
		if r, ok := place[id]; k.moment <= moment && (!ok || r.Position != k.at.Position || r.Revision != k.at.Revision || !r.At.Equal(k.at.At)) {
			t.Errorf("acknowledged at %d and lost, or moved: %s %+v", k.moment, k.write.Stream, k.at)
		}
	}
	events := 0
	for _, w := range p.asked { // whoever has no receipt asks again
		events += len(w.Entries)
		w.Expect = store.Any
		if _, err := l.Append(context.Background(), w); err != nil {
			t.Errorf("again: %v", err)
		}
	}
	if last, err := l.Last(context.Background()); err != nil || last != store.Position(events) {
		t.Errorf("after everything was given again there are %d events, not %d, %v", last, events, err)
	}
}

// all is everything in the log.
func all(t testing.TB, l *sqlite.Log) (rs []store.Recorded) {
	t.Helper()
	last, err := l.Last(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if last == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for r, err := range l.Follow(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if rs = append(rs, r); r.Position == last {
			return rs
		}
	}
	t.Fatalf("the log says that it ends at %d, and holds %d events", last, len(rs))
	return nil
}

// cut opens what a power cut leaves now.
func cut(t testing.TB, d *disktest.Disk, s *disktest.State, l disktest.Loss, chance *rand.Rand, from string) (*sqlite.Log, func()) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "cut")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Cut(l, chance, from, dir); err != nil {
		t.Fatal(err)
	}
	after := disktest.New(t, dir) // for speed: it does not sync
	opened, err := sqlite.Open(context.Background(), filepath.Join(dir, "log.db"))
	if err != nil {
		t.Fatalf("open after a power cut that lost %s: %v", l, err)
	}
	return opened, func() { _ = opened.Close(); after.Remove(); _ = os.RemoveAll(dir) }
}

// slowReader looks at the log for a while, again and again, as a backup does.
// Meanwhile the log cannot move all that was committed to where it belongs.
func slowReader(t testing.TB, path string) (stop func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	quit, done := make(chan struct{}), make(chan struct{})
	look := func() {
		tx, err := db.Begin()
		if err != nil {
			return
		}
		var n int
		_ = tx.QueryRow(`SELECT count(*) FROM events`).Scan(&n)
		select {
		case <-time.After(5 * time.Millisecond):
		case <-quit:
		}
		_ = tx.Rollback()
	}
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-time.After(2 * time.Millisecond):
				look()
			}
		}
	}()
	return func() { close(quit); <-done; _ = db.Close() }
}

// TestEveryCallFailsOnce lets each write, truncate, sync and delete fail, one in
// each run. Nobody may be told that an event is there that a power cut takes.
func TestEveryCallFailsOnce(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	const calls = 500
	step := soak(33, 1)
	runs, refusals, restarts := 0, 0, 0
	for n := 1; n <= calls; n += step {
		dir := t.TempDir()
		d := disktest.New(t, dir)
		path := filepath.Join(dir, "log.db")
		d.FailAt(n)
		l, err := sqlite.Open(context.Background(), path)
		if err != nil { // it said so; the next start succeeds
			restarts++
			if l, err = sqlite.Open(context.Background(), path); err != nil {
				t.Fatalf("call %d: %v", n, err)
			}
		}
		p := &promises{}
		slow := slowReader(t, path)
		refusals += len(p.work(t, d, l, 0))
		slow()
		for _, loss := range disktest.Losses {
			opened, done := cut(t, d, d.State(), loss, chance, dir)
			p.check(t, opened, d.Moment())
			done()
		}
		if err := l.Close(); err != nil {
			t.Logf("call %d: close: %v", n, err)
		}
		if t.Failed() {
			t.Fatalf("call %d of %d: %q", n, d.Calls(), d.Failed())
		}
		if len(d.Failed()) == 0 {
			t.Fatalf("call %d never came: there were %d", n, d.Calls())
		}
		d.Remove()
		runs++
	}
	t.Logf("%d of the first %d calls failed once each: %d appends refused, %d starts; 0 acknowledged events lost, 0 doubled",
		runs, calls, refusals, restarts)
}

// TestDiskFull: no acknowledgement, a clear error, and service when there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	d := disktest.New(t, dir)
	l := open(t, filepath.Join(dir, "log.db"))
	p := &promises{}
	p.work(t, d, l, 0)
	d.Fill(true)
	for range 5 {
		if _, err := l.Append(t.Context(), write("x-1", store.Any, nil)); err == nil {
			t.Error("acknowledged on a full disk")
		} else if !strings.Contains(err.Error(), "full") {
			t.Errorf("not clear: %v", err)
		}
	}
	if n := count(t, l, "own-1"); n != rounds {
		t.Errorf("%d events can be read on a full disk", n)
	}
	d.Fill(false)
	if errs := p.work(t, d, l, rounds); len(errs) > 0 {
		t.Errorf("there is room again: %v", errs)
	}
	opened, done := cut(t, d, d.State(), disktest.Everything, nil, dir)
	defer done()
	p.check(t, opened, d.Moment())
}

// TestCheckpointSyncFails is the one way in which SQLite by itself loses what it
// committed: while somebody reads, it moves a part of the write-ahead log into
// the file and counts it as done without a sync. When the sync that should
// cover it fails later, that part is not moved again, the next sync succeeds,
// and the write-ahead log begins anew over what was lost.
func TestCheckpointSyncFails(t *testing.T) {
	dir := t.TempDir()
	d := disktest.New(t, dir)
	path := filepath.Join(dir, "log.db")
	l := open(t, path)
	p := &promises{lazy: true}
	p.work(t, d, l, 0)
	p.lazy = false
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM events`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	p.work(t, d, l, rounds) // moved in part
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.FailSync("log.db")
	for from := 2 * rounds; from < 6*rounds; from += rounds {
		p.work(t, d, l, from)
	}
	if len(d.Failed()) != 1 {
		t.Fatalf("nothing was tried: %q", d.Failed())
	}
	for _, loss := range disktest.Losses {
		opened, done := cut(t, d, d.State(), loss, rand.New(rand.NewPCG(1, 2)), dir)
		p.check(t, opened, d.Moment())
		done()
	}
}

// TestStartAfterASyncFailed kills the process after a sync that failed. The next
// one finds an append that nobody acknowledged, and what it appends after that
// must not be lost with it.
func TestStartAfterASyncFailed(t *testing.T) {
	dir := t.TempDir()
	d := disktest.New(t, dir)
	l := open(t, filepath.Join(dir, "log.db"))
	p := &promises{}
	many := func(n int) store.Write { // so many that they lie all over the indexes
		w := write("x-1", store.Any, nil)
		for range n {
			w.Entries = append(w.Entries, write("", 0, make([]byte, 100)).Entries...)
		}
		return w
	}
	p.append(t, d, l, many(2000))
	if err := sqlite.Tidy(l); err != nil {
		t.Fatal(err)
	}
	p.append(t, d, l, write("x-2", store.Any, nil)) // begins a new write-ahead log
	d.FailSync("log.db-wal")
	w := many(30)
	if _, err := l.Append(t.Context(), w); err == nil {
		t.Error("acknowledged after a sync that failed")
	}
	p.asked = append(p.asked, w)
	for i := range p.kept {
		p.kept[i].moment = 0 // all of it before the next process
	}
	dir = t.TempDir()
	d = d.Killed(t, dir)
	l = open(t, filepath.Join(dir, "log.db"))
	if n := count(t, l, "x-1"); n != 2032 {
		t.Errorf("the append that failed is not found: the test shows nothing (%d)", n)
	}
	states := everyState(t, d, p, dir, soak(40, 2000))
	p.work(t, d, l, 0)
	states += everyState(t, d, p, dir, soak(10, 2000))
	t.Logf("%d crash states after a start over a sync that failed: 0 acknowledged events lost, 0 doubled, 0 reordered", states)
}

// everyState cuts the power at every moment, in every way, or at as many as
// make n states, and looks at what is left.
func everyState(t *testing.T, d *disktest.Disk, p *promises, dir string, n int) (states int) {
	t.Helper()
	chance := rand.New(rand.NewPCG(3, 4))
	moments := d.Moment()
	rounds := max(1, n/(moments*len(disktest.Losses)))
	d.Replay(func(moment int, s *disktest.State) bool {
		for range rounds {
			for _, loss := range disktest.Losses {
				if chance.IntN(moments*rounds*len(disktest.Losses)) >= n {
					continue
				}
				opened, done := cut(t, d, s, loss, chance, dir)
				p.check(t, opened, moment)
				done()
				states++
				if t.Failed() {
					t.Errorf("after a power cut at %d of %d that lost %s", moment, moments, loss)
					return false
				}
			}
		}
		return true
	})
	return states
}

// TestCrashStates cuts the power at every moment.
func TestCrashStates(t *testing.T) {
	dir := t.TempDir()
	d := disktest.New(t, dir)
	path := filepath.Join(dir, "log.db")
	l := open(t, path)
	p := &promises{}
	slow := slowReader(t, path)
	p.work(t, d, l, 0)
	slow()
	if err := l.Close(); err != nil { // and in the middle of this, and of the next start
		t.Fatal(err)
	}
	l = open(t, path)
	p.work(t, d, l, rounds)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	states := everyState(t, d, p, dir, soak(60, 14000))
	t.Logf("%d crash states of %d writes and syncs: 0 acknowledged events lost, 0 doubled, 0 reordered", states, d.Moment())
}

func TestLinearizable(t *testing.T) {
	storetest.Linearizable(t, open(t, filepath.Join(t.TempDir(), "log.db")), soak(50, 1000))
}
