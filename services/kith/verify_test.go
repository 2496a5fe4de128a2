package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kith/events/bus"
	"kith/services/internal/tree"
)

// runKith runs the program, as from a command line.
func runKith(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// TestVerify takes a copy of a demonstration while it runs, verifies it, proves
// the event of a receipt, and tampers.
func TestVerify(t *testing.T) {
	w := newWorld(t)
	raised := into[struct{ Receipts []bus.Receipt }](t, w.post(t, "dsl", "/v1/concerns", `{
		"givenName": "Amara", "familyName": "Okafor-Wells", "dateOfBirth": "2017-03-09", "upn": "A999400121101",
		"observed": "A burn.", "words": "I am not supposed to tell.", "safeNow": "unsure", "immediate": true,
		"familyTold": false, "whyNotTold": "It could put her at risk."}`, http.StatusAccepted))
	receipt := raised.Receipts[0]
	signedUpTo(t, w, receipt.Position)
	dir := t.TempDir()
	if err := copyFiles(filepath.Join(dir, "hub"), filepath.Join(w.dir, "hub")); err != nil {
		t.Fatal(err)
	}
	before := everyFile(t, dir)
	held := writeFile(t, dir+".receipt", must(json.Marshal(receipt)))
	checkpoint := writeFile(t, dir+".checkpoint", w.demo.hub.trees.events.Checkpoint())
	proof := dir + ".proof"

	code, out, errs := runKith(t, "verify", "-data", dir, "-verifier", w.file.Verifier, "-checkpoint", checkpoint, "-receipt", held, "-proof", proof)
	if code != exitGood || !strings.Contains(out, "GOOD") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	t.Log(out)
	proves(t, proof, w.file.Verifier, receipt)
	if everyFile(t, dir) != before {
		t.Error("verifying a copy changed it")
	}

	code, out, _ = runKith(t, "verify", "-data", filepath.Join(dir, "hub"), "-json")
	var a verified
	if err := json.Unmarshal([]byte(out), &a); err != nil || code != exitGood || !a.Good || len(a.Logs) != 2 || a.Verifier != w.file.Verifier {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}

	config := conf(t, t.TempDir(), "hub.json", map[string]any{"data": filepath.Join(dir, "hub"), "agencies": northshire(), "authority": authority})
	if code, out, errs := runKith(t, "verify", "-config", config); code != exitGood {
		t.Errorf("by its configuration: exit %d\n%s%s", code, out, errs)
	}

	wrong := receipt
	wrong.Position++
	other := writeFile(t, dir+".wrong", must(json.Marshal(wrong)))
	if code, _, errs := runKith(t, "verify", "-data", dir, "-receipt", other, "-proof", proof); code != exitFailed {
		t.Errorf("a receipt that nobody signed: exit %d %s", code, errs)
	}
	tamper(t, filepath.Join(dir, "hub", "events.db"), `UPDATE events SET data = zeroblob(9) WHERE position = 7`)
	code, out, _ = runKith(t, "verify", "-data", dir)
	if code != exitFailed || !strings.Contains(out, "BAD: position 7: it is not what was recorded") {
		t.Errorf("exit %d\n%s", code, out)
	}
	for _, args := range [][]string{{"verify"}, {"verify", "-data", dir, "-receipt", held}, {"verify", "-data", dir, "-verifier", "x"}} {
		if code, _, _ := runKith(t, args...); code != exitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
	}
	if code, _, errs := runKith(t, "verify", "-data", t.TempDir()); code != exitFailed || errs == "" {
		t.Errorf("nothing there: exit %d %s", code, errs)
	}
}

// signedUpTo waits for a checkpoint over the position.
func signedUpTo(t *testing.T, w *world, position uint64) {
	t.Helper()
	for _, tr := range []*tree.Tree{w.demo.hub.trees.events, w.demo.hub.trees.ledger} {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if _, at := tr.Size(); tr != w.demo.hub.trees.events || uint64(at) >= position {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the tree does not follow")
			}
		}
		if err := tr.Sign(); err != nil {
			t.Fatal(err)
		}
	}
}

// proves checks that the proof is one, and of the receipt.
func proves(t *testing.T, file, verifier string, r bus.Receipt) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tree.ParseProof(b)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Check("kith-hub/events", v); err != nil {
		t.Error(err)
	}
	if at := "\nat " + r.AcceptedAt.Format(time.RFC3339Nano) + "\n"; !strings.Contains(string(p.Leaf), at) {
		t.Errorf("the leaf is not of the receipt:\n%s", p.Leaf)
	}
}

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// everyFile is all that lies below a folder, with content and times.
func everyFile(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		all.WriteString(path + i.ModTime().String() + string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
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
