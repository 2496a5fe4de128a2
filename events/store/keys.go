package store

import (
	"context"
	"errors"
)

// KeyID names a key: one for each subject, child or agency.
type KeyID string

// ErrKeyGone reports a payload whose key was destroyed. It cannot be opened again.
var ErrKeyGone = errors.New("key destroyed")

// Keys seals and opens payloads. It is a trust boundary: the keys are kept apart
// from the log, so that who holds one of the two can read nothing.
type Keys interface {
	// Seal encrypts with the key of that name, which it makes, durably, at first
	// use. The associated data must be given again to open.
	Seal(ctx context.Context, k KeyID, plain, associated []byte) ([]byte, error)

	// Open decrypts what Seal made. After the key was destroyed it is ErrKeyGone.
	Open(ctx context.Context, k KeyID, sealed, associated []byte) ([]byte, error)

	// Pseudonym turns a value that may be personal into an opaque name, the same
	// one each time: 128 bits of a keyed hash, in lower-case base32. The domain
	// keeps names of different kinds apart.
	Pseudonym(domain, value string) string
}
