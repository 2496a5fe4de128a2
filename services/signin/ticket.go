package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// ticket is a sign-in that was begun. The browser keeps it, sealed, until it is
// back: nothing is kept here for whoever begins and never returns.
type ticket struct {
	Issuer, State, Nonce, Verifier string

	Want  Want
	Until time.Time
}

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

func (s sealer) seal(t ticket) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, nil)), nil
}

var errTicket = errors.New("no sign-in was begun in this browser, or too long ago")

func (s sealer) open(text string, now time.Time) (t ticket, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return t, errTicket
	}
	plain, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil || json.Unmarshal(plain, &t) != nil || !now.Before(t.Until) {
		return ticket{}, errTicket
	}
	return t, nil
}

// secret is 256 random bits.
func secret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
