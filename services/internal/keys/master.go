package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// master is the content of master.key: the keyset that wraps all others, in
// clear, and the key of the pseudonyms. The file is what has to be guarded.
type master struct {
	Wrap       json.RawMessage `json:"wrap"`
	Pseudonym  []byte          `json:"pseudonym"`
	Generation int64           `json:"generation,omitempty"` // how often it was rotated

	wrap tink.AEAD
}

// findMaster reads the master key of dir, or makes a fresh one that is not
// saved yet.
func findMaster(dir, table string) (m master, fresh bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if errors.Is(err, fs.ErrNotExist) {
		m, err = newMaster()
		return m, true, err
	}
	if err != nil {
		return m, false, err
	}
	if _, err := os.Stat(table); err != nil {
		return m, false, fmt.Errorf("master.key is there but keys.db is not; restore it from its backup: %w", err)
	}
	m, err = parseMaster(text)
	return m, false, err
}

var errMaster = errors.New("master.key is damaged") // and its text stays out of the error

func parseMaster(text []byte) (m master, err error) {
	if json.Unmarshal(text, &m) != nil || len(m.Pseudonym) != 32 {
		return m, errMaster
	}
	h, err := m.handle()
	if err != nil {
		return m, err
	}
	m.wrap, err = aead.New(h)
	return m, err
}

func (m master) handle() (*keyset.Handle, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(m.Wrap)))
	if err != nil {
		return nil, errMaster
	}
	return h, nil
}

// with is m with another keyset.
func (m master) with(h *keyset.Handle) (master, error) {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)); err != nil {
		return m, err
	}
	m.Wrap = text.Bytes()
	var err error
	m.wrap, err = aead.New(h)
	return m, err
}

func newMaster() (m master, err error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return m, err
	}
	m.Pseudonym = make([]byte, 32)
	if _, err := rand.Read(m.Pseudonym); err != nil {
		return m, err
	}
	return m.with(h)
}

// save writes master.key so that after a power cut it is there whole or not at all.
func (m master) save(dir string) error {
	// Link, not rename: it must never replace a key that somebody else just made.
	return m.write(dir, os.Link)
}

// replace writes it in the place of the one that is there.
func (m master) replace(dir string) error { return m.write(dir, os.Rename) }

func (m master) write(dir string, put func(from, to string) error) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "master.key.*") // its mode is 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := put(f.Name(), filepath.Join(dir, "master.key")); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
