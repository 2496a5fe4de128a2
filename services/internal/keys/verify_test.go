package keys_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kith/events/store"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// Keys that were changed are found, and looking changes nothing.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	name := func(i int) store.KeyID { return store.KeyID(fmt.Sprint("subject-", i)) }
	k := open(t, dir)
	for i := range 5 {
		seal(t, k, name(i), "x")
	}
	if err := k.Destroy(t.Context(), name(2)); err != nil {
		t.Fatal(err)
	}
	seal(t, k, name(9), "x") // lies in the write-ahead log
	if n, err := keys.Verify(t.Context(), dir); err != nil || n != 6 {
		t.Errorf("%d keys, %v", n, err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	good := files(t, dir)
	if n, err := keys.Verify(t.Context(), dir); err != nil || n != 6 {
		t.Errorf("%d keys, %v", n, err)
	}
	for name, b := range files(t, dir) {
		if !bytes.Equal(b, good[name]) {
			t.Errorf("%s was changed by looking at it", name)
		}
	}
	other := t.TempDir()
	_ = open(t, other).Close()
	change := func(query string) func() {
		return func() {
			db, err := sqlite.Existing(t.Context(), filepath.Join(dir, "keys.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(query); err != nil {
				t.Fatal(err)
			}
		}
	}
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, spoil := range map[string]func(){
		"a wrapped key":        change(`UPDATE keys SET wrapped = randomblob(120) WHERE id = 'subject-3'`),
		"a key under another":  change(`UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE id = 'subject-1') WHERE id = 'subject-3'`),
		"another master key":   func() { put("master.key", files(t, other)["master.key"]) },
		"no master key":        func() { _ = os.Remove(filepath.Join(dir, "master.key")) },
		"half a master key":    func() { put("master.key", good["master.key"][:100]) },
		"another pseudonym":    func() { put("master.key", otherPseudonym(t, good["master.key"])) },
		"a file that was cut":  func() { put("keys.db", good["keys.db"][:len(good["keys.db"])-4096]) },
		"a file with one flip": func() { put("keys.db", bytes.Replace(good["keys.db"], []byte("subject-4"), []byte("subject-5"), 1)) },
	} {
		spoil()
		if _, err := keys.Verify(t.Context(), dir); err == nil {
			t.Errorf("%s was not found", what)
		}
		for name, b := range good {
			put(name, b)
		}
	}
	if _, err := keys.Verify(t.Context(), dir); err != nil {
		t.Errorf("put right again: %v", err)
	}
}

// otherPseudonym changes the key of the pseudonyms: each person would get
// another name from then on.
func otherPseudonym(t *testing.T, master []byte) []byte {
	t.Helper()
	var m struct {
		Wrap      json.RawMessage `json:"wrap"`
		Pseudonym []byte          `json:"pseudonym"`
	}
	if err := json.Unmarshal(master, &m); err != nil {
		t.Fatal(err)
	}
	m.Pseudonym[0] ^= 1
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
