package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"
)

// ticket is a sign-in that was begun. The browser keeps it, sealed, until it is
// back: nothing is kept here for whoever begins and never returns.
type ticket struct {
	Issuer, State, Nonce, Verifier string

	Want  Want
	Until time.Time
}

const ticketKind = "ticket"

// lifetime is how long somebody may take at the provider.
const lifetime = 10 * time.Minute

// sealer seals tickets under a key that lives as long as the process.
type sealer struct{ aead cipher.AEAD }

func newSealer() (sealer, error) {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

// seal makes a text that only open reads, and only as what it was sealed as.
func (s sealer) seal(kind string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte(kind))), nil
}

func (s sealer) open(kind, text string, into any) bool {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	plain, err := s.aead.Open(nil, nil, sealed, []byte(kind))
	return err == nil && json.Unmarshal(plain, into) == nil
}

// secret is 256 random bits.
func secret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
