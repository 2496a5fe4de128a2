package witness

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// mustCosign wants a cosignature on what was asked, and that it verifies.
func mustCosign(t *testing.T, w *Witness, hub hubKey, body []byte) signed {
	t.Helper()
	status, answer := w.Add(body)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	r, err := parseRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(hub.verifier)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(append(bytes.Clone(r.note), answer...), v, w.mine)
	if err != nil || !s.has(w.mine) || !s.has(v) {
		t.Fatalf("%v: %s", err, answer)
	}
	return s
}

func mustAnswer(t *testing.T, w *Witness, body []byte, status int, answer string) {
	t.Helper()
	got, text := w.Add(body)
	if got != status || answer != "" && string(text) != answer {
		t.Errorf("%d %q, want %d %q", got, text, status, answer)
	}
}

func TestAdd(t *testing.T) {
	hub, k := newHubKey(t), testKey(t, "northshire-police")
	dir := t.TempDir()
	w := openWitness(t, dir, k, hub)
	h := new(history).grow(t, "a", 40)
	other := new(history).grow(t, "b", 40)
	mustAnswer(t, w, hub.asks(t, h, 5, 9), http.StatusConflict, "0\n")
	mustCosign(t, w, hub, hub.asks(t, h, 0, 0)) // nothing yet
	mustCosign(t, w, hub, hub.asks(t, h, 0, 7))
	mustCosign(t, w, hub, hub.asks(t, h, 7, 7)) // again
	mustCosign(t, w, hub, hub.asks(t, h, 7, 19))
	mustCosign(t, w, hub, hub.asks(t, h, 19, 20))

	unsigned := bytes.Replace(hub.asks(t, h, 20, 25), []byte("\n25\n"), []byte("\n26\n"), 1)
	for _, tc := range []struct {
		what   string
		body   []byte
		status int
		answer string
	}{
		{"from an older size", hub.asks(t, h, 7, 25), http.StatusConflict, "20\n"},
		{"from a newer size", hub.asks(t, h, 21, 25), http.StatusConflict, "20\n"},
		{"from nothing", hub.asks(t, h, 0, 25), http.StatusConflict, "20\n"},
		{"an older checkpoint", hub.asks(t, h, 7, 19), http.StatusConflict, "20\n"},
		{"old size larger than new", hub.asks(t, h, 20, 19), http.StatusBadRequest, ""},
		{"another history", hub.asks(t, other, 20, 25), http.StatusUnprocessableEntity, ""},
		{"another root", hub.asks(t, other, 20, 20), http.StatusUnprocessableEntity, ""},
		{"another root, from an older size", hub.asks(t, other, 7, 20), http.StatusConflict, "20\n"},
		{"no proof", request{old: 20, note: hub.signs(t, origin, 25, h.root(t, 25))}.body(), http.StatusUnprocessableEntity, ""},
		{"a proof where none is due", request{old: 20, proof: tlog.TreeProof{h.root(t, 3)}, note: hub.signs(t, origin, 20, h.root(t, 20))}.body(), http.StatusUnprocessableEntity, ""},
		{"changed after signing", unsigned, http.StatusForbidden, ""},
		{"signed by another hub", newHubKey(t).asks(t, h, 20, 25), http.StatusForbidden, ""},
		{"of a log nobody knows", request{note: hub.signs(t, "kith-hub/other", 1, h.root(t, 1))}.body(), http.StatusNotFound, ""},
		{"not a checkpoint", request{note: signText(t, hub, origin+"\nx\n")}.body(), http.StatusBadRequest, ""},
		{"without signatures", []byte("old 20\n\n" + origin + "\n25\n" + h.root(t, 25).String() + "\n"), http.StatusBadRequest, ""},
		{"empty", nil, http.StatusBadRequest, ""},
	} {
		t.Run(tc.what, func(t *testing.T) { mustAnswer(t, w, tc.body, tc.status, tc.answer) })
	}
	mustCosign(t, w, hub, hub.asks(t, h, 20, 25)) // and nothing of that changed anything

	ledger := request{note: hub.signs(t, "kith-hub/ledger", 0, h.root(t, 1))}.body()
	mustAnswer(t, w, ledger, http.StatusUnprocessableEntity, "") // of size zero, with something in it
	ledger = request{proof: tlog.TreeProof{h.root(t, 1)}, note: hub.signs(t, "kith-hub/ledger", 2, h.root(t, 2))}.body()
	mustAnswer(t, w, ledger, http.StatusUnprocessableEntity, "") // from nothing, with a proof

	w = openWitness(t, dir, k, hub) // a restart
	mustAnswer(t, w, hub.asks(t, h, 20, 30), http.StatusConflict, "25\n")
	mustCosign(t, w, hub, hub.asks(t, h, 25, 30))
}

