package handover

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kith/events"
)

// chance is always the same, so that a failure comes again.
func chance(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func key(t testing.TB, seed byte, school events.AgencyID) Key {
	t.Helper()
	private, public, err := NewKey(chance(seed), school)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ReadKey(private)
	if err != nil || k.public != public || k.Agency() != school {
		t.Fatal("the key does not come back", err)
	}
	return k
}

func sample() File {
	return File{
		Manifest: Manifest{From: "oakfield-school", To: "elmtree-school", Reference: "OAK-CP-2026-004",
			Made: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), Starts: "2026-11-23", Due: "2026-11-30"},
		Child: Child{Given: "Wren", Family: "Testerly", DateOfBirth: "2015-06-14", UPN: "B801200005001"},
		Documents: []Document{
			{Name: "chronology.csv", MediaType: "text/csv", Content: []byte("date,what\n14/09/2026,Came in without a coat.\n")},
			{Name: "Wren's body map (2026).pdf", MediaType: "application/pdf", Content: bytes.Repeat([]byte("%PDF invented "), 500)},
		},
	}
}

func packed(t testing.TB, f File, k Key) []byte {
	t.Helper()
	raw, err := Pack(f, k)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestHandedOverWholeWithAReceipt(t *testing.T) {
	oak, elm := key(t, 1, "oakfield-school"), key(t, 2, "elmtree-school")
	raw := packed(t, sample(), oak)
	if !bytes.Equal(raw, packed(t, sample(), oak)) {
		t.Error("the same file gives other bytes")
	}
	f, err := Open(raw, oak.Verifier(), "elmtree-school")
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Parts = f.Parts
	if !reflect.DeepEqual(f, want) {
		t.Error("it is not what was packed")
	}
	if strings.Contains(f.text(), "Wren") || strings.Contains(f.text(), "Testerly") {
		t.Error("the manifest names the child")
	}
	receipt, err := Acknowledge(f.Manifest, time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC), elm)
	if err != nil {
		t.Fatal(err)
	}
	r, err := CheckReceipt(receipt, f.Manifest, elm.Verifier(), time.UTC)
	if err != nil || r.Documents != 2 || r.Late || r.File != f.Digest() {
		t.Errorf("receipt %+v, %v", r, err)
	}
	late, err := Acknowledge(f.Manifest, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), elm)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := CheckReceipt(late, f.Manifest, elm.Verifier(), time.UTC); err != nil || !r.Late {
		t.Errorf("a late receipt: %+v, %v", r, err)
	}
}

// Whatever byte is changed on the way, nothing else than what was packed comes out.
func TestChangedOnTheWay(t *testing.T) {
	oak := key(t, 1, "oakfield-school")
	raw := packed(t, sample(), oak)
	refused, harmless := 0, 0
	for i := range raw {
		for _, bit := range []byte{1, 128} {
			bad := bytes.Clone(raw)
			bad[i] ^= bit
			f, err := Open(bad, oak.Verifier(), "elmtree-school")
			if err != nil {
				refused++
				continue
			}
			harmless++ // such as the archive's own times and checksums
			f.Parts = nil
			if !reflect.DeepEqual(f, sample()) {
				t.Fatalf("byte %d changed: something else was accepted", i)
			}
		}
	}
	for n := range len(raw) {
		if _, err := Open(raw[:n], oak.Verifier(), "elmtree-school"); err == nil {
			t.Fatalf("cut after %d bytes: accepted", n)
		}
	}
	if refused < harmless {
		t.Errorf("%d refused, %d harmless", refused, harmless)
	}
	t.Logf("%d changes refused, %d changed nothing that counts, %d cuts refused", refused, harmless, len(raw))
}

