package keys

import (
	"context"
	"testing"

	"github.com/tink-crypto/tink-go/v2/tink"

	"kith/events/store"
)

// Wrapped is the key as it lies on disk.
func Wrapped(t *testing.T, k *Keys, id store.KeyID) []byte {
	t.Helper()
	var b []byte
	if err := k.db.Read.QueryRow(`SELECT wrapped FROM keys WHERE id = ?`, id).Scan(&b); err != nil || len(b) == 0 {
		t.Fatal(err)
	}
	return b
}

// KeepFew makes the cache small.
func KeepFew(k *Keys, n int) { k.keep = n }

// Kept is how many keys are in the cache.
func Kept(k *Keys) int { return len(k.cache) }

// FetchSlowly fetches a key and does something before it comes to the cache.
func FetchSlowly(ctx context.Context, k *Keys, id store.KeyID, meanwhile func()) error {
	_, err := k.key(ctx, id, func(ctx context.Context, id store.KeyID) (tink.AEAD, error) {
		key, err := k.fetch(ctx, id)
		meanwhile()
		return key, err
	})
	return err
}

// RotatePartly is Rotate, cut off after some of its four steps.
func RotatePartly(ctx context.Context, dir string, steps int) error {
	_, err := rotate(ctx, dir, true, steps)
	return err
}
