// Package backup copies what a hub may never lose while the hub goes on, and
// puts it back. The record and the keys go to folders of their own: who holds
// one of the two can read nothing, and the keys are to be kept for a short time
// only.
package backup

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kith/events/bus"
)

// Kind says which of the two folders a manifest stands for.
type Kind string

const (
	Record Kind = "record" // the logs, sealed; checkpoints; the list of destroyed keys
	Keys   Kind = "keys"   // the keys, and what is not sealed: outboxes, credentials
)

// Manifest says what is in a folder of a backup.
type Manifest struct {
	Kind   Kind      `json:"kind"`
	Run    string    `json:"run"` // the same in both folders of one backup
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended"`
	Kith   string    `json:"kith"`             // version of the program that made it
	Events uint64    `json:"events"`           // the event log up to this position
	Ledger uint64    `json:"ledger"`           // the ledger up to this position
	Erased int       `json:"erased,omitempty"` // keys that were destroyed, by erased.json
	Hidden int       `json:"hidden,omitempty"` // keys that are withheld, by the same
	Files  []File    `json:"files"`

	Elsewhere bool `json:"elsewhere,omitempty"` // both logs lie in EventStoreDB and are not here
}

// File is one file of a backup, under the path that it has in the hub's folder.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Names in a folder of a backup.
const (
	manifestName = "manifest.json"
	sealName     = "manifest.note" // written last: without it there is no backup
	erasedName   = "erased.json"
)

// ErrNotWhole reports a folder that is not a backup, or not a whole one.
var ErrNotWhole = errors.New("not a whole backup")

// sealText is what is signed. The key is named in it, so that the signature can
// be checked, against accidents, by who holds nothing else.
func sealText(manifest []byte, vkey string) string {
	sum := sha256.Sum256(manifest)
	text := "kith backup v1\nmanifest " + hex.EncodeToString(sum[:]) + "\n"
	if vkey != "" {
		text += "key " + vkey + "\n"
	}
	return text
}

// write ends a folder: the manifest, then the seal, each on stable storage.
func (m Manifest) write(dir string, s *bus.Signer) error {
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	seal := []byte(sealText(text, ""))
	if s != nil {
		if seal, err = note.Sign(&note.Note{Text: sealText(text, s.Verifier())}, s.Note()); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(dir, manifestName), text); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, sealName), seal)
}

// Open reads the manifest of a folder and checks its seal. The key that signed
// it, as the seal names it, comes with it: whether that is the hub's key, or
// whether anything signed it, is the caller's to judge. ErrNotWhole if a backup
// was cut off here or the manifest was damaged.
func Open(dir string) (m Manifest, vkey string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, "", fmt.Errorf("%s: %w: %w", dir, ErrNotWhole, err)
	}
	seal, err := os.ReadFile(filepath.Join(dir, sealName))
	if err != nil {
		return m, "", fmt.Errorf("%s: %w: %w", dir, ErrNotWhole, err)
	}
	if vkey, err = checkSeal(text, string(seal)); err != nil {
		return m, "", fmt.Errorf("%s: %w: %w", dir, ErrNotWhole, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, "", fmt.Errorf("%s: %w: %s cannot be read", dir, ErrNotWhole, manifestName)
	}
	return m, vkey, m.check(dir)
}

// check keeps a manifest from naming what lies elsewhere.
func (m Manifest) check(dir string) error {
	for _, f := range m.Files {
		if !filepath.IsLocal(f.Name) || f.Name == manifestName || f.Name == sealName {
			return fmt.Errorf("%s: %w: %s names a file outside of it", dir, ErrNotWhole, manifestName)
		}
	}
	return nil
}

// has finds a file by name.
func (m Manifest) has(name string) (File, bool) {
	i := slices.IndexFunc(m.Files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}, false
	}
	return m.Files[i], true
}

var errSeal = errors.New(sealName + " does not belong to " + manifestName + ", or one of the two was changed")

// checkSeal takes only what write makes, to the byte.
func checkSeal(manifest []byte, seal string) (vkey string, err error) {
	if seal == sealText(manifest, "") {
		return "", nil
	}
	text, _, found := strings.Cut(seal, "\n\n")
	_, vkey, named := strings.Cut(text, "\nkey ")
	if !found || !named || text+"\n" != sealText(manifest, vkey) {
		return "", errSeal
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return "", errSeal
	}
	n, err := note.Open([]byte(seal), note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", errSeal
	}
	raw, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	line := "— " + v.Name() + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	if err != nil || seal != n.Text+"\n"+line {
		return "", errSeal
	}
	return vkey, nil
}
