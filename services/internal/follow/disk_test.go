package follow_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"kith/events/store"
	"kith/events/store/sqlite/disktest"
	"kith/services/internal/follow"
)

// record is a hub on a disk that knows what a power cut leaves, and what it was
// told is there, and when.
type record struct {
	*hub
	dir  string
	disk *disktest.Disk
	mu   sync.Mutex
	kept map[store.Position]int // the moment of each acknowledgement
}

func newRecord(t *testing.T) *record {
	dir := t.TempDir()
	disk := disktest.New(t, dir)
	return &record{hub: hubIn(t, dir), dir: dir, disk: disk, kept: map[store.Position]int{}}
}

// work lets several writers append events of many children, each under a new key,
// while a read model follows.
func (r *record) work(t *testing.T, f *follow.Follower) {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			for n := range 12 {
				at := r.add(t, store.Stream(fmt.Sprintf("child-%d-%d", i, n/2)), 1, "")
				r.mu.Lock()
				r.kept[at] = r.disk.Moment()
				r.mu.Unlock()
			}
		})
	}
	wg.Wait()
	wait(t, f, 36)
}

// after opens what a power cut left, and looks whether every event that was
// acknowledged is there, every event that is there can be opened, and the model
// comes to be what the log says.
func (r *record) after(t *testing.T, s *disktest.State, moment int, l disktest.Loss, chance *rand.Rand) {
	dir := t.TempDir()
	must(t, s.Cut(l, chance, r.dir, dir))
	master, err := os.ReadFile(filepath.Join(r.dir, "keys", "master.key")) // not SQLite's
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "keys", "master.key"), master, fs.FileMode(0o600)))
	disktest.New(t, dir)
	h := hubIn(t, dir)
	last, err := h.Last(t.Context())
	must(t, err)
	for at, when := range r.kept {
		if when <= moment && at > last {
			t.Errorf("%d was acknowledged and is lost: the log ends at %d", at, last)
		}
	}
	if last > 0 {
		for e, err := range h.Follow(t.Context(), 0) {
			if must(t, err); e.Position == last { // it opens: its key is there
				break
			}
		}
	}
	f := h.start(t, h.seen())
	end := h.add(t, "child-after", 1, "")
	wait(t, f, end)
	h.complete(t, end)
}

// TestCrashStates cuts the power at moments of appending, sealing and following.
func TestCrashStates(t *testing.T) {
	r := newRecord(t)
	from := r.disk.Moment() // master.key is there
	f := r.start(t, r.seen())
	r.work(t, f)
	f.Stop()
	n, states := 60, 0
	if os.Getenv("KITH_SOAK") != "" {
		n = 4000
	}
	chance := rand.New(rand.NewPCG(5, 6))
	moments := r.disk.Moment() - from
	each := max(1, n/(moments*len(disktest.Losses)))
	r.disk.Replay(func(moment int, s *disktest.State) bool {
		for range each {
			for _, l := range disktest.Losses {
				if moment < from || chance.IntN(moments*each*len(disktest.Losses)) >= n {
					continue
				}
				states++
				t.Run(fmt.Sprintf("at %d losing %s", moment, l), func(t *testing.T) { r.after(t, s, moment, l, chance) })
			}
		}
		return !t.Failed()
	})
	t.Logf("%d crash states of log, keys and read model: 0 acknowledged events lost, 0 without their key, 0 models that differ", states)
}

// TestEveryCallFailsOnce: whatever call of log, keys or model fails, what was
// acknowledged is there after a power cut and the model is right.
func TestEveryCallFailsOnce(t *testing.T) {
	step, runs := 37, 0
	if os.Getenv("KITH_SOAK") != "" {
		step = 1
	}
	for n := 1; n <= 500; n += step {
		r := newRecord(t)
		f := r.start(t, r.seen())
		r.disk.FailAt(r.disk.Calls() + n)
		r.persist(t)
		wait(t, f, 36)
		f.Stop()
		r.complete(t, 36)
		r.after(t, r.disk.State(), r.disk.Moment(), disktest.Everything, rand.New(rand.NewPCG(7, 8)))
		if t.Failed() {
			t.Fatalf("call %d: %q", n, r.disk.Failed())
		}
		if len(r.disk.Failed()) == 0 {
			break // there were fewer
		}
		_, _, _ = r.log.Close(), r.keys.Close(), r.db.Close()
		r.disk.Remove()
		runs++
	}
	t.Logf("%d calls under log, keys and read model failed once each: 0 acknowledged events lost, 0 models that differ", runs)
}

// persist appends one after the other and again until each is acknowledged.
func (r *record) persist(t *testing.T) {
	for n := range 36 {
		s := store.Stream(fmt.Sprint("child-", n/2))
		b := r.batch(s, fmt.Sprint("request-", n))
		for try := 0; ; try++ {
			at, err := r.Append(t.Context(), b)
			if err == nil {
				r.kept[at[0].Position] = r.disk.Moment()
				break
			}
			if try == 100 {
				t.Fatalf("no service any more: %v", err)
			}
		}
	}
}

func (r *record) batch(s store.Stream, because string) store.Batch {
	return store.Batch{Stream: s, Expect: store.Any, Events: unlinked(1, ""),
		Cause: store.Cause{By: "test", For: "test", Because: because}}
}
