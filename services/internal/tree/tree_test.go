package tree_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/internal/tree"
)

const origin = "kith-hub/events"

// key is a hub's key, as the tree is given it.
type key struct {
	note.Signer
	verifier note.Verifier
	public   string
}

func newKey(t testing.TB) key {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "kith-hub")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return key{s, v, public}
}

// fixture is a log in a file and what is needed to open a tree of it.
type fixture struct {
	t   testing.TB
	dir string
	key key
	log *sqlite.Log
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), key: newKey(t)}
	f.openLog()
	t.Cleanup(func() { _ = f.log.Close() })
	return f
}

func (f *fixture) openLog() {
	f.t.Helper()
	l, err := sqlite.Open(f.t.Context(), filepath.Join(f.dir, "events.db"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.log = l
}

// append adds so many events, the i-th to one of seven streams.
func (f *fixture) append(n int) {
	f.t.Helper()
	for i := range n {
		w := store.Write{Stream: store.Stream(fmt.Sprint("subject-", i%7)), Expect: store.Any,
			Cause:   store.Cause{By: "who", For: "oakfield-school", Because: fmt.Sprint("request ", i)},
			Entries: []store.Entry{{ID: uuid.New(), Type: "test.v1", Data: fmt.Appendf(nil, "sealed %d", i)}}}
		if _, err := f.log.Append(f.t.Context(), w); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fixture) config() tree.Config {
	return tree.Config{Log: f.log, Path: filepath.Join(f.dir, "tree"), Origin: origin,
		Signer: f.key, Verifier: f.key.public, Every: time.Hour, Logger: slog.New(slog.DiscardHandler)}
}

// open opens the tree and waits until it knows the whole log.
func (f *fixture) open() *tree.Tree {
	f.t.Helper()
	tr, err := tree.Open(f.t.Context(), f.config())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = tr.Close() })
	f.caughtUp(tr)
	return tr
}

func (f *fixture) caughtUp(tr *tree.Tree) {
	f.t.Helper()
	last, err := f.log.Last(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	for range 1000 {
		if _, at := tr.Size(); at >= last || tr.Err() != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	f.t.Fatal("the tree does not catch up")
}

func (f *fixture) sign(tr *tree.Tree) tree.Checkpoint {
	f.t.Helper()
	if err := tr.Sign(); err != nil {
		f.t.Fatal(err)
	}
	return f.parse(tr.Checkpoint())
}

func (f *fixture) parse(signed []byte) tree.Checkpoint {
	f.t.Helper()
	c, err := tree.ParseCheckpoint(signed, origin, f.key.verifier)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// records are all events of the log.
func (f *fixture) records() (rs []store.Recorded) {
	f.t.Helper()
	last, err := f.log.Last(f.t.Context())
	if err != nil || last == 0 {
		f.t.Fatal(last, err)
	}
	for r, err := range f.log.Follow(f.t.Context(), 0) {
		if err != nil {
			f.t.Fatal(err)
		}
		if rs = append(rs, r); r.Position == last {
			break
		}
	}
	return rs
}

func shut(t testing.TB, tr *tree.Tree) {
	t.Helper()
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
}

// root computes the root as RFC 6962 defines it, from the definition.
func root(leaves [][]byte) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	l, r := root(leaves[:k]), root(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

// TestFollowed compares the tree of a growing log, at random sizes and over
// restarts, with the definition; and proves and checks every pair of sizes.
func TestFollowed(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		f := newFixture(t)
		tr := f.open()
		var cps []tree.Checkpoint
		for range rapid.IntRange(1, 5).Draw(rt, "rounds") {
			f.append(rapid.IntRange(1, 9).Draw(rt, "events"))
			f.caughtUp(tr)
			switch rapid.IntRange(0, 3).Draw(rt, "then") {
			case 0: // close without a checkpoint of the newest
				shut(t, tr)
				tr = f.open()
			case 1: // lose the tree, keep the checkpoints
				shut(t, tr)
				lose(t, f.dir, "hashes", "positions")
				tr = f.open()
			default:
				cps = append(cps, f.sign(tr))
			}
		}
		cps = append(cps, f.sign(tr))
		check(t, f, tr, cps)
		shut(t, tr)
	})
	t.Logf("%d histories", n)
}

func lose(t testing.TB, dir string, kinds ...string) {
	t.Helper()
	for _, k := range kinds {
		if err := os.Remove(filepath.Join(dir, "tree", "events."+k)); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, f *fixture, tr *tree.Tree, cps []tree.Checkpoint) {
	t.Helper()
	if err := tr.Err(); err != nil {
		t.Fatal(err)
	}
	rs := f.records()
	leaves := make([][]byte, len(rs))
	for i, r := range rs {
		leaves[i] = tree.Leaf(r)
	}
	for i, c := range cps {
		if c.Hash != root(leaves[:c.N]) {
			t.Fatalf("root of %d is %v", c.N, c.Hash)
		}
		for _, older := range cps[:i] {
			proof, err := tr.Consistency(older.N, c.N)
			if err == nil && older.N > 0 {
				err = tlog.CheckTree(proof, c.N, c.Hash, older.N, older.Hash)
			}
			if err != nil {
				t.Fatalf("%d in %d: %v", older.N, c.N, err)
			}
		}
		for j, r := range rs[:c.N] {
			index, proof, leaf, err := tr.Inclusion(t.Context(), r.Position, c.N)
			if err != nil || index != int64(j) {
				t.Fatalf("leaf %d is %d: %v", j, index, err)
			}
			if err := tlog.CheckRecord(proof, c.N, c.Hash, index, tlog.RecordHash(leaf)); err != nil {
				t.Fatalf("leaf %d in %d: %v", j, c.N, err)
			}
		}
	}
	if _, _, _, err := tr.Inclusion(t.Context(), store.Position(len(rs)+1), int64(len(rs))); !errors.Is(err, tree.ErrNotThere) {
		t.Errorf("proof for nothing: %v", err)
	}
}

// TestLeaf pins the form: what a leaf says is for ever.
func TestLeaf(t *testing.T) {
	r := store.Recorded{
		Entry:  store.Entry{ID: uuid.MustParse("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"), Type: "a.v1\ndata 0", Data: []byte("sealed")},
		Stream: "subject-50%", Revision: 3, Position: 12, At: time.Date(2026, 11, 23, 9, 0, 0, 120, time.UTC),
		Cause: store.Cause{By: "a", For: "b", Purpose: "c", Because: "d e", Trace: "f"},
	}
	want := "kith leaf v1\nposition 12\nid 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\nstream subject-50%25\nrevision 3\n" +
		"type a.v1%0Adata%200\nat 2026-11-23T09:00:00.00000012Z\n" +
		fmt.Sprintf("cause %x\n", sha256.Sum256([]byte("by a\nfor b\npurpose c\nbecause d%20e\ntrace f\n"))) +
		fmt.Sprintf("data %x\n", sha256.Sum256([]byte("sealed")))
	if got := string(tree.Leaf(r)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// signedBy is a checkpoint of a history that never was.
func signedBy(t testing.TB, k key, origin string, n int64) []byte {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, n, tlog.Hash(sha256.Sum256([]byte("forged"))))}, k)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
