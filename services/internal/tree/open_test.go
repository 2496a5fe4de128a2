package tree_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/services/internal/tree"
)

// TestOpenFindsAChangedLog: while the hub was down, somebody changed the log.
// What is under the newest checkpoint or after it, and is not older than what is
// looked at, is found; nothing is signed from then on, and nothing overwritten.
func TestOpenFindsAChangedLog(t *testing.T) {
	f, cps := recorded(t)
	for _, c := range tamperings() {
		for _, lost := range []bool{false, true} {
			if lost && c.at > 60 {
				continue // built anew, and no checkpoint covers it
			}
			name := c.name
			if lost {
				name += ", and the tree is gone"
			}
			t.Run(name, func(t *testing.T) {
				g := &fixture{t: t, dir: copied(t, f.dir), key: f.key}
				execute(t, g.dir, c.sql)
				if lost {
					lose(t, g.dir, "hashes", "positions")
				}
				tr := reopen(t, g)
				if err := tr.Err(); !errors.Is(err, tree.ErrChanged) {
					t.Fatal(err)
				}
				g.append(3)
				if err := tr.Sign(); !errors.Is(err, tree.ErrChanged) || !bytes.Equal(tr.Checkpoint(), cps[2]) {
					t.Errorf("signed: %v", err)
				}
				shut(t, tr)
				if kept, err := os.ReadFile(filepath.Join(g.dir, "tree", "events.checkpoints")); err != nil || bytes.Count(kept, []byte(origin)) != 3 {
					t.Errorf("%s%v", kept, err)
				}
			})
		}
	}
}

// TestOpenMendsTheTree: what a crash or a bad disk does to the tree's files is
// mended from the log, and the checkpoints go on from where they were.
func TestOpenMendsTheTree(t *testing.T) {
	f, _ := recorded(t)
	var good [2][]byte
	kinds := []string{"hashes", "positions"}
	for i, k := range kinds {
		good[i] = slurp(t, f, k)
	}
	n := 0
	for i, k := range kinds {
		for at := 0; at <= len(good[i]); at += 64 { // a disk writes whole sectors, and these whole records
			g := &fixture{t: t, dir: copied(t, f.dir), key: f.key}
			bad := good[i][:at]
			if n++; n%2 == 0 { // a page that never reached the disk
				bad = append(bytes.Clone(bad), make([]byte, len(good[i])-at)...)
			}
			if err := os.WriteFile(filepath.Join(g.dir, "tree", "events."+k), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			tr := reopen(t, g)
			if err := tr.Err(); err != nil {
				t.Fatalf("%s at %d: %v", k, at, err)
			}
			g.append(1)
			g.caughtUp(tr)
			if c := g.sign(tr); c.N != 71 {
				t.Fatalf("%s at %d: signed %+v", k, at, c)
			}
			shut(t, tr)
			if err := g.log.Close(); err != nil {
				t.Fatal(err)
			}
			if r := verify(t, g, g.dir); !r.Good() {
				t.Fatalf("%s at %d: %v", k, at, r.Problems)
			}
		}
	}
	t.Logf("%d damaged trees, all mended", n)
}

func slurp(t testing.TB, f *fixture, kind string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, "tree", "events."+kind))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCheckpointsOnlyGrow: no size twice, none smaller, and half a checkpoint is
// cut off.
func TestCheckpointsOnlyGrow(t *testing.T) {
	f, _ := recorded(t)
	tr := reopen(t, f)
	for range 3 {
		f.sign(tr)
		f.sign(tr) // nothing new
		f.append(2)
		f.caughtUp(tr)
	}
	shut(t, tr)
	name := filepath.Join(f.dir, "tree", "events.checkpoints")
	whole := slurp(t, f, "checkpoints")
	if err := os.WriteFile(name, append(slices.Clone(whole), "kith-hub/events\n76\nabc"...), 0o600); err != nil {
		t.Fatal(err)
	}
	tr = f.open()
	if got := slurp(t, f, "checkpoints"); !bytes.Equal(got, whole) {
		t.Errorf("after a crash: %s", got)
	}
	f.sign(tr)
	var sizes []string
	for l := range strings.SplitSeq(string(slurp(t, f, "checkpoints")), origin+"\n") {
		sizes = append(sizes, strings.Split(l, "\n")[0])
	}
	if want := []string{"", "20", "40", "60", "70", "72", "74", "76"}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %q, want %q", sizes, want)
	}
}

// TestForeignCheckpoint: a tree whose newest checkpoint is not signed with the
// hub's key signs nothing.
func TestForeignCheckpoint(t *testing.T) {
	f, _ := recorded(t)
	f.key = newKey(t)
	tr := reopen(t, f)
	if err := tr.Sign(); err == nil || tr.Err() == nil {
		t.Errorf("signed with another key: %v", err)
	}
}

// TestHubsOfOneLog: two hubs follow the same log and share a key. Whoever signs
// goes on from what the other signed, never smaller, never another root.
func TestHubsOfOneLog(t *testing.T) {
	f := newFixture(t)
	shared := filepath.Join(t.TempDir(), "events.checkpoint")
	open := func(name string) *tree.Tree {
		c := f.config()
		c.Path, c.Shared = filepath.Join(f.dir, name), shared
		tr, err := tree.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tr.Close() })
		return tr
	}
	a, b := open("a"), open("b")
	var last int64
	for i := range 6 {
		f.append(3)
		signs, other := a, b
		if i%2 == 1 {
			signs, other = b, a
		}
		f.caughtUp(a)
		f.caughtUp(b)
		if c := f.sign(signs); c.N <= last {
			t.Errorf("signed %d after %d", c.N, last)
		} else {
			last = c.N
		}
		if got := string(must(other.Sign(), other.Checkpoint(), t)); got != string(signs.Checkpoint()) {
			t.Errorf("the other signed\n%s", got)
		}
	}
	if err := os.WriteFile(shared, signedBy(t, f.key, origin, 5), 0o600); err != nil {
		t.Fatal(err)
	}
	f.append(1)
	f.caughtUp(a)
	if err := a.Sign(); !errors.Is(err, tree.ErrChanged) {
		t.Errorf("signed after another history: %v", err)
	}
	if err := os.WriteFile(shared, signedBy(t, f.key, origin, 500), 0o600); err != nil {
		t.Fatal(err)
	}
	f.caughtUp(b)
	before := b.Checkpoint()
	if err := b.Sign(); err != nil || !bytes.Equal(b.Checkpoint(), before) {
		t.Errorf("signed a smaller one: %v", err)
	}
}

func must(err error, b []byte, t *testing.T) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
