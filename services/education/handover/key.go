package handover

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"kith/events"
)

// Key signs what a school hands over or receives: the private half of an Ed25519
// key of C2SP signed notes, of which the name is the school's agency id.
type Key struct {
	agency string
	signer note.Signer
	public string
}

// Verifier is the public half.
type Verifier struct {
	agency   string
	verifier note.Verifier
}

// NewKey makes a key of chance, as text: the private half and the public one.
func NewKey(random io.Reader, school events.AgencyID) (private, public string, err error) {
	if school == "" || strings.ContainsAny(string(school), "+ \t\r\n") {
		return "", "", errors.New("the school's agency id has no spaces and no plus sign, such as oakfield-school")
	}
	return note.GenerateKey(random, string(school))
}

// ReadKey reads the private half.
func ReadKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	s, err := note.NewSigner(text)
	if err != nil {
		return Key{}, errors.New("that is no signing key: kith file key makes one")
	}
	parts := strings.SplitN(text, "+", 5) // PRIVATE+KEY+name+hash+data, and the data may hold plus signs
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return Key{}, errors.New("that is no signing key: kith file key makes one")
	}
	public, err := note.NewEd25519VerifierKey(s.Name(), ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey))
	return Key{agency: s.Name(), signer: s, public: public}, err
}

// Agency is whose key it is.
func (k Key) Agency() events.AgencyID { return events.AgencyID(k.agency) }

// Public is its public half as text, for the other school.
func (k Key) Public() string { return k.public }

// Verifier is its public half.
func (k Key) Verifier() Verifier {
	v, err := ReadVerifier(k.public)
	if err != nil {
		return Verifier{} // cannot be: it was made of the private half
	}
	return v
}

// ReadVerifier reads the public half: name, hash and key, with plus signs between.
func ReadVerifier(text string) (Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return Verifier{}, errors.New("that is no verifier key: it is the line that kith file key printed at the other school")
	}
	return Verifier{agency: v.Name(), verifier: v}, nil
}

// Agency is whose key it is.
func (v Verifier) Agency() events.AgencyID { return events.AgencyID(v.agency) }
