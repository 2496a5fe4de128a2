package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/backup"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// hub is the folder of a hub with what a backup takes, and the parts that write it.
type hub struct {
	dir           string
	events, reads *store.Store
	keys          *keys.Keys
	signer        *bus.Signer
	outbox        *sqlite.DB
}

const secret = "Kanarie-in-the-clear" // in a payload and in an outbox

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{dir: filepath.Join(t.TempDir(), "hub")}
	var err error
	if h.keys, err = keys.Open(t.Context(), filepath.Join(h.dir, "keys")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.keys.Close() })
	open := func(name string) *store.Store {
		l, err := sqlitelog.Open(context.Background(), filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return store.New(l, h.keys)
	}
	h.events, h.reads = open("events.db"), open("ledger.db")
	if h.signer, err = bus.NewSigner(filepath.Join(h.dir, "keys", "receipts.key")); err != nil {
		t.Fatal(err)
	}
	if h.outbox, err = sqlite.Open(t.Context(), filepath.Join(h.dir, "outbox", "oakfield-school.db"), sqlite.Durable); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.outbox.Close() })
	if err := h.outbox.Migrate(t.Context(), `CREATE TABLE outbox (body TEXT); INSERT INTO outbox VALUES ('`+secret+`')`); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"tree/events.checkpoints": "a checkpoint", "tree/events.hashes": "hashes", "policies/9f86.cedar": "permit", "witness/events.checkpoint": "cosigned", "witness/police/events": "cosigned",
		"models/identity.db": "can be built again", "nats/keys/operator.nk": "a key", "nats/creds/x.creds": "a key"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(h.dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// read adds an event to a stream; what it says is nobody's business here.
func read(t testing.TB, s *store.Store, stream string, n int) store.Position {
	t.Helper()
	at, err := s.Append(context.Background(), store.Batch{Stream: store.Stream(stream), Expect: store.Any,
		Cause:  store.Cause{By: "a", For: "b", Because: fmt.Sprint(stream, "-", n)},
		Events: []events.Event{events.ReadRecorded{Reader: "officer", Agency: "police", Purpose: "s47", What: secret}}})
	if err != nil {
		t.Error(err)
		return 0
	}
	return at[0].Position
}

func (h *hub) fill(t *testing.T) {
	t.Helper()
	for i := range 40 {
		read(t, h.events, fmt.Sprint("subject-", i%8), i)
		read(t, h.reads, fmt.Sprint("ledger-", i%4), i)
	}
}

// folders of one backup.
type folders struct{ record, keys string }

func (h *hub) backup(t *testing.T) folders {
	t.Helper()
	dir := t.TempDir()
	f := folders{filepath.Join(dir, "record"), filepath.Join(dir, "keys")}
	if _, _, err := backup.Make(t.Context(), backup.Config{Data: h.dir, To: f.record, KeysTo: f.keys, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f folders) into(t *testing.T) backup.RestoreConfig {
	return backup.RestoreConfig{From: f.record, KeysFrom: f.keys, Data: filepath.Join(t.TempDir(), "hub")}
}

func TestRoundTrip(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	f := h.backup(t)
	read(t, h.events, "subject-later", 0)
	c := f.into(t)
	r, err := backup.Restore(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Record.Events != 40 || r.Record.Ledger != 40 || !r.Signed || len(r.Logs) != 2 {
		t.Errorf("%+v", r)
	}
	for _, l := range r.Logs {
		if l.Opened != 40 || l.Missing+l.Erased+l.MissingKeys != 0 {
			t.Errorf("%+v", l)
		}
	}
	for name, query := range map[string]string{
		"events.db": `SELECT group_concat(position || hex(id) || stream || revision || type || at || cause || hex(data)) FROM events WHERE position <= 40`,
		"ledger.db": `SELECT group_concat(position || hex(id) || stream || revision || type || at || cause || hex(data)) FROM events`, "keys/keys.db": `SELECT group_concat(id || hex(wrapped)) FROM keys WHERE id != 'subject-later'`,
		"outbox/oakfield-school.db": `SELECT body FROM outbox`} {
		if a, b := ask(t, filepath.Join(h.dir, name), query), ask(t, filepath.Join(c.Data, name), query); a != b || a == "" {
			t.Errorf("%s differs", name)
		}
	}
	for _, name := range []string{"keys/master.key", "keys/receipts.key", "tree/events.checkpoints", "tree/events.hashes", "policies/9f86.cedar", "witness/events.checkpoint", "witness/police/events", "nats/keys/operator.nk", "nats/creds/x.creds"} {
		a, err := os.ReadFile(filepath.Join(h.dir, name))
		if b, err2 := os.ReadFile(filepath.Join(c.Data, name)); err != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v %v", name, err, err2)
		}
	}
	for _, name := range []string{"models", "erased.json", "manifest.json"} {
		if _, err := os.Stat(filepath.Join(c.Data, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was put back: %v", name, err)
		}
	}
	onlyTheOwner(t, f.record, f.keys, c.Data)
}

func ask(t *testing.T, path, query string) (text string) {
	t.Helper()
	db, err := sqlite.Existing(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&text); err != nil {
		t.Fatal(path, err)
	}
	return text
}

func onlyTheOwner(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if i, err := d.Info(); err != nil || i.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v %v", path, i.Mode(), err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// The record's folder holds nothing that can be read, and no key.
func TestTheRecordIsSealed(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	f := h.backup(t)
	master, err := os.ReadFile(filepath.Join(h.dir, "keys", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for path, b := range contents(t, f.record) {
		if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, master[:60]) || strings.Contains(path, "outbox") || strings.HasSuffix(path, ".key") {
			t.Errorf("%s can be read", path)
		}
	}
	for _, b := range contents(t, f.keys) {
		if bytes.Contains(b, []byte(secret)) {
			held++
		}
	}
	if held != 1 {
		t.Errorf("the outbox is in the keys' folder %d times: the search finds nothing", held)
	}
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A destroyed key does not come back from a copy that was made before.
func TestDestroyedKeysStayDestroyed(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	before := h.backup(t)
	if err := h.keys.Destroy(t.Context(), "subject-3"); err != nil {
		t.Fatal(err)
	}
	after := h.backup(t)
	for name, c := range map[string]backup.RestoreConfig{
		"newer record, older keys":             {From: after.record, KeysFrom: before.keys},
		"both newer":                           {From: after.record, KeysFrom: after.keys},
		"older record, newer keys":             {From: before.record, KeysFrom: after.keys},
		"both older, with the newer's list":    {From: before.record, KeysFrom: before.keys, ErasedFrom: []string{after.record}},
		"both older: it cannot know (see ADR)": {From: before.record, KeysFrom: before.keys},
	} {
		c.Data = filepath.Join(t.TempDir(), "hub")
		r, err := backup.Restore(t.Context(), c)
		if err != nil {
			t.Fatal(name, err)
		}
		want := 5
		if strings.HasPrefix(name, "both older:") {
			want = 0
		}
		if got := r.Logs[0].Erased; got != want || r.Erased != min(want, 1) {
			t.Errorf("%s: %d payloads of %d destroyed keys, want %d", name, got, r.Erased, want)
		}
	}
}

// What was hidden when the newer backup was made is hidden in what is restored,
// before anybody can be served from it; and destroyed if either says so.
func TestWithheldKeysStayHidden(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	before := h.backup(t)
	if err := h.keys.Withhold(t.Context(), "subject-2", "subject-3"); err != nil {
		t.Fatal(err)
	}
	hidden := h.backup(t)
	if err := h.keys.Destroy(t.Context(), "subject-3"); err != nil {
		t.Fatal(err)
	}
	gone := h.backup(t)
	for name, c := range map[string]struct {
		backup.RestoreConfig
		erased, hidden int
	}{
		"newer record, older keys": {backup.RestoreConfig{From: hidden.record, KeysFrom: before.keys}, 0, 2},
		"both newer":               {backup.RestoreConfig{From: hidden.record, KeysFrom: hidden.keys}, 0, 2},
		"the newest list":          {backup.RestoreConfig{From: before.record, KeysFrom: before.keys, ErasedFrom: []string{gone.record, hidden.record}}, 1, 1},
	} {
		c.Data = filepath.Join(t.TempDir(), "hub")
		r, err := backup.Restore(t.Context(), c.RestoreConfig)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := r.Logs[0].Erased; got != 10 || r.Erased != c.erased || r.Hidden != c.hidden {
			t.Errorf("%s: %d payloads cannot be read, %d keys destroyed, %d hidden; want 10, %d, %d", name, got, r.Erased, r.Hidden, c.erased, c.hidden)
		}
	}
}

// Every flipped byte, every cut and every missing file is refused, and nothing
// is left where the hub would have been.
func TestEveryChangeIsRefused(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	f := h.backup(t)
	tries, refused := 0, 0
	try := func(what string) {
		c := f.into(t)
		tries++
		if _, err := backup.Restore(t.Context(), c); err == nil {
			t.Errorf("%s was not noticed", what)
			return
		}
		refused++
		if _, err := os.Stat(c.Data); err == nil {
			t.Errorf("%s was refused, and yet something is there", what)
		}
		if left, _ := os.ReadDir(filepath.Dir(c.Data)); len(left) > 0 {
			t.Errorf("%s: %s is left over", what, left[0].Name())
		}
	}
	each := 12
	if os.Getenv("KITH_SOAK") != "" {
		each = 400
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, dir := range []string{f.record, f.keys} {
		for name, good := range contents(t, dir) {
			path := filepath.Join(dir, name)
			spoil := func(what string, b []byte) {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				try(what)
			}
			n := min(each, len(good))
			if strings.HasPrefix(name, "manifest.note") {
				n = len(good) // all of it: this is what the rest hangs on
			}
			for i := range n {
				at := i
				if n < len(good) {
					at = rnd.IntN(len(good))
				}
				b := bytes.Clone(good)
				b[at] ^= 1 << rnd.IntN(8)
				spoil(fmt.Sprintf("%s: byte %d", name, at), b)
			}
			for range 3 {
				n := rnd.IntN(len(good))
				spoil(fmt.Sprintf("%s cut to %d", name, n), good[:n])
			}
			spoil(name+" longer", append(bytes.Clone(good), 'x'))
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			try(name + " missing")
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := backup.Restore(t.Context(), f.into(t)); err != nil {
		t.Errorf("the backup was good: %v", err)
	}
	t.Logf("%d changes to a backup, %d refused", tries, refused)
}

// Everything that has been written of a backup at any moment before its end is
// refused: the seal comes last.
func TestWithoutItsSealItIsNone(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	count := backup.Config{Data: h.dir, To: filepath.Join(t.TempDir(), "r"), KeysTo: filepath.Join(t.TempDir(), "k"), Progress: func(backup.Step) { steps++ }}
	if _, _, err := backup.Make(ctx, count); err != nil {
		t.Fatal(err)
	}
	cancel()
	for stop := range steps {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		f := folders{filepath.Join(t.TempDir(), "r"), filepath.Join(t.TempDir(), "k")}
		_, _, err := backup.Make(ctx, backup.Config{Data: h.dir, To: f.record, KeysTo: f.keys, Progress: func(backup.Step) {
			if n++; n > stop {
				cancel()
			}
		}})
		if err == nil {
			t.Fatalf("cut off after %d of %d files, it is said to be whole", stop, steps)
		}
		if _, err := backup.Restore(t.Context(), f.into(t)); !errors.Is(err, backup.ErrNotWhole) {
			t.Errorf("cut off after %d of %d files: %v", stop, steps, err)
		}
		cancel()
	}
	t.Logf("cut off after each of %d files", steps)
}

// While others write, each copy is one moment in which everything fits.
func TestMadeWhileTheHubWrites(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	var writers sync.WaitGroup
	var stop atomic.Bool
	for g := range 4 {
		writers.Go(func() {
			for i := 0; !stop.Load(); i++ { // a key of its own for each
				read(t, h.events, fmt.Sprintf("subject-g%d.%d", g, i), i)
				read(t, h.events, fmt.Sprintf("subject-g%d-%d", g, i), i)
				read(t, h.reads, fmt.Sprintf("ledger-g%d-%d", g, i), i)
			}
		})
	}
	for range 4 {
		c := h.backup(t).into(t)
		r, err := backup.Restore(t.Context(), c)
		if err != nil {
			t.Error(err)
			continue
		}
		for i, want := range []uint64{r.Record.Events, r.Record.Ledger} {
			if l := r.Logs[i]; uint64(l.Opened) != want || l.Missing != 0 {
				t.Errorf("of %d: %+v", want, l)
			}
		}
		t.Logf("restored up to %d and %d", r.Record.Events, r.Record.Ledger)
	}
	stop.Store(true)
	writers.Wait()
}

func TestRefusals(t *testing.T) {
	h, other := newHub(t), newHub(t)
	h.fill(t)
	other.fill(t)
	f, g := h.backup(t), other.backup(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	to := func() string { return filepath.Join(t.TempDir(), "hub") }
	for name, c := range map[string]backup.RestoreConfig{
		"target in use":             {From: f.record, KeysFrom: f.keys, Data: full},
		"keys for record":           {From: f.keys, KeysFrom: f.keys, Data: to()},
		"record for keys":           {From: f.record, KeysFrom: f.record, Data: to()},
		"another hub's keys":        {From: f.record, KeysFrom: g.keys, Data: to()},
		"signed by another":         {From: f.record, KeysFrom: f.keys, Data: to(), Verifier: other.signer.Verifier()},
		"another's destroyed keys":  {From: f.record, KeysFrom: f.keys, Data: to(), ErasedFrom: []string{g.record}},
		"not verified":              {From: f.record, KeysFrom: f.keys, Data: to(), Verify: func(context.Context, string) error { return errors.New("no") }},
		"the hub's folder, no seal": {From: h.dir, KeysFrom: f.keys, Data: to()},
		"forged":                    {From: forged(t, f.record, other.signer), KeysFrom: f.keys, Data: to()},
		"unsigned":                  {From: forged(t, f.record, nil), KeysFrom: f.keys, Data: to()},
		"outside":                   {From: escaping(t, f.record), KeysFrom: f.keys, Data: to()},
	} {
		if _, err := backup.Restore(t.Context(), c); err == nil {
			t.Errorf("%s: restored", name)
		} else if c.Data != full {
			if _, err := os.Stat(c.Data); err == nil {
				t.Errorf("%s: something is there", name)
			}
		}
	}
	for name, c := range map[string]backup.Config{
		"not a hub":            {Data: t.TempDir(), To: to()},
		"target in use":        {Data: h.dir, To: full},
		"in the hub's folder":  {Data: h.dir, To: filepath.Join(h.dir, "backup")},
		"keys with the record": {Data: h.dir, To: full + "/a", KeysTo: full + "/a/keys"},
		"in one place":         {Data: h.dir, To: full + "/b", KeysTo: full + "/b"},
		"log elsewhere":        {Data: h.dir, To: to(), Elsewhere: true},
	} {
		if _, _, err := backup.Make(t.Context(), c); err == nil {
			t.Errorf("%s: backed up", name)
		}
	}
	if left, err := os.ReadDir(h.dir); err != nil || len(left) == 0 {
		t.Fatal(err)
	}
}

// The log may lie in a database of its own; the rest is backed up then.
func TestLogElsewhere(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	for _, name := range []string{"events.db", "events.db-wal", "events.db-shm", "ledger.db", "ledger.db-wal", "ledger.db-shm"} {
		if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	apart := filepath.Join(t.TempDir(), "keys") // hubs that share a log share keys, in a folder elsewhere
	if err := os.CopyFS(apart, os.DirFS(filepath.Join(h.dir, "keys"))); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(h.dir, "keys")); err != nil {
		t.Fatal(err)
	}
	f := folders{filepath.Join(t.TempDir(), "r"), filepath.Join(t.TempDir(), "k")}
	c := backup.Config{Data: h.dir, To: f.record, KeysTo: f.keys, Keys: apart}
	if _, _, err := backup.Make(t.Context(), c); err == nil {
		t.Error("a missing log was not noticed")
	}
	c.Elsewhere = true
	if _, _, err := backup.Make(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	to := f.into(t)
	if r, err := backup.Restore(t.Context(), to); err != nil || len(r.Logs) != 0 || !r.Signed || !r.Record.Elsewhere {
		t.Errorf("%+v, %v", r, err)
	}
	if n, err := keys.Verify(t.Context(), filepath.Join(to.Data, "keys")); err != nil || n != 12 {
		t.Errorf("%d keys, %v", n, err)
	}
}

// forged is a copy of a backup whose manifest somebody else wrote.
func forged(t *testing.T, dir string, s *bus.Signer) string {
	t.Helper()
	m, _, err := backup.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	to := copyOf(t, dir)
	for _, name := range []string{"manifest.json", "manifest.note"} {
		if err := os.Remove(filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.Kith = "forged"
	if err := backup.Write(m, to, s); err != nil {
		t.Fatal(err)
	}
	if _, _, err := backup.Open(to); err != nil {
		t.Fatal(err)
	}
	return to
}

// escaping names a file outside of the backup.
func escaping(t *testing.T, dir string) string {
	t.Helper()
	m, _, err := backup.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Files = append(m.Files, backup.File{Name: "../x"})
	to := t.TempDir()
	if err := backup.Write(m, to, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := backup.Open(to); err == nil {
		t.Error("a file outside of the backup passed")
	}
	return to
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// A manifest holds no names but those of files, and can be read by programs.
func TestManifest(t *testing.T) {
	h := newHub(t)
	h.fill(t)
	f := h.backup(t)
	b, err := os.ReadFile(filepath.Join(f.record, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Kind, Kith     string
		Events, Ledger int
		Files          []struct {
			Name, SHA256 string
			Size         int
		}
	}
	if err := json.Unmarshal(b, &m); err != nil || m.Kind != "record" || m.Kith != "test" || m.Events != 40 || m.Ledger != 40 || len(m.Files) != 8 {
		t.Errorf("%+v, %v", m, err)
	}
}
