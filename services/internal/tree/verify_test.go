package tree_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events/store"
	"kith/events/store/esdb"
	"kith/events/store/esdb/esdbtest"
	"kith/events/store/sqlite"
	"kith/services/internal/tree"
)

// verify looks at the copy of a fixture.
func verify(t testing.TB, f *fixture, dir string, older ...[]byte) tree.Report {
	t.Helper()
	c, err := sqlite.OpenCopy(t.Context(), filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	r, err := tree.Verify(t.Context(), tree.Check{Entries: c.Entries(t.Context()), Dense: true,
		Path: filepath.Join(dir, "tree"), Origin: origin, Verifier: f.key.public, Older: older})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recorded is a closed log of 70 events with checkpoints at 20, 40 and 60.
func recorded(t testing.TB) (f *fixture, checkpoints [][]byte) {
	t.Helper()
	f = newFixture(t)
	tr := f.open()
	for range 3 {
		f.append(20)
		f.caughtUp(tr)
		f.sign(tr)
		checkpoints = append(checkpoints, tr.Checkpoint())
	}
	f.append(10)
	f.caughtUp(tr)
	shut(t, tr)
	if err := f.log.Close(); err != nil {
		t.Fatal(err)
	}
	return f, checkpoints
}

// copied is a copy of a record that may be tampered with.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func execute(t testing.TB, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// tamperings are what somebody with the file can do to entry 33, under a
// checkpoint, or 65, after the newest.
func tamperings() []struct {
	name, sql string
	at        store.Position
	what      string
} {
	return []struct {
		name, sql string
		at        store.Position
		what      string
	}{
		{"payload", `UPDATE events SET data = x'00' WHERE position = 33`, 33, "not what was recorded"},
		{"one byte", `UPDATE events SET data = CAST(substr(data, 1, 3) || x'ff' || substr(data, 5) AS BLOB) WHERE position = 33`, 33, "not what was recorded"},
		{"who", `UPDATE events SET cause = replace(cause, '"by":"who"', '"by":"me"') WHERE position = 33`, 33, "not what was recorded"},
		{"type", `UPDATE events SET type = 'test.v2' WHERE position = 33`, 33, "not what was recorded"},
		{"time", `UPDATE events SET at = at + 1 WHERE position = 33`, 33, "not what was recorded"},
		{"stream", `UPDATE events SET stream = 'subject-x', revision = 1 WHERE position = 33`, 33, "not what was recorded"},
		{"revision", `UPDATE events SET revision = 99 WHERE position = 33`, 33, "not what was recorded"},
		{"id", `UPDATE events SET id = randomblob(16) WHERE position = 33`, 33, "not what was recorded"},
		{"swap", `UPDATE events SET position = -33 WHERE position = 33; UPDATE events SET position = 33 WHERE position = 34; UPDATE events SET position = 34 WHERE position = -33`, 33, "not what was recorded"},
		{"delete a middle row", `DELETE FROM events WHERE position = 33`, 33, "gone"},
		{"delete and close the gap", `DELETE FROM events WHERE position = 33; UPDATE events SET position = -position + 1 WHERE position > 33; UPDATE events SET position = -position WHERE position < 0`, 33, "not what was recorded"},
		{"insert", `UPDATE events SET position = -position - 1 WHERE position > 33; UPDATE events SET position = -position WHERE position < 0;
			INSERT INTO events SELECT 34, randomblob(16), 'subject-x', 1, type, at, cause, data FROM events WHERE position = 33`, 34, "not what was recorded"},
		{"cut back", `DELETE FROM events WHERE position > 32`, 33, "gone"},
		{"delete the last", `DELETE FROM events WHERE position = 70`, 70, "gone"},
		{"after the newest checkpoint", `UPDATE events SET data = x'00' WHERE position = 65`, 65, "not what was recorded"},
		{"empty it", `DELETE FROM events`, 1, "gone"},
	}
}

func TestVerifyFindsTheFirstBadEntry(t *testing.T) {
	f, _ := recorded(t)
	if r := verify(t, f, f.dir); !r.Good() || r.Entries != 70 || r.Last != 70 || r.Checkpoints != 3 || r.Signed != 60 || r.Leaves != 70 || !r.Signatures {
		t.Fatalf("untouched: %+v", r)
	}
	for _, c := range tamperings() {
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, f.dir)
			execute(t, dir, c.sql)
			r := verify(t, f, dir)
			if r.Good() || r.Problems[0].Position != c.at || !strings.Contains(r.Problems[0].What, c.what) {
				t.Errorf("found %d: %v", r.Count, r.Problems)
			}
			for _, p := range r.Problems {
				if p.Do == "" || p.Log != origin || p.Position == 0 && p.File == "" {
					t.Errorf("says too little: %+v", p)
				}
			}
		})
	}
	t.Logf("%d tamperings", len(tamperings()))
}

