package witness

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// A hub with the key signs whatever it likes. It takes what a witness holds of
// one history, and tries to have a checkpoint of another one cosigned, by every
// proof it can think of. It never succeeds; the true history always goes on.
func TestForksAreRefused(t *testing.T) {
	hub, k := newHubKey(t), testKey(t, "northshire-police")
	root, forks, proven := t.TempDir(), 0, 0
	var n int
	check(t, func(t *rapid.T) {
		n++
		dir, err := os.MkdirTemp(root, "w")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		w, err := Open(Config{Dir: dir, Key: k, Verifier: hub.verifier, Origins: []string{origin}, Now: noonNow})
		if err != nil {
			t.Fatal(err)
		}
		w.keep.sync = func(*os.File) error { return nil } // not the disk is on trial here
		held := rapid.Int64Range(1, 70).Draw(t, "held")
		shared := rapid.Int64Range(0, held-1).Draw(t, "shared")
		a := new(history).grow(t, "a", shared)
		b := a.fork().grow(t, "b", rapid.Int64Range(1, 90).Draw(t, "forked"))
		a.grow(t, "a", 100-shared)
		if status, text := w.Add(hub.asks(t, a, 0, held)); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		for range 8 {
			forks++
			size := rapid.Int64Range(shared+1, b.size).Draw(t, "size")
			before := w.Conflicts()
			status, text := w.Add(forged(t, hub, a, b, held, size))
			if status == http.StatusOK {
				t.Fatalf("cosigned %d of the fork: %s", size, text)
			}
			if size == held && status != http.StatusBadRequest && w.Conflicts() == before {
				t.Fatalf("two roots at size %d were not seen as a conflict (%d)", size, status)
			}
			proven += w.Conflicts() - before
		}
		if kept, _ := filepath.Glob(filepath.Join(dir, "evidence", "*", "held.checkpoint")); (len(kept) > 0) != (w.Conflicts() > 0) {
			t.Fatalf("%d conflicts, %d kept", w.Conflicts(), len(kept))
		}
		next := rapid.Int64Range(held, a.size).Draw(t, "next")
		if status, text := w.Add(hub.asks(t, a, held, next)); status != http.StatusOK {
			t.Fatalf("the true history was refused: %d %s", status, text)
		}
	})
	t.Logf("%d witnesses, %d requests for a forked history: 0 cosigned, %d kept as evidence", n, forks, proven)
	if proven == 0 {
		t.Error("no fork came to be judged")
	}
}

// check is rapid.Check, and a hundred times that for a soak.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	rounds := 1
	if os.Getenv("KITH_SOAK") == "1" {
		rounds = 100
	}
	for range rounds {
		rapid.Check(t, property)
	}
}

// forged asks for a size of b, with a size and a proof that could deceive.
func forged(t *rapid.T, hub hubKey, a, b *history, held, size int64) []byte {
	r := request{old: held, note: hub.signs(t, origin, size, b.root(t, size))}
	from, to := held, size
	switch rapid.IntRange(0, 4).Draw(t, "lie") {
	case 0: // the proof is true, in the fork
	case 1: // from somewhere else
		from = rapid.Int64Range(0, size).Draw(t, "from")
	case 2: // and says so
		from = rapid.Int64Range(0, size).Draw(t, "from")
		r.old = from
	case 3: // a proof of the true history
		if held < size && size <= a.size {
			r.proof, _ = a.prove(held, size)
		}
		return r.body()
	case 4: // hashes that are lying about
		for range rapid.IntRange(0, maxProof).Draw(t, "hashes") {
			r.proof = append(r.proof, rapid.SampledFrom(append(a.hashes, b.hashes...)).Draw(t, "hash"))
		}
		return r.body()
	}
	if from > 0 && from <= to {
		p, err := b.prove(from, to)
		if err != nil {
			t.Fatal(err)
		}
		r.proof = p
		if len(p) > 0 && rapid.Bool().Draw(t, "mutate") {
			r.proof[rapid.IntRange(0, len(p)-1).Draw(t, "which")] = tlog.RecordHash([]byte("x"))
		}
	}
	return r.body()
}

