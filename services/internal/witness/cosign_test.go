package witness

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

const tree = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

func cosigned(t *testing.T, k *Key, text string) []byte {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: text}, k.at(noon))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verifierOf(t testing.TB, vkey string) *Verifier {
	t.Helper()
	v, err := NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCosignature(t *testing.T) {
	k := testKey(t, "northshire-police")
	msg := cosigned(t, k, tree)
	n, err := note.Open(msg, note.VerifierList(verifierOf(t, k.Verifier())))
	if err != nil || n.Text != tree || !stamped(n.Sigs[0]).Equal(noon) {
		t.Fatalf("%v %+v", err, n)
	}
	for _, other := range []string{testKey(t, "northshire-police").Verifier(), testKey(t, "northshire-hospital").Verifier()} {
		if _, err := note.Open(msg, note.VerifierList(verifierOf(t, other))); err == nil {
			t.Error("it verifies with another key")
		}
	}
	for i := range len(msg) - 4 { // the last bits of base64 mean nothing
		bad := bytes.Clone(msg)
		bad[i] ^= 1
		if n, err := note.Open(bad, note.VerifierList(verifierOf(t, k.Verifier()))); err == nil && n.Text == tree {
			t.Errorf("byte %d may be changed", i)
		}
	}
}

// An implementation that is not ours agrees, in both directions.
func TestCosignatureElsewhere(t *testing.T) {
	k := testKey(t, "northshire-police")
	theirs, err := formats.NewVerifierForCosignatureV1(k.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(cosigned(t, k, tree), note.VerifierList(theirs))
	if err != nil {
		t.Fatal(err)
	}
	if at, err := formats.CoSigV1Timestamp(n.Sigs[0]); err != nil || !at.Equal(noon) {
		t.Errorf("at %v %v", at, err)
	}
	signer, err := formats.NewSignerForCosignatureV1(k.text())
	if err != nil {
		t.Fatal(err)
	}
	msg, err := note.Sign(&note.Note{Text: tree}, signer)
	if err != nil {
		t.Fatal(err)
	}
	n, err = note.Open(msg, note.VerifierList(verifierOf(t, k.Verifier())))
	if err != nil || time.Since(stamped(n.Sigs[0])).Abs() > time.Minute {
		t.Errorf("%v %+v", err, n)
	}
}

// checkCosignature is in the guide for integrators: the standard library, and
// nothing of ours.
func checkCosignature(text, line, vkey string) bool {
	name, rest, _ := strings.Cut(vkey, "+")
	_, key64, _ := strings.Cut(rest, "+")
	key, _ := base64.StdEncoding.DecodeString(key64) // 1 byte 0x04, 32 bytes Ed25519
	sig64, ok := strings.CutPrefix(strings.TrimSpace(line), "— "+name+" ")
	sig, _ := base64.StdEncoding.DecodeString(sig64) // 4 bytes key id, 8 bytes time, 64 bytes signature
	if !ok || len(key) != 33 || key[0] != 0x04 || len(sig) != 76 {
		return false
	}
	seconds := binary.BigEndian.Uint64(sig[4:])
	return ed25519.Verify(key[1:], fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, text), sig[12:])
}

func TestCosignatureByHand(t *testing.T) {
	k := testKey(t, "northshire-police")
	text, line, _ := strings.Cut(string(cosigned(t, k, tree)), "\n\n")
	if !checkCosignature(text+"\n", line, k.Verifier()) {
		t.Error("it does not verify")
	}
	if checkCosignature(strings.Replace(text, "7", "8", 1)+"\n", line, k.Verifier()) {
		t.Error("another text verifies")
	}
}

func TestKeyIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "witness.key")
	a, err := OpenKey(path, "northshire-police")
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenKey(path, "northshire-police")
	if err != nil || a.Verifier() != b.Verifier() {
		t.Errorf("another key after opening again: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := OpenKey(path, "northshire-hospital"); err == nil {
		t.Error("another agency opened it")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(text) - 1 {
		bad := bytes.Clone(text)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKey(path, "northshire-police"); err == nil {
			t.Errorf("a key with byte %d changed was opened", i)
		} else if strings.Contains(err.Error(), string(text[40:60])) {
			t.Error("the error shows the key")
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "ä"} {
		if _, err := OpenKey(filepath.Join(t.TempDir(), "k"), name); err == nil {
			t.Errorf("a key is named %q", name)
		}
	}
}

func TestNewVerifierRefuses(t *testing.T) {
	good := testKey(t, "northshire-police").Verifier()
	hub := newHubKey(t).verifier
	for _, bad := range []string{"", "x", good[1:], good[:len(good)-1], strings.Replace(good, "+", " ", 1), good + "=", hub, strings.ToUpper(good)} {
		if _, err := NewVerifier(bad); err == nil {
			t.Errorf("%q is taken for a witness key", bad)
		}
	}
}
