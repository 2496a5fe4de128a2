package keys

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"kith/events/store"
)

// A destroyed key keeps its row, without the key. The master row shows to
// which master.key the file belongs.
const schema = `
CREATE TABLE keys (
	id      TEXT PRIMARY KEY,
	wrapped BLOB -- NULL when destroyed
) STRICT;
CREATE TABLE master (proof BLOB NOT NULL) STRICT`

// When a key was destroyed, in seconds since 1970. Backups carry the list of
// them, so that no older copy of this file brings one back.
//
// The index is there so that a changed row disagrees with something. The name
// shows that the key of the pseudonyms is still the same: with another one
// everybody would be somebody else.
const destroyed = `
ALTER TABLE keys ADD COLUMN destroyed INTEGER;
CREATE INDEX destroyed ON keys (id, destroyed) WHERE wrapped IS NULL;
ALTER TABLE master ADD COLUMN name TEXT`

// When a key began to be withheld, in seconds since 1970. The row of one that was
// never made holds no key either, until it is released.
const withheld = `
ALTER TABLE keys ADD COLUMN withheld INTEGER;
CREATE INDEX withheld ON keys (id, withheld) WHERE withheld IS NOT NULL`

// How often the master key was rotated when the keys were wrapped.
const generation = `ALTER TABLE master ADD COLUMN generation INTEGER NOT NULL DEFAULT 0`

// errStale reports a master key that was replaced since it was read.
var errStale = errors.New("the master key was rotated")

// errWithheld is store.ErrKeyGone: whoever reads cannot tell the two apart.
var errWithheld = fmt.Errorf("it is withheld: %w", store.ErrKeyGone)

var proof = []byte("kith master key")

// begin readies the table. With a fresh master key the table must be empty.
func (k *Keys) begin(ctx context.Context, fresh bool) error {
	if err := k.db.Migrate(ctx, schema, destroyed, withheld, generation); err != nil {
		return err
	}
	if !fresh {
		return k.prove(ctx, k.db.Write)
	}
	var n int
	if err := k.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM keys`).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return errors.New("master.key is missing but keys.db holds keys; restore master.key from its backup")
	}
	sealed, err := k.wrapping().wrap.Encrypt(proof, []byte("master"))
	if err != nil {
		return err
	}
	_, err = k.db.Write.ExecContext(ctx, `DELETE FROM master; INSERT INTO master (proof, name) VALUES (?, ?)`, sealed, k.ownName())
	return err
}

// ownName is what the key of the pseudonyms makes of what is always the same.
func (k *Keys) ownName() string { return k.Pseudonym("kith", "master key") }

// prove reports an error unless file and master key belong together. A file
// that has no name yet gets it; see destroyed.
func (k *Keys) prove(ctx context.Context, db *sql.DB) error {
	var sealed []byte
	var name sql.NullString
	if err := db.QueryRowContext(ctx, `SELECT proof, name FROM master`).Scan(&sealed, &name); err != nil {
		return err
	}
	if _, err := k.wrapping().wrap.Decrypt(sealed, []byte("master")); err != nil {
		return errors.New("keys.db belongs to another master.key")
	}
	if !name.Valid {
		_, err := db.ExecContext(ctx, `UPDATE master SET name = ?`, k.ownName())
		return err
	}
	if name.String != k.ownName() {
		return errors.New("master.key is damaged: it does not name people as it did; restore it from its backup")
	}
	return nil
}

// turns is how often something is tried again with the master key as it is by then.
const turns = 8

// fetch unwraps a key. Where the master key was rotated meanwhile it looks again.
func (k *Keys) fetch(ctx context.Context, id store.KeyID) (key tink.AEAD, err error) {
	for range turns {
		m := k.wrapping()
		if key, err = k.fetchWith(ctx, id); err == nil || errors.Is(err, ErrUnknownKey) || errors.Is(err, store.ErrKeyGone) || !k.rotated(m) {
			break
		}
	}
	return key, err
}

func (k *Keys) fetchWith(ctx context.Context, id store.KeyID) (tink.AEAD, error) {
	var wrapped []byte
	var withheld bool
	err := k.db.Read.QueryRowContext(ctx, `SELECT wrapped, withheld IS NOT NULL FROM keys WHERE id = ?`, id).Scan(&wrapped, &withheld)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrUnknownKey
	case err != nil:
		return nil, err
	case withheld:
		return nil, errWithheld
	case wrapped == nil:
		return nil, store.ErrKeyGone
	}
	return k.unwrap(id, wrapped)
}

func (k *Keys) unwrap(id store.KeyID, wrapped []byte) (tink.AEAD, error) {
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), k.wrapping().wrap, []byte(id))
	if err != nil {
		return nil, err
	}
	return aead.New(h)
}

func (k *Keys) fetchOrMake(ctx context.Context, id store.KeyID) (tink.AEAD, error) {
	key, err := k.fetch(ctx, id)
	if !errors.Is(err, ErrUnknownKey) {
		return key, err
	}
	for range turns {
		m := k.wrapping()
		if key, err = k.create(ctx, id); !errors.Is(err, errStale) || !k.rotated(m) {
			break
		}
	}
	return key, err
}

func (k *Keys) create(ctx context.Context, id store.KeyID) (tink.AEAD, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	m := k.wrapping()
	var wrapped bytes.Buffer
	if err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), m.wrap, []byte(id)); err != nil {
		return nil, err
	}
	// Another process may have been faster; then its key counts.
	ours, err := k.save(ctx, id, wrapped.Bytes(), m.Generation)
	switch {
	case err != nil:
		return nil, err
	case !ours:
		return k.fetch(ctx, id)
	}
	return aead.New(h)
}

// erase takes the key out of the file, where SQLite overwrites it, and empties
// the write-ahead log, which holds it too.
func (k *Keys) erase(ctx context.Context, id store.KeyID) error {
	const text = `INSERT INTO keys (id, destroyed) VALUES (?, unixepoch())
		ON CONFLICT (id) DO UPDATE SET wrapped = NULL, withheld = NULL, destroyed = coalesce(destroyed, excluded.destroyed)`
	if _, err := k.db.Write.ExecContext(ctx, text, id); err != nil {
		return err
	}
	return k.db.Empty(ctx)
}