func signText(t *testing.T, k hubKey, text string) []byte {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A note may carry signatures of others; they are neither needed nor kept. One
// that claims to be the hub's and is not spoils the note.
func TestOtherSignatures(t *testing.T) {
	hub, dir := newHubKey(t), t.TempDir()
	w := openWitness(t, dir, testKey(t, "northshire-police"), hub)
	h := new(history).grow(t, "a", 9)
	text := fmt3(origin, "9", h.root(t, 9).String())
	many, err := note.Sign(&note.Note{Text: text}, newHubKey(t).signer, testKey(t, "northshire-hospital").at(noon), hub.signer)
	if err != nil {
		t.Fatal(err)
	}
	mustCosign(t, w, hub, request{note: many}.body())
	kept, err := os.ReadFile(filepath.Join(dir, "events.checkpoint"))
	if err != nil || bytes.Count(kept, []byte("— ")) != 2 {
		t.Errorf("%v: %s", err, kept)
	}
	i := bytes.Index(kept, []byte("— kith-hub"))
	j := i + bytes.IndexByte(kept[i:], '\n') + 1
	mine := append(bytes.Clone(kept[:i]), kept[j:]...) // what we cosigned, as if that were the hub's word
	mustAnswer(t, w, request{old: 9, note: mine}.body(), http.StatusForbidden, "")
	i = bytes.LastIndex(many, []byte("— kith-hub"))
	bad := bytes.Clone(many)
	at := len(bad) - 10 // of the hub's signature; still base64
	bad[at] = map[bool]byte{true: 'B', false: 'A'}[bad[at] == 'A']
	mustAnswer(t, w, request{old: 9, note: append(bad[:i:i], bad[i:]...)}.body(), http.StatusForbidden, "")
}

func fmt3(a, b, c string) string { return a + "\n" + b + "\n" + c + "\n" }

func TestDamagedFileIsNotForgotten(t *testing.T) {
	hub, k, dir := newHubKey(t), testKey(t, "northshire-police"), t.TempDir()
	h := new(history).grow(t, "a", 9)
	mustCosign(t, openWitness(t, dir, k, hub), hub, hub.asks(t, h, 0, 9))
	path := filepath.Join(dir, "events.checkpoint")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, content []byte, k *Key, hub hubKey) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Config{Dir: dir, Key: k, Verifier: hub.verifier, Origins: []string{origin}, Now: time.Now}); err == nil {
			t.Errorf("%s: it was opened, and would believe anything", what)
		}
	}
	for _, n := range []int{0, 1, len(good) / 2, len(good) - 1} {
		try("cut off", good[:n], k, hub)
	}
	try("another size", bytes.Replace(good, []byte("\n9\n"), []byte("\n8\n"), 1), k, hub)
	try("another hub", good, k, newHubKey(t))
	try("another witness", good, testKey(t, "northshire-police"), hub)
	lines := strings.SplitAfter(string(good), "\n")
	try("without our signature", []byte(strings.Join(lines[:5], "")), k, hub)
	try("without the hub's signature", []byte(strings.Join(slices.Delete(lines, 4, 5), "")), k, hub)
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	openWitness(t, dir, k, hub)
}

// What does not go together is kept, both halves signed by the hub, once.
func TestEvidence(t *testing.T) {
	hub, k, dir := newHubKey(t), testKey(t, "northshire-police"), t.TempDir()
	w := openWitness(t, dir, k, hub)
	a := new(history).grow(t, "a", 40)
	b := new(history).grow(t, "a", 10).grow(t, "b", 30)
	mustCosign(t, w, hub, hub.asks(t, a, 0, 20))
	for range 3 {
		mustAnswer(t, w, hub.asks(t, b, 20, 20), http.StatusUnprocessableEntity, "")
		mustAnswer(t, w, hub.asks(t, b, 20, 30), http.StatusUnprocessableEntity, "")
		mustAnswer(t, w, hub.asks(t, b, 3, 20), http.StatusConflict, "20\n")
	}
	if w.Conflicts() != 9 {
		t.Errorf("%d conflicts counted", w.Conflicts())
	}
	v, err := note.NewVerifier(hub.verifier)
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob(filepath.Join(dir, "evidence", "*"))
	if err != nil || len(dirs) != 2 {
		t.Fatalf("%v %v", dirs, err)
	}
	for _, d := range dirs {
		var cs [2]checkpoint
		for i, name := range []string{"held.checkpoint", "given.checkpoint"} {
			text, err := os.ReadFile(filepath.Join(d, name))
			if err != nil {
				t.Fatal(err)
			}
			s, err := open(text, v)
			if err != nil || !s.has(v) {
				t.Fatalf("%s of %s: %v", name, d, err)
			}
			cs[i] = s.checkpoint
		}
		if cs[0].root != a.root(t, 20) || cs[1].root != b.root(t, cs[1].size) {
			t.Errorf("%s holds other checkpoints", d)
		}
		request, err := os.ReadFile(filepath.Join(d, "given.request"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseRequest(request); err != nil {
			t.Error(err)
		}
	}
	// One who floods does not fill the disk.
	for n := range int64(maxEvidence + 20) {
		c := new(history).grow(t, "c", n).grow(t, "d", 40-n%7)
		w.Add(hub.asks(t, c, 20, c.size))
	}
	if dirs, err = filepath.Glob(filepath.Join(dir, "evidence", "*")); err != nil || len(dirs) != maxEvidence {
		t.Errorf("%d kept %v", len(dirs), err)
	}
	mustCosign(t, w, hub, hub.asks(t, a, 20, 40)) // the true history goes on
}

// A disk that fails: nothing is cosigned that was not kept, and the next try works.
func TestDiskFails(t *testing.T) {
	hub, k := newHubKey(t), testKey(t, "northshire-police")
	h := new(history).grow(t, "a", 9)
	for fails := range 2 { // the file's sync, the folder's sync
		dir := t.TempDir()
		w := openWitness(t, dir, k, hub)
		calls := 0
		w.keep.sync = func(f *os.File) error {
			if calls++; calls == fails+1 {
				return errors.New("input/output error")
			}
			return f.Sync()
		}
		mustAnswer(t, w, hub.asks(t, h, 0, 5), http.StatusInternalServerError, "")
		if w.Size(origin) != 0 {
			t.Error("it holds what it did not keep")
		}
		mustCosign(t, w, hub, hub.asks(t, h, 0, 5))
		if got := openWitness(t, dir, k, hub).Size(origin); got != 5 {
			t.Errorf("after a restart it holds %d", got)
		}
	}
}
