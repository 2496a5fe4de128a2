package bus

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kith/events"
)

// Receipt is the hub's word that an event is durable in the event store. Until
// an agency holds it, the event is the agency's to keep.
type Receipt struct {
	Agency     events.AgencyID `json:"agency"`
	Source     string          `json:"source"` // with ID, the name of the event
	ID         string          `json:"id"`
	Type       events.Type     `json:"type"`
	Digest     string          `json:"digest"`   // of the message; see Digest
	Position   uint64          `json:"position"` // in the hub's log
	AcceptedAt time.Time       `json:"acceptedAt"`
	Note       string          `json:"note"` // the same, signed: a C2SP signed note
}

// signerName is the name under which the hub signs.
const signerName = "kith-hub"

// Signer signs receipts with the hub's key.
type Signer struct {
	signer   note.Signer
	verifier string
}

// NewSigner opens the key in a file, or makes one there at the first start. It
// is durable before anything is signed with it.
func NewSigner(path string) (*Signer, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = newSignerKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the receipt key: %w", err)
	}
	s, err := note.NewSigner(strings.TrimSpace(string(key)))
	if err != nil {
		return nil, errors.New("open the receipt key: it is damaged")
	}
	v, err := verifierOf(string(key))
	return &Signer{signer: s, verifier: v}, err
}

func newSignerKey(path string) ([]byte, error) {
	key, _, err := note.GenerateKey(rand.Reader, signerName)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return []byte(key), writeFile(path, []byte(key+"\n"))
}

// verifierOf derives the public key. The fifth part of PRIVATE+KEY+name+hash+data
// is one byte for the algorithm and the Ed25519 seed, in base64, which may hold
// plus signs itself.
func verifierOf(key string) (string, error) {
	parts := strings.SplitN(strings.TrimSpace(key), "+", 5)
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("open the receipt key: it is damaged")
	}
	return note.NewEd25519VerifierKey(signerName, ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey))
}

// Verifier is the public key, as Verify takes it: agencies are given it once.
func (s *Signer) Verifier() string { return s.verifier }

// Note signs whatever else the hub signs with this key. The first line of a text
// tells what it is: no two kinds of text begin alike.
func (s *Signer) Note() note.Signer { return s.signer }

// Sign returns the receipt with its note. The same receipt always gives the
// same note.
func (s *Signer) Sign(r Receipt) (Receipt, error) {
	text, err := r.text()
	if err != nil {
		return Receipt{}, err
	}
	n, err := note.Sign(&note.Note{Text: text}, s.signer)
	r.Note = string(n)
	return r, err
}

// Verify reports an error unless the note was signed with the key that vkey
// names and says the same as the receipt.
func Verify(vkey string, r Receipt) error {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return errors.New("verify a receipt: the verifier key is not one")
	}
	n, err := note.Open([]byte(r.Note), note.VerifierList(v))
	if err != nil {
		return errors.New("verify a receipt: it is not signed with this key")
	}
	if text, err := r.text(); err != nil || text != n.Text {
		return errors.New("verify a receipt: it does not say what was signed")
	}
	return nil
}

// text is what is signed: one line for each field. Values are percent-encoded,
// so that none can pretend to be another line.
func (r Receipt) text() (string, error) {
	lines := [][2]string{
		{"agency", string(r.Agency)}, {"source", r.Source}, {"id", r.ID}, {"type", string(r.Type)},
		{"digest", r.Digest}, {"position", fmt.Sprint(r.Position)}, {"accepted", r.AcceptedAt.UTC().Format(time.RFC3339Nano)},
	}
	var b strings.Builder
	b.WriteString("kith receipt v1\n")
	for _, l := range lines {
		if l[1] == "" {
			return "", fmt.Errorf("sign a receipt: %s is missing", l[0])
		}
		b.WriteString(l[0] + " " + percentEncode(l[1]) + "\n")
	}
	return b.String(), nil
}

// ValidVerifier reports whether vkey is a public key that Verify can use.
func ValidVerifier(vkey string) bool {
	_, err := note.NewVerifier(vkey)
	return err == nil
}
