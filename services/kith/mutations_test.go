package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// TestMutations changes one byte of a stored file, or cuts the file off, over
// and over: kith verify finds it, or the hub does not open, or it is shown to
// mean nothing, because everything that could be served is the same to the byte.
// KITH_SOAK=1 makes 10,000 changes.
//
// Two states of a hub: stopped, and killed, with write-ahead logs beside the files.
func TestMutations(t *testing.T) {
	each := 100 // times 0.1 s
	if os.Getenv("KITH_SOAK") != "" {
		each = 5000
	}
	stopped, killed := twoStates(t)
	seed := seedOf(t)
	all := tally{}
	for name, dir := range map[string]string{"stopped": stopped, "killed": killed} {
		m := newMutator(t, dir, rand.New(rand.NewPCG(seed, 19)))
		for range each {
			m.once(t)
		}
		t.Logf("a hub that was %s: %s", name, m.tally)
		all.add(m.tally)
		m.mustMiss(t)
	}
	t.Logf("%d changes: %d found, %d meaningless, %d missed; %d wrong bytes served", all.found+all.meaningless+all.missed, all.found, all.meaningless, all.missed, all.missed)
}

// twoStates are folders of a hub that has seen everything: facts, links, reads,
// a destroyed key.
func twoStates(t *testing.T) (stopped, killed string) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: takes half a minute; run without -short")
	}
	w := newWorld(t)
	w.post(t, "dsl", "/v1/concerns", `{"givenName": "Amara", "familyName": "Okafor-Wells", "dateOfBirth": "2017-03-09", "upn": "A999400121101",
		"observed": "A burn.", "words": "I am not supposed to tell.", "safeNow": "unsure", "immediate": true,
		"familyTold": false, "whyNotTold": "It could put her at risk."}`, http.StatusAccepted)
	child := w.findOne(t, "chair", kid{given: "Amara", family: "Okafor-Wells", born: "2017-03-09", nhs: "9990002010", upn: "A999400121101"})
	for range 10 {
		w.view(t, "chair", child, "purpose=s47")
	}
	h := w.demo.hub
	if err := h.record.keys.Destroy(t.Context(), "subject-nobody"); err != nil {
		t.Fatal(err)
	}
	settled(t, h)
	killed = copyOf(t, h.dir)
	w.demo.close()
	return copyOf(t, h.dir), killed
}

// settled waits until trees and read models hold all that the logs do.
func settled(t *testing.T, h *hub) {
	t.Helper()
	last, err := h.record.store.Last(t.Context())
	if err == nil {
		err = h.caughtUp(t.Context(), last)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		_, events := h.trees.events.Size()
		_, reads := h.trees.ledger.Size()
		n, err := h.record.reads.Last(t.Context())
		if err == nil && events == last && reads == n {
			break
		}
	}
	if err := errors.Join(h.trees.events.Sign(), h.trees.ledger.Sign()); err != nil {
		t.Fatal(err)
	}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "hub")
	if err := copyFiles(to, dir); err != nil {
		t.Fatal(err)
	}
	return to
}

// mustMiss makes some changes that nobody checks: they must be seen to be missed,
// or the test could not fail.
func (m *mutator) mustMiss(t *testing.T) {
	t.Helper()
	m.tally, m.blind = tally{by: map[string]int{}}, true
	for range 30 {
		m.once(t)
	}
	if m.tally.missed == 0 {
		t.Error("nobody looked for 30 changes, and none was missed")
	}
	t.Logf("with nobody looking: %s", m.tally)
}

// tally counts what became of changes, and by file what was meaningless.
type tally struct {
	found, meaningless, missed int
	by                         map[string]int
}

func (a *tally) add(b tally) {
	a.found, a.meaningless, a.missed = a.found+b.found, a.meaningless+b.meaningless, a.missed+b.missed
}

func (a tally) String() string {
	return fmt.Sprintf("%d found, %d meaningless %v, %d missed", a.found, a.meaningless, a.by, a.missed)
}

// mutator changes the files of one folder.
type mutator struct {
	dir   string
	files map[string][]byte
	names []string
	rnd   *rand.Rand
	means string                   // all that can be served from the folder
	built map[string]sqlite.Digest // read models, as the log makes them
	blind bool                     // nobody checks
	tally tally
}