func TestFromSomebodyElseOrForSomebodyElse(t *testing.T) {
	oak, elm, ash := key(t, 1, "oakfield-school"), key(t, 2, "elmtree-school"), key(t, 3, "ash-school")
	raw := packed(t, sample(), oak)
	f, err := Open(raw, oak.Verifier(), "elmtree-school")
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := Acknowledge(f.Manifest, time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), elm)
	if err != nil {
		t.Fatal(err)
	}
	other := f.Manifest
	other.Reference = "OAK-CP-2026-005"
	forged := key(t, 9, "oakfield-school") // the same name, another key
	for what, try := range map[string]func() error{
		"opened with another school's key": func() error { _, err := Open(raw, ash.Verifier(), "elmtree-school"); return err },
		"signed by a key of that name": func() error {
			_, err := Open(packed(t, sample(), forged), oak.Verifier(), "elmtree-school")
			return err
		},
		"opened by another school":         func() error { _, err := Open(raw, oak.Verifier(), "ash-school"); return err },
		"packed with another school's key": func() error { _, err := Pack(sample(), elm); return err },
		"acknowledged by another school":   func() error { _, err := Acknowledge(f.Manifest, f.Made, ash); return err },
		"receipt of another file":          func() error { _, err := CheckReceipt(receipt, other, elm.Verifier(), time.UTC); return err },
		"receipt checked with another key": func() error { _, err := CheckReceipt(receipt, f.Manifest, ash.Verifier(), time.UTC); return err },
		"a manifest as a receipt": func() error {
			m := signedBy(t, oak, f.text())
			_, err := CheckReceipt(m, f.Manifest, oak.Verifier(), time.UTC)
			return err
		},
		"a receipt as a manifest": func() error { _, err := ReadManifest(receipt, elm.Verifier()); return err },
	} {
		if try() == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func signedBy(t testing.TB, k Key, text string) []byte {
	t.Helper()
	n, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Even the right school cannot hand over what would do harm.
func TestSignedAndStillRefused(t *testing.T) {
	oak := key(t, 1, "oakfield-school")
	for what, spoil := range map[string]func(*File){
		"a name that leaves its folder": func(f *File) { f.Documents[0].Name = "../../etc/passwd" },
		"a hidden name":                 func(f *File) { f.Documents[0].Name = ".profile" },
		"a name with a line break":      func(f *File) { f.Documents[0].Name = "a\nb" },
		"no document":                   func(f *File) { f.Documents = nil },
		"no child":                      func(f *File) { f.Child = Child{} },
		"a wrong UPN":                   func(f *File) { f.Child.UPN = "C801200005001" },
		"a reference of two lines":      func(f *File) { f.Reference = "A\nto ash-school" },
		"to itself":                     func(f *File) { f.To = f.From },
		"no day":                        func(f *File) { f.Due = "soon" },
	} {
		f := sample()
		spoil(&f)
		if _, err := Pack(f, oak); err == nil {
			t.Errorf("%s: packed", what)
		}
	}
	good := sample()
	raw := packed(t, good, oak)
	opened, err := Open(raw, oak.Verifier(), "elmtree-school")
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"more than it may hold": strings.Replace(opened.text(), fmt.Sprint(" ", opened.Parts[1].Size, " "), " 999999999999 ", 1),
		"a part elsewhere":      strings.Replace(opened.text(), "documents/0001", "../0001", 1),
		"another spelling":      strings.Replace(opened.text(), "10:00:00Z", "10:00:00+00:00", 1),
		"a line more":           opened.text() + "and more\n",
	} {
		if _, err := ReadManifest(signedBy(t, oak, text), oak.Verifier()); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := Open(withOneMore(t, raw), oak.Verifier(), "elmtree-school"); err == nil {
		t.Error("a part that the manifest does not name: accepted")
	}
}

func withOneMore(t *testing.T, raw []byte) []byte {
	t.Helper()
	old, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range old.File {
		if err := z.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := z.Create("documents/0003"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzOpen(f *testing.F) {
	oak := key(f, 1, "oakfield-school")
	f.Add(packed(f, sample(), oak))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Open(raw, oak.Verifier(), "elmtree-school")
		if got.Parts = nil; err == nil && !reflect.DeepEqual(got, sample()) {
			t.Error("accepted what the school did not sign")
		}
	})
}

// Whatever the right school signs is read without harm, and in one way only.
func FuzzReadManifest(f *testing.F) {
	oak := key(f, 1, "oakfield-school")
	opened, err := Open(packed(f, sample(), oak), oak.Verifier(), "elmtree-school")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(opened.text())
	f.Fuzz(func(t *testing.T, text string) {
		signed, err := note.Sign(&note.Note{Text: text}, oak.signer)
		if err != nil {
			return
		}
		if m, err := ReadManifest(signed, oak.Verifier()); err == nil && (m.text() != text || len(m.Parts) == 0) {
			t.Error("read as something else")
		}
		_, _ = CheckReceipt(signed, opened.Manifest, oak.Verifier(), time.UTC)
	})
}
