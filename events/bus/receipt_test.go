package bus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func receipt() Receipt {
	return Receipt{
		Agency: "northshire-police", Source: "urn:kith:agency:northshire-police", ID: "id with\nline breaks é", Type: "uk.kith.police.missing-episode.v1",
		Digest: strings.Repeat("ab", 32), Position: 42, AcceptedAt: time.Date(2026, 11, 23, 9, 30, 0, 1, time.FixedZone("", 3600)),
	}
}

func TestReceipt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "receipts.key")
	s, err := NewSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Sign(receipt())
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewSigner(path)
	if err != nil || again.Verifier() != s.Verifier() {
		t.Fatalf("the key was not kept: %v", err)
	}
	if twice, _ := again.Sign(receipt()); twice != r {
		t.Error("signed twice, it differs")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v", info.Mode(), err)
	}
	var travelled Receipt
	b, _ := json.Marshal(r)
	if err := json.Unmarshal(b, &travelled); err != nil {
		t.Fatal(err)
	}
	if err := Verify(s.Verifier(), travelled); err != nil {
		t.Error(err)
	}
	if strings.Count(r.Note, "\n") != 10 {
		t.Errorf("a value broke a line:\n%s", r.Note)
	}
}

func TestVerifyRefuses(t *testing.T) {
	dir := t.TempDir()
	s, _ := NewSigner(filepath.Join(dir, "a"))
	other, _ := NewSigner(filepath.Join(dir, "b"))
	good, err := s.Sign(receipt())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Receipt){
		"agency":   func(r *Receipt) { r.Agency = "x" },
		"source":   func(r *Receipt) { r.Source = "x" },
		"id":       func(r *Receipt) { r.ID = "x" },
		"type":     func(r *Receipt) { r.Type = "x" },
		"digest":   func(r *Receipt) { r.Digest = "x" },
		"position": func(r *Receipt) { r.Position++ },
		"accepted": func(r *Receipt) { r.AcceptedAt = r.AcceptedAt.Add(1) },
		"note":     func(r *Receipt) { r.Note = strings.Replace(r.Note, "position 42", "position 43", 1) },
		"no note":  func(r *Receipt) { r.Note = "" },
	} {
		r := good
		change(&r)
		if Verify(s.Verifier(), r) == nil {
			t.Errorf("changed %s passed", name)
		}
	}
	if Verify(other.Verifier(), good) == nil || Verify("", good) == nil {
		t.Error("another key passed")
	}
	incomplete := receipt()
	incomplete.Digest = ""
	if _, err := s.Sign(incomplete); err == nil {
		t.Error("an incomplete receipt was signed")
	}
}

// Receipts that agencies keep must verify for years: the format is fixed.
func TestReceiptText(t *testing.T) {
	text, err := receipt().text()
	const want = "kith receipt v1\nagency northshire-police\nsource urn:kith:agency:northshire-police\nid id%20with%0Aline%20breaks%20%C3%A9\n" +
		"type uk.kith.police.missing-episode.v1\ndigest abababababababababababababababababababababababababababababababab\nposition 42\naccepted 2026-11-23T08:30:00.000000001Z\n"
	if err != nil || text != want {
		t.Errorf("got\n%s\nwant\n%s %v", text, want, err)
	}
}

func TestSignerRefusesDamagedKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for _, content := range []string{"", "PRIVATE+KEY+kith-hub+00000000+AAAA", "x"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := NewSigner(path); err == nil {
			t.Errorf("%q passed", content)
		}
	}
}