func newMutator(t *testing.T, dir string, rnd *rand.Rand) *mutator {
	t.Helper()
	m := &mutator{dir: dir, files: map[string][]byte{}, rnd: rnd, tally: tally{by: map[string]int{}}}
	for _, below := range []string{".", "tree", "keys", "models"} {
		for _, e := range must2(os.ReadDir(filepath.Join(dir, below))) {
			// The index of a write-ahead log is made anew by whoever opens the file, and
			// of keys/destroyed only the length is ever looked at, while processes run.
			name := filepath.Join(below, e.Name())
			if e.Type().IsRegular() && !strings.HasSuffix(name, "-shm") && name != "keys/destroyed" {
				b := must2(os.ReadFile(filepath.Join(dir, name)))
				if len(b) > 0 {
					m.files[name], m.names = b, append(m.names, name)
				}
			}
		}
	}
	slices.Sort(m.names)
	if len(m.names) < 13 {
		t.Fatalf("only %q", m.names)
	}
	var err error
	if m.means, err = m.meaning(t); err != nil {
		t.Fatal(err)
	}
	if m.built, err = m.models(t); err != nil {
		t.Fatal(err)
	}
	if err := m.check(t); err != nil {
		t.Fatalf("before any change: %v", err)
	}
	return m
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// once changes one file, looks what becomes of it, and puts it right again.
func (m *mutator) once(t *testing.T) {
	t.Helper()
	name := m.names[m.rnd.IntN(len(m.names))]
	good := m.files[name]
	at := m.rnd.IntN(len(good))
	var b []byte
	what := fmt.Sprintf("byte %d of %d of %s", at, len(good), name)
	switch m.rnd.IntN(4) {
	case 0:
		b, what = good[:at], "cut at "+what
	case 1: // any other value
		b = slices.Clone(good)
		b[at] += byte(1 + m.rnd.IntN(255))
	default:
		b = slices.Clone(good)
		b[at] ^= 1 << m.rnd.IntN(8)
	}
	path := filepath.Join(m.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}()
	if err := m.check(t); err != nil && !m.blind {
		m.tally.found++
		return
	}
	means, err := m.meaning(t)
	switch {
	case err == nil && means == m.means:
		m.tally.meaningless++
		m.tally.by[name]++
	default:
		m.tally.missed++
		if !m.blind {
			t.Errorf("MISSED: %s (%v)", what, err)
		}
	}
}

// check is what an operator runs, kith verify for the record and the keys; and
// for the read models SQLite's check, and a comparison of digests with those
// before any change, as a rebuild compares.
func (m *mutator) check(t *testing.T) error {
	a, err := verification{dir: m.dir}.verify(t.Context())
	if err != nil {
		return err
	}
	if !a.Good {
		return errors.New("found")
	}
	models, err := m.models(t)
	if err == nil && !maps.EqualFunc(models, m.built, func(a, b sqlite.Digest) bool { return a.Sum == b.Sum }) {
		err = errors.New("a read model differs")
	}
	return err
}

// models checks copies of the read models and says what they hold.
func (m *mutator) models(t *testing.T) (map[string]sqlite.Digest, error) {
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	all := map[string]sqlite.Digest{}
	for _, name := range m.names {
		if strings.HasPrefix(name, "models") {
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), must2(os.ReadFile(filepath.Join(m.dir, name))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range m.names {
		if !strings.HasPrefix(name, "models") || !strings.HasSuffix(name, ".db") {
			continue
		}
		path := filepath.Join(dir, filepath.Base(name))
		if err := sqlite.Check(t.Context(), path); err != nil {
			return nil, err
		}
		db, err := sqlite.Open(t.Context(), path, sqlite.Rebuildable)
		if err != nil {
			return nil, err
		}
		all[name], err = db.Digest(t.Context())
		if err := errors.Join(err, db.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// meaning is a digest of all that anybody could be served from the folder: each
// event of both logs in order and by stream, opened; keys; the hub's public key;
// the trees; every row of every read model. It works on a copy: to open is to
// change.
func (m *mutator) meaning(t *testing.T) (string, error) {
	dir := t.TempDir()
	for name := range m.files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		b := must2(os.ReadFile(filepath.Join(m.dir, name)))
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	defer os.RemoveAll(dir)
	sum := sha256.New()
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		return "", err
	}
	defer k.Close()
	fmt.Fprintln(sum, k.Pseudonym("a", "b"))
	for _, name := range []string{"events.db", "ledger.db"} {
		if err := everyEvent(t.Context(), filepath.Join(dir, name), k, func(e store.Event) { fmt.Fprintln(sum, name, plain(e)) }); err != nil {
			return "", err
		}
	}
	erased, err := keys.ErasedIn(t.Context(), filepath.Join(dir, "keys", "keys.db"))
	if err != nil {
		return "", err
	}
	s, err := bus.NewSigner(filepath.Join(dir, "keys", "receipts.key"))
	if err != nil {
		return "", err
	}
	fmt.Fprintln(sum, erased, s.Verifier())
	for _, name := range m.names {
		if strings.HasPrefix(name, "tree") {
			fmt.Fprintf(sum, "%s %x\n", name, must2(os.ReadFile(filepath.Join(dir, name))))
		}
	}
	models, err := m.models(t)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		fmt.Fprintln(sum, name, models[name].Sum)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// everyEvent reads a log in every way there is.
func everyEvent(ctx context.Context, path string, k *keys.Keys, tell func(store.Event)) error {
	l, err := sqlitelog.Open(ctx, path)
	if err != nil {
		return err
	}
	defer l.Close()
	s := store.New(l, k)
	last, err := s.Last(ctx)
	if err != nil {
		return err
	}
	streams := map[store.Stream]bool{}
	for e, err := range s.Follow(ctx, 0) {
		if err != nil {
			return err
		}
		tell(e)
		streams[e.Stream] = true
		if e.Position >= last {
			break
		}
	}
	for _, st := range slices.Sorted(maps.Keys(streams)) {
		for e, err := range s.Read(ctx, st, 0) {
			if err != nil {
				return err
			}
			tell(e)
		}
	}
	return ctx.Err()
}

// plain is an event in full. Printed, its facts would say "withheld".
func plain(e store.Event) string {
	return string(must2(json.Marshal(e)))
}
