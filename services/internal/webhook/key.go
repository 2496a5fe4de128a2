// Package webhook delivers messages to an address of an agency as Standard
// Webhooks says (standardwebhooks.com) and asks first as the CloudEvents webhook
// specification says. It reaches no network but the public one, unless it was told
// of another.
package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// How keys are written.
const (
	prefixShared  = "whsec_"
	prefixPrivate = "whsk_"
	prefixPublic  = "whpk_"
)

// Key signs, or checks signatures: a secret that both sides hold, or one half of
// an Ed25519 key. Nothing of it is ever printed.
type Key struct {
	shared  []byte
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

// String keeps keys out of logs.
func (Key) String() string { return "withheld" }

// GoString does too.
func (Key) GoString() string { return "withheld" }

// NewShared is a new shared secret, as it is written.
func NewShared() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return prefixShared + base64.StdEncoding.EncodeToString(secret)
}

// NewPair is a new Ed25519 key: the private half stays with the hub, the public
// one is for whoever receives.
func NewPair() (private, public string, err error) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", "", err
	}
	return prefixPrivate + base64.StdEncoding.EncodeToString(key), prefixPublic + base64.StdEncoding.EncodeToString(pub), nil
}

// SigningKeys reads a file of keys that sign, one a line: while a secret is
// being replaced there are two, and each delivery carries both signatures.
func SigningKeys(text []byte) ([]Key, error) {
	return readKeys(text, func(k Key) bool { return k.shared != nil || k.private != nil }, "whsec_… or whsk_…")
}

// CheckingKeys reads what a receiver holds.
func CheckingKeys(text []byte) ([]Key, error) {
	return readKeys(text, func(k Key) bool { return k.shared != nil || k.public != nil }, "whsec_… or whpk_…")
}

const mostKeys = 8

func readKeys(text []byte, fits func(Key) bool, forms string) (ks []Key, err error) {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseKey(line)
		if err == nil && !fits(k) {
			err = errors.New("it is the other half")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d is no key of the form %s: %w", n, forms, err)
		}
		ks = append(ks, k)
	}
	if len(ks) == 0 || len(ks) > mostKeys {
		return nil, fmt.Errorf("there are %d keys; between 1 and %d are needed, one a line, of the form %s", len(ks), mostKeys, forms)
	}
	return ks, nil
}

// parseKey says of a key that is wrong nothing but how.
func parseKey(s string) (k Key, err error) {
	at := strings.IndexByte(s, '_') + 1
	raw, err := base64.StdEncoding.Strict().DecodeString(s[at:])
	if err != nil {
		return k, errors.New("not in base64")
	}
	switch prefix := s[:at]; {
	case prefix == prefixShared && len(raw) >= 24 && len(raw) <= 64:
		k.shared = raw
	case prefix == prefixPrivate && len(raw) == ed25519.SeedSize:
		k.private = ed25519.NewKeyFromSeed(raw)
	case prefix == prefixPrivate && len(raw) == ed25519.PrivateKeySize:
		k.private = ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
		if !slices.Equal(k.private, ed25519.PrivateKey(raw)) {
			return Key{}, errors.New("its two halves do not belong together")
		}
	case prefix == prefixPublic && len(raw) == ed25519.PublicKeySize:
		k.public = ed25519.PublicKey(raw)
	default:
		return k, errors.New("another beginning or length")
	}
	return k, nil
}

// sign is one signature, with the version of its scheme before it.
func (k Key) sign(text []byte) string {
	if k.private != nil {
		return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, text))
	}
	return "v1," + base64.StdEncoding.EncodeToString(k.mac(text))
}

func (k Key) mac(text []byte) []byte {
	h := hmac.New(sha256.New, k.shared)
	h.Write(text)
	return h.Sum(nil)
}

// signed tells whether a signature is of this key.
func (k Key) signed(text []byte, signature string) bool {
	version, s, _ := strings.Cut(signature, ",")
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	switch {
	case err != nil:
		return false
	case version == "v1" && k.shared != nil:
		return hmac.Equal(raw, k.mac(text))
	case version == "v1a" && k.public != nil:
		return ed25519.Verify(k.public, text, raw)
	}
	return false
}
