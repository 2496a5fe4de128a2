// Package keys keeps the keys that payloads are sealed with, in a folder apart
// from the log. Who holds only one of the two can read nothing.
//
// A random key of its own for each KeyID lies, wrapped, in keys.db; what it is
// wrapped with lies in master.key. To destroy a key is to erase what it sealed:
// copies of keys.db must therefore be short-lived.
package keys

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/tink"

	"kith/events/store"
	"kith/services/internal/lock"
	"kith/services/internal/sqlite"
)

// ErrUnknownKey reports a payload whose key was never made here: the log and
// the keys do not belong together, or keys.db is older than the log.
var ErrUnknownKey = errors.New("no such key")

// Keys is a store.Keys. Many may use it at once.
type Keys struct {
	dir       string
	db        *sqlite.DB
	master    atomic.Pointer[master] // replaced when it is rotated
	pseudonym []byte

	// One of the locks is held while a key is made, fetched or destroyed, so
	// that no key is made twice and no destroyed one comes back to the cache.
	locks [64]sync.Mutex
	seed  maphash.Seed

	making chan *making
	closed chan struct{}
	once   sync.Once
	done   chan struct{} // closed when nothing is made any more

	erasures *erasures // tells of what any process destroyed

	keep  int // opened keys at most
	mu    sync.RWMutex
	as    int64 // what erasures said when the cache was last emptied
	cache map[store.KeyID]tink.AEAD
}

var _ store.Keys = (*Keys)(nil)

// kept is how many opened keys are kept in memory.
const kept = 4096

// Open opens the keys in dir, which it makes if it is not there. It refuses a
// dir that has lost either of its two files: new ones would open nothing.
// Several processes of one machine may have the same dir open.
func Open(ctx context.Context, dir string) (*Keys, error) {
	// One at a time, or two that begin the same dir would each make a master key.
	unlock, err := lock.New(filepath.Join(dir, "open.lock")).Lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	defer unlock()
	path := filepath.Join(dir, "keys.db")
	m, fresh, err := findMaster(dir, path)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	db, err := sqlite.Open(ctx, path, sqlite.Durable)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	d, err := openErasures(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open keys: %w", err), db.Close())
	}
	k := &Keys{dir: dir, db: db, pseudonym: m.Pseudonym, erasures: d,
		making: make(chan *making), closed: make(chan struct{}), done: make(chan struct{}),
		seed: maphash.MakeSeed(), keep: kept, cache: map[store.KeyID]tink.AEAD{}}
	k.master.Store(&m)
	if err := k.begin(ctx, fresh); err != nil {
		return nil, errors.Join(fmt.Errorf("open keys: %w", err), k.shut())
	}
	if fresh {
		// Only now: a start that was cut off before this leaves no master.key.
		if err := m.save(dir); err != nil {
			return nil, errors.Join(fmt.Errorf("open keys: %w", err), k.shut())
		}
	}
	go k.make()
	return k, nil
}

// Close waits for the keys that are being made and closes the files.
func (k *Keys) Close() error {
	var err error
	k.once.Do(func() {
		close(k.closed)
		<-k.done
		err = k.shut()
	})
	return err
}

func (k *Keys) shut() error { return errors.Join(k.db.Close(), k.erasures.close()) }

// Seal is store.Keys'. With a destroyed key it is store.ErrKeyGone.
func (k *Keys) Seal(ctx context.Context, id store.KeyID, plain, associated []byte) ([]byte, error) {
	key, err := k.key(ctx, id, k.fetchOrMake)
	if err != nil {
		return nil, err
	}
	return key.Encrypt(plain, associated)
}

// Open is store.Keys'. With a key that was never made it is ErrUnknownKey.
func (k *Keys) Open(ctx context.Context, id store.KeyID, sealed, associated []byte) ([]byte, error) {
	key, err := k.key(ctx, id, k.fetch)
	if err != nil {
		return nil, err
	}
	plain, err := key.Decrypt(sealed, associated)
	if err == nil || !k.forget(id, key) {
		return plain, err
	}
	// It may be sealed with what was added to the key since it was kept here.
	if key, err = k.key(ctx, id, k.fetch); err != nil {
		return nil, err
	}
	return key.Decrypt(sealed, associated)
}

// forget drops a key from the cache, and tells whether it was there.
func (k *Keys) forget(id store.KeyID, key tink.AEAD) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cache[id] != key {
		return false
	}
	delete(k.cache, id)
	return true
}

func (k *Keys) wrapping() *master { return k.master.Load() }

// rotated tells whether another master key is in force than the one that somebody
// used, and reads it.
func (k *Keys) rotated(used *master) bool {
	if k.wrapping() != used {
		return true // somebody else has read it
	}
	m, fresh, err := findMaster(k.dir, filepath.Join(k.dir, "keys.db"))
	if err != nil || fresh || bytes.Equal(m.Wrap, used.Wrap) {
		return false
	}
	k.master.Store(&m)
	return true
}

// Destroy makes unreadable for ever what was sealed with the key, and keeps the
// key from being made again. From its return on no process that has the same
// folder open uses the key. It may be repeated, and must be after an error.
func (k *Keys) Destroy(ctx context.Context, id store.KeyID) error {
	err := k.alone(id, func() error { return k.erase(ctx, id) })
	if err != nil {
		return fmt.Errorf("destroy key %s: %w", id, err)
	}
	return nil
}

// Pseudonym is store.Keys'.
func (k *Keys) Pseudonym(domain, value string) string {
	h := hmac.New(sha256.New, k.pseudonym)
	h.Write(binary.AppendUvarint(nil, uint64(len(domain))))
	h.Write([]byte(domain))
	h.Write([]byte(value))
	s := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:16])
	return strings.ToLower(s)
}

func (k *Keys) lock(id store.KeyID) *sync.Mutex {
	return &k.locks[maphash.String(k.seed, string(id))%uint64(len(k.locks))]
}

func (k *Keys) key(ctx context.Context, id store.KeyID,
	get func(context.Context, store.KeyID) (tink.AEAD, error)) (tink.AEAD, error) {
	if key, _, err := k.fromCache(id); key != nil || err != nil {
		return key, err
	}
	l := k.lock(id)
	l.Lock()
	defer l.Unlock()
	key, as, err := k.fromCache(id)
	if key != nil || err != nil {
		return key, err
	}
	if key, err = get(ctx, id); err != nil {
		return nil, fmt.Errorf("key %s: %w", id, err)
	}
	k.toCache(id, key, as)
	return key, nil
}

// fromCache empties the cache first if a key was destroyed since, anywhere. It
// says what erasures said, for toCache.
func (k *Keys) fromCache(id store.KeyID) (tink.AEAD, int64, error) {
	now, err := k.erasures.count()
	if err != nil {
		return nil, 0, fmt.Errorf("key %s: %w", id, err)
	}
	k.mu.RLock()
	key, as := k.cache[id], k.as
	k.mu.RUnlock()
	if as >= now {
		return key, as, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.as < now {
		k.as = now
		clear(k.cache)
	}
	return k.cache[id], k.as, nil
}

// toCache keeps a key that was fetched after erasures said as, unless another
// was destroyed meanwhile: it could be this one. To make room it drops any one:
// maps begin their walk anywhere.
func (k *Keys) toCache(id store.KeyID, key tink.AEAD, as int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.as != as {
		return
	}
	if len(k.cache) >= k.keep {
		for other := range k.cache {
			delete(k.cache, other)
			break
		}
	}
	k.cache[id] = key
}
