package keys

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"kith/events/store"
	"kith/services/internal/lock"
	"kith/services/internal/sqlite"
)

// Rotate gives the keys in dir a new master key and wraps each of them anew; with
// fresh each also gets a new key for what is sealed from now on, beside the one that
// opens what there is. It answers how many. Processes may have dir open: they read
// and write on. Cut off at any point it leaves keys that open, and is to be repeated.
//
// The key of the pseudonyms stays: with another one everybody would be somebody else.
func Rotate(ctx context.Context, dir string, fresh bool) (n int, err error) {
	unlock, err := lock.New(filepath.Join(dir, "open.lock")).Lock(ctx)
	if err != nil {
		return 0, fmt.Errorf("rotate the master key: %w", err)
	}
	defer unlock()
	if n, err = rotate(ctx, dir, fresh, rotation); err != nil {
		return 0, fmt.Errorf("rotate the master key: %w", err)
	}
	return n, nil
}

// rotation is of how many steps it is made.
const rotation = 4

func rotate(ctx context.Context, dir string, fresh bool, steps int) (n int, err error) {
	path := filepath.Join(dir, "keys.db")
	m, none, err := findMaster(dir, path)
	if err == nil && none {
		err = errors.New("there is no master.key in " + dir)
	}
	if err != nil {
		return 0, err
	}
	db, err := sqlite.Open(ctx, path, sqlite.Durable)
	if err != nil {
		return 0, err
	}
	k := &Keys{dir: dir, db: db, pseudonym: m.Pseudonym}
	k.master.Store(&m)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := k.begin(ctx, false); err != nil {
		return 0, err
	}
	told, err := openErasures(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, told.close()) }()
	all := []func() error{
		func() error { return k.addMaster() },                           // both open
		func() error { n, err = k.wrapAnew(ctx, fresh); return err },    // the new one is needed
		func() error { return errors.Join(db.Empty(ctx), told.tell()) }, // nothing is left of the old
		func() error { return k.dropMasters() },                         // only the new one opens
	}
	for _, step := range all[:steps] {
		if err := step(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// addMaster makes a new key the one that wraps, unless somebody did who was cut off
// afterwards.
func (k *Keys) addMaster() error {
	m := *k.wrapping()
	h, err := m.handle()
	if err != nil || h.Len() > 1 {
		return err
	}
	if h, err = added(h); err != nil {
		return err
	}
	m.Generation++
	return k.put(m, h)
}

func (k *Keys) put(m master, h *keyset.Handle) error {
	m, err := m.with(h)
	if err == nil {
		err = m.replace(k.dir)
	}
	if err == nil {
		k.master.Store(&m)
	}
	return err
}

// added is a keyset with one more key, which seals from now on.
func added(h *keyset.Handle) (*keyset.Handle, error) {
	all := keyset.NewManagerFromHandle(h)
	id, err := all.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = all.SetPrimary(id)
	}
	if err != nil {
		return nil, err
	}
	return all.Handle()
}

// dropMasters leaves the key that wraps, and no other.
func (k *Keys) dropMasters() error {
	m := *k.wrapping()
	h, err := m.handle()
	if err != nil {
		return err
	}
	last, err := h.Primary()
	if err != nil {
		return err
	}
	all := keyset.NewManagerFromHandle(h)
	for i := range h.Len() {
		e, err := h.Entry(i)
		if err == nil && e.KeyID() != last.KeyID() {
			err = all.Delete(e.KeyID())
		}
		if err != nil {
			return err
		}
	}
	if h, err = all.Handle(); err != nil {
		return err
	}
	return k.put(m, h)
}

// wrapAnew wraps all keys, in one transaction: whoever comes with the old master key
// afterwards opens none of them, and cannot add one.
func (k *Keys) wrapAnew(ctx context.Context, fresh bool) (n int, err error) {
	tx, err := k.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	old, err := wrappedIn(ctx, tx)
	if err != nil {
		return 0, err
	}
	for id, b := range old {
		if b, err = k.again(id, b, fresh); err != nil {
			return 0, fmt.Errorf("key %s is damaged: %w", id, err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE keys SET wrapped = ? WHERE id = ?`, b, id); err != nil {
			return 0, err
		}
	}
	sealed, err := k.wrapping().wrap.Encrypt(proof, []byte("master"))
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE master SET proof = ?, generation = ?`, sealed, k.wrapping().Generation)
	}
	if err != nil {
		return 0, err
	}
	return len(old), tx.Commit()
}

func wrappedIn(ctx context.Context, tx *sql.Tx) (map[store.KeyID][]byte, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, wrapped FROM keys WHERE wrapped IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[store.KeyID][]byte{}
	for rows.Next() {
		var id store.KeyID
		var b []byte
		if err := rows.Scan(&id, &b); err != nil {
			return nil, err
		}
		all[id] = b
	}
	return all, rows.Err()
}

// again is a key wrapped with what wraps now.
func (k *Keys) again(id store.KeyID, wrapped []byte, fresh bool) ([]byte, error) {
	m := k.wrapping()
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), m.wrap, []byte(id))
	if err == nil && fresh {
		h, err = added(h)
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = h.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), m.wrap, []byte(id))
	return b.Bytes(), err
}
