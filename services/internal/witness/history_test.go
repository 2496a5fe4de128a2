package witness

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "kith-hub/events"

// hubKey signs what a hub shows: true or not.
type hubKey struct {
	signer   note.Signer
	verifier string
}

func newHubKey(t testing.TB) hubKey {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "kith-hub")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return hubKey{s, vkey}
}

// history is a log in memory, with its tree.
type history struct {
	hashes []tlog.Hash
	size   int64
}

func (h *history) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		if n >= int64(len(h.hashes)) {
			return nil, errors.New("not there")
		}
		out[i] = h.hashes[n]
	}
	return out, nil
}

func (h *history) add(t fataler, entries ...string) *history {
	for _, e := range entries {
		hs, err := tlog.StoredHashes(h.size, []byte(e), h)
		if err != nil {
			t.Fatal(err)
		}
		h.hashes = append(h.hashes, hs...)
		h.size++
	}
	return h
}

// grow adds n entries that say which history they are of.
func (h *history) grow(t fataler, name string, n int64) *history {
	for range n {
		h.add(t, fmt.Sprint(name, h.size))
	}
	return h
}

// fork is the same history up to here, to go on by itself.
func (h *history) fork() *history {
	return &history{append([]tlog.Hash(nil), h.hashes...), h.size}
}

func (h *history) root(t fataler, size int64) tlog.Hash {
	r, err := tlog.TreeHash(size, h)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *history) prove(old, size int64) (tlog.TreeProof, error) {
	return tlog.ProveTree(size, old, h)
}

// fataler is what testing.T and rapid.T have in common.
type fataler interface{ Fatal(...any) }

// signs is a checkpoint of a history at a size, with the hub's signature.
func (k hubKey) signs(t fataler, origin string, size int64, root tlog.Hash) []byte {
	b, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)}, k.signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asks is a request about a history, true to it.
func (k hubKey) asks(t fataler, h *history, old, size int64) []byte {
	r := request{old: old, note: k.signs(t, origin, size, h.root(t, size))}
	if old > 0 && old < size {
		var err error
		if r.proof, err = h.prove(old, size); err != nil {
			t.Fatal(err)
		}
	}
	return r.body()
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func noonNow() time.Time { return noon }

func testKey(t testing.TB, name string) *Key {
	t.Helper()
	k, err := OpenKey(filepath.Join(t.TempDir(), "keys", "witness.key"), name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func openWitness(t testing.TB, dir string, k *Key, hub hubKey) *Witness {
	t.Helper()
	w, err := Open(Config{Dir: dir, Key: k, Verifier: hub.verifier, Origins: []string{origin, "kith-hub/ledger"},
		Now: noonNow, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}
