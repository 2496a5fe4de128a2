package store_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"sync"

	"kith/events/store"
)

// ring keeps keys in memory.
type ring struct {
	mu   sync.Mutex
	keys map[store.KeyID]cipher.AEAD // nil when destroyed
}

func (r *ring) key(k store.KeyID) (cipher.AEAD, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.keys[k]
	if ok && a == nil {
		return nil, store.ErrKeyGone
	}
	if !ok {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		b, err := aes.NewCipher(secret)
		if err != nil {
			return nil, err
		}
		if a, err = cipher.NewGCMWithRandomNonce(b); err != nil {
			return nil, err
		}
		r.keys[k] = a
	}
	return a, nil
}

func (r *ring) Seal(_ context.Context, k store.KeyID, plain, associated []byte) ([]byte, error) {
	a, err := r.key(k)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, plain, associated), nil
}

func (r *ring) Open(_ context.Context, k store.KeyID, sealed, associated []byte) ([]byte, error) {
	a, err := r.key(k)
	if err != nil {
		return nil, err
	}
	if len(sealed) < a.Overhead() {
		return nil, errors.New("too short")
	}
	return a.Open(nil, nil, sealed, associated)
}

func (r *ring) Pseudonym(domain, value string) string { return domain + "." + value }