// disk is what would be there after a power cut: of each file what was synced,
// under the names that were synced.
type disk struct {
	content map[uint64][]byte            // by inode
	names   map[string]map[string]uint64 // folder to name to inode
}

func (d *disk) sync(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		b, err := os.ReadFile(f.Name())
		d.content[inode(info)] = b
		return err
	}
	es, err := os.ReadDir(f.Name())
	d.names[f.Name()] = map[string]uint64{}
	for _, e := range es {
		if info, err := e.Info(); err == nil && !e.IsDir() {
			d.names[f.Name()][e.Name()] = inode(info)
		}
	}
	return err
}

func inode(info os.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }

// cut writes what is left of a folder into another.
func (d *disk) cut(from, to string) error {
	var errs []error
	for name, at := range d.names[from] {
		errs = append(errs, os.WriteFile(filepath.Join(to, name), d.content[at], 0o600))
	}
	return errors.Join(errs...)
}

// The power goes after the answer, or between keeping and answering. What was
// cosigned is there again; a fork from before is refused.
func TestPowerCut(t *testing.T) {
	hub, k := newHubKey(t), testKey(t, "northshire-police")
	cuts := 0
	check(t, func(r *rapid.T) {
		dir := t.TempDir()
		w := openWitness(t, dir, k, hub)
		d := &disk{map[uint64][]byte{}, map[string]map[string]uint64{}}
		w.keep.sync = d.sync
		h := new(history).grow(r, "a", 60)
		size := int64(0)
		for range rapid.IntRange(1, 6).Draw(r, "requests") {
			next := rapid.Int64Range(size, h.size).Draw(r, "next")
			if status, text := w.Add(hub.asks(r, h, size, next)); status != http.StatusOK {
				r.Fatalf("%d %s", status, text)
			}
			size = next
			cuts++
			after := t.TempDir()
			if err := d.cut(dir, after); err != nil {
				r.Fatal(err)
			}
			back := openWitness(t, after, k, hub)
			if back.Size(origin) != size {
				r.Fatalf("cosigned %d, holds %d after the power cut", size, back.Size(origin))
			}
			fork := h.fork().grow(r, "b", 1)
			lie := request{old: size, note: hub.signs(r, origin, size, tlog.RecordHash([]byte("b")))}
			if status, _ := back.Add(lie.body()); size > 0 && status == http.StatusOK {
				r.Fatal("a fork was cosigned after the power cut")
			}
			if status, text := back.Add(hub.asks(r, fork, size, fork.size)); status != http.StatusOK { // it extends h
				r.Fatalf("%d %s", status, text)
			}
		}
	})
	t.Logf("%d power cuts: 0 cosigned checkpoints forgotten", cuts)
}

func TestPowerCutWhileKeeping(t *testing.T) {
	hub, k, dir := newHubKey(t), testKey(t, "northshire-police"), t.TempDir()
	h := new(history).grow(t, "a", 9)
	w := openWitness(t, dir, k, hub)
	mustCosign(t, w, hub, hub.asks(t, h, 0, 5))
	w.keep.sync = func(f *os.File) error { return errors.New("the power is gone") }
	mustAnswer(t, w, hub.asks(t, h, 5, 9), http.StatusInternalServerError, "") // never got to anybody
	back := openWitness(t, dir, k, hub)
	if got := back.Size(origin); got != 5 {
		t.Errorf("holds %d", got)
	}
	// And after it was kept, and before anybody heard: the hub asks from 5 again.
	mustCosign(t, back, hub, hub.asks(t, h, 5, 9))
	back = openWitness(t, dir, k, hub)
	mustAnswer(t, back, hub.asks(t, h, 5, 9), http.StatusConflict, "9\n")
	mustCosign(t, back, hub, hub.asks(t, h, 9, 9))
}