// TestVerifyByCheckpointsAlone: whoever changes the log and makes the tree anew
// cannot make the checkpoints.
func TestVerifyByCheckpointsAlone(t *testing.T) {
	f, cps := recorded(t)
	for _, c := range tamperings() {
		if c.at > 60 {
			continue // no checkpoint vouches for it
		}
		t.Run(c.name, func(t *testing.T) {
			dir := copied(t, f.dir)
			execute(t, dir, c.sql)
			for _, kind := range []string{"hashes", "positions"} {
				forge(t, f, dir, kind)
			}
			r := verify(t, f, dir)
			if r.Good() || !strings.Contains(fmt.Sprint(r.Problems), "checkpoint 2") {
				t.Errorf("with the checkpoints kept: %v", r.Problems)
			}
			if err := os.Remove(filepath.Join(dir, "tree", "events.checkpoints")); err != nil {
				t.Fatal(err)
			}
			r = verify(t, f, dir, cps[1])
			if r.Good() || !strings.Contains(fmt.Sprint(r.Problems), "checkpoint given") {
				t.Errorf("with one that somebody else kept: %v", r.Problems)
			}
		})
	}
}

// forge makes a file of the tree as if the log had always been as it is now.
func forge(t testing.TB, f *fixture, dir, kind string) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	forged := &fixture{t: t, dir: t.TempDir(), key: f.key, log: l}
	tr := forged.open()
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(forged.dir, "tree", "events."+kind))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "tree", "events."+kind), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestVerifyFindsDamagedTree changes each byte of the tree's files, and cuts
// them off, and expects to be told of each; the log must not be blamed.
func TestVerifyFindsDamagedTree(t *testing.T) {
	f, _ := recorded(t)
	tr := reopen(t, f)
	f.sign(tr) // covers everything, so that nothing is left to chance
	shut(t, tr)
	n, step := 0, 29
	if os.Getenv("KITH_SOAK") != "" {
		step = 1
	}
	for _, kind := range []string{"hashes", "positions", "checkpoints"} {
		name := filepath.Join(f.dir, "tree", "events."+kind)
		good, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(good); i += step {
			flipped := bytes.Clone(good)
			flipped[i] ^= 1 << (i % 8)
			for _, bad := range [][]byte{flipped, good[:i]} {
				n++
				if err := os.WriteFile(name, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				r := verify(t, f, f.dir)
				whole := kind == "checkpoints" && len(bad) < len(good) && bytes.HasPrefix(good[i:], []byte(origin))
				if r.Good() != whole { // checkpoints that are missing without a trace: others hold them
					t.Fatalf("%s, byte %d: not found", kind, i)
				}
				if kind != "checkpoints" && (r.Problems[0].Position != 0 || r.Problems[0].File == "") {
					t.Fatalf("%s, byte %d: the log is blamed: %v", kind, i, r.Problems)
				}
			}
		}
		if err := os.WriteFile(name, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := verify(t, f, f.dir); !r.Good() {
		t.Error(r.Problems)
	}
	t.Logf("%d damaged files, all found that leave a trace: whole checkpoints taken off the end do not", n)
}

func reopen(t testing.TB, f *fixture) *tree.Tree {
	t.Helper()
	f.openLog()
	t.Cleanup(func() { _ = f.log.Close() })
	return f.open()
}

// TestVerifyRefusesForgedCheckpoints: signed by somebody else, of another log,
// or two of one size.
func TestVerifyRefusesForgedCheckpoints(t *testing.T) {
	f, cps := recorded(t)
	stranger := newKey(t)
	for name, cp := range map[string][]byte{
		"of another key":   signedBy(t, stranger, origin, 20),
		"of another log":   signedBy(t, f.key, "kith-hub/ledger", 20),
		"another history":  signedBy(t, f.key, origin, 20),
		"of a longer log":  signedBy(t, f.key, origin, 200),
		"not one":          []byte("hello\n"),
		"changed":          bytes.Replace(cps[0], []byte("\n20\n"), []byte("\n21\n"), 1),
		"without a signer": bytes.SplitAfter(cps[0], []byte("\n\n"))[0],
		"spelt otherwise":  respelt(cps[0]),
	} {
		if r := verify(t, f, f.dir, cp); r.Good() {
			t.Errorf("%s: nothing found", name)
		}
	}
	if r := verify(t, f, f.dir, cps...); !r.Good() {
		t.Error(r.Problems)
	}
}

// respelt is the checkpoint with a bit changed that a lenient reader of base64
// skips: one of those after the last byte of the signature.
func respelt(cp []byte) []byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	cp = bytes.Clone(cp)
	last := bytes.LastIndexByte(cp, '=')
	for cp[last-1] == '=' {
		last--
	}
	cp[last-1] = digits[strings.IndexByte(digits, cp[last-1])^1]
	return cp
}

// TestVerifyWithoutTree: a backup holds checkpoints and not what they are built
// of. Without either, nothing can be said.
func TestVerifyWithoutTree(t *testing.T) {
	f, _ := recorded(t)
	lose(t, f.dir, "hashes", "positions")
	if r := verify(t, f, f.dir); !r.Good() || !strings.Contains(r.Note, "after position 60") {
		t.Errorf("%+v", r)
	}
	dir := copied(t, f.dir)
	execute(t, dir, `UPDATE events SET at = at + 1 WHERE position = 50`)
	if r := verify(t, f, dir); r.Good() || !strings.Contains(r.Problems[0].What, "up to position 60, are not those that were signed; those up to position 40 are") {
		t.Errorf("%+v", r)
	}
	lose(t, f.dir, "checkpoints")
	if r := verify(t, f, f.dir); r.Good() {
		t.Errorf("%+v", r)
	}
}

// TestSparsePositions: a tree over a log in EventStoreDB, whose positions are not
// dense; proofs and verification.
func TestSparsePositions(t *testing.T) {
	log, err := esdb.Open(t.Context(), esdbtest.Start(t).ConnectionString(), "events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	f := &fixture{t: t, dir: t.TempDir(), key: newKey(t)}
	c := f.config()
	c.Log = log
	tr, err := tree.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tr.Close() }()
	var at []store.Position
	for i := range 30 {
		stream, because := store.Stream(fmt.Sprint("subject-", i%7)), fmt.Sprint("request ", i)
		a, err := log.Append(t.Context(), store.Write{Stream: stream, Expect: store.Any, Cause: store.Cause{By: "a", For: "b", Because: because},
			Entries: []store.Entry{{ID: store.NewEventID(stream, because, "test.v1", 0), Type: "test.v1", Data: []byte{byte(i)}}}})
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, a[0].Position)
	}
	for n := int64(0); n < 30; n, _ = tr.Size() {
		time.Sleep(time.Millisecond)
	}
	f.sign(tr)
	if index, _, leaf, err := tr.Inclusion(t.Context(), at[11], 30); err != nil || index != 11 || !strings.Contains(string(leaf), fmt.Sprintf("position %d\n", at[11])) {
		t.Errorf("leaf %d is %s, %v", index, leaf, err)
	}
	if _, _, _, err := tr.Inclusion(t.Context(), at[11]+1, 30); !errors.Is(err, tree.ErrNotThere) {
		t.Errorf("proved what is not there: %v", err)
	}
	r, err := tree.Verify(t.Context(), tree.Check{Entries: tree.Whole(t.Context(), log), Path: c.Path, Origin: origin, Verifier: f.key.public})
	if err != nil || !r.Good() || r.Entries != 30 || r.Last != at[29] {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestVerifyStops(t *testing.T) {
	f, _ := recorded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := sqlite.OpenCopy(t.Context(), filepath.Join(f.dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := tree.Verify(ctx, tree.Check{Entries: c.Entries(t.Context()), Path: filepath.Join(f.dir, "tree"), Origin: origin}); err == nil {
		t.Error("went on")
	}
}
