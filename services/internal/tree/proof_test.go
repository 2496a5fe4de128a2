package tree_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/internal/tree"
)

// proofOf proves the entry at a position of a fixture's record.
func proofOf(t testing.TB, f *fixture, at store.Position) tree.Proof {
	t.Helper()
	l, err := sqlite.OpenCopy(t.Context(), filepath.Join(f.dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c := tree.Check{Entries: l.Entries(t.Context()), Path: filepath.Join(f.dir, "tree"), Origin: origin, Verifier: f.key.public, Find: at}
	r, err := tree.Verify(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tree.Prove(c, r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkAlone checks a proof with x/mod only, as somebody without Kith would.
func checkAlone(text, public string) bool {
	v, err := note.NewVerifier(public)
	if err != nil {
		return false
	}
	head, signed, _ := strings.Cut(text, "\n\n")
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		return false
	}
	lines, body := strings.Split(head, "\n"), strings.Split(n.Text, "\n")
	size, err := strconv.ParseInt(body[1], 10, 64)
	root, err2 := tlog.ParseHash(body[2])
	index, err3 := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	leaf, err4 := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil || err2 != nil || err3 != nil || err4 != nil || body[0] != origin || lines[0] != "c2sp.org/tlog-proof@v1" {
		return false
	}
	var proof tlog.RecordProof
	for _, l := range lines[3:] {
		h, err := tlog.ParseHash(l)
		if err != nil {
			return false
		}
		proof = append(proof, h)
	}
	return tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(leaf)) == nil
}

func TestProofNeedsNoKith(t *testing.T) {
	f, _ := recorded(t)
	for _, at := range []store.Position{1, 2, 33, 59, 60} {
		p := proofOf(t, f, at)
		text := string(p.Text())
		if !checkAlone(text, f.key.public) {
			t.Errorf("position %d: refused\n%s", at, text)
		}
		again, err := tree.ParseProof([]byte(text))
		if err != nil || string(again.Text()) != text {
			t.Errorf("position %d: read as %+v, %v", at, again, err)
		}
		if c, err := again.Check(origin, f.key.verifier); err != nil || c.N != 60 {
			t.Errorf("position %d: %+v, %v", at, c, err)
		}
		if checkAlone(text, newKey(t).public) {
			t.Error("taken with another key")
		}
	}
	if _, err := os.Stat(filepath.Join(f.dir, "tree")); err != nil {
		t.Fatal(err)
	}
}

// TestProofOfEveryByte: none of a proof can be changed.
func TestProofOfEveryByte(t *testing.T) {
	f, _ := recorded(t)
	text := proofOf(t, f, 33).Text()
	for i := range text[:len(text)-len("x=\n")] { // the last digit of the signature has bits that mean nothing
		bad := append([]byte(nil), text...)
		bad[i] ^= 1
		if p, err := tree.ParseProof(bad); err == nil {
			if _, err := p.Check(origin, f.key.verifier); err == nil {
				t.Errorf("byte %d, %q for %q: taken", i, bad[i], text[i])
			}
		}
	}
	t.Logf("%d changed proofs, all refused", len(text)-3)
}

// TestProofByPython runs the script of docs/verify.md as it is printed there.
func TestProofByPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: python3 is not there; the script of docs/verify.md was not run")
	}
	doc, err := os.ReadFile("../../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "```python\n")
	script, _, found := strings.Cut(rest, "```\n")
	if !ok || !found {
		t.Fatal("docs/verify.md has no script")
	}
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f, _ := recorded(t)
	run := func(proof, key string) (string, bool) {
		out, err := exec.CommandContext(t.Context(), python, file("check.py", script), file("x.tlog-proof", proof), key).CombinedOutput()
		return string(out), err == nil
	}
	text := string(proofOf(t, f, 33).Text())
	out, good := run(text, f.key.public)
	if !good || !strings.Contains(out, "position 33\n") {
		t.Fatalf("refused: %s", out)
	}
	lines := strings.Split(text, "\n")
	leaf := strings.Replace(string(proofOf(t, f, 33).Leaf), "position 33", "position 34", 1)
	for name, bad := range map[string]string{
		"another leaf":  strings.Replace(text, lines[1], "extra "+base64.StdEncoding.EncodeToString([]byte(leaf)), 1),
		"another index": strings.Replace(text, "index 32", "index 31", 1),
		"a hash less":   strings.Replace(text, lines[4]+"\n", "", 1),
		"another size":  strings.Replace(text, "\n60\n", "\n61\n", 1),
	} {
		if out, good := run(bad, f.key.public); good {
			t.Errorf("%s: taken: %s", name, out)
		}
	}
	if out, good := run(text, newKey(t).public); good {
		t.Errorf("another key: taken: %s", out)
	}
	if strings.Contains(out, "NOT CHECKED") {
		t.Log("SKIPPED: python3 has no module cryptography; the script left the signature to openssl")
	}
}
