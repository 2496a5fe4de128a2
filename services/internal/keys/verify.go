package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kith/events/store"
	"kith/services/internal/sqlite"
)

// Verify reports an error unless the keys in dir are what Keys wrote: the file is
// sound, it belongs to the master key, and every key opens. It changes nothing
// in dir, and looks again where somebody was just writing. It answers with how
// many keys there are, destroyed ones too.
func Verify(ctx context.Context, dir string) (n int, err error) {
	for range 3 {
		if n, err = verify(ctx, dir); err == nil {
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("verify the keys: %w", err)
	}
	return n, nil
}

func verify(ctx context.Context, dir string) (int, error) {
	m, fresh, err := findMaster(dir, filepath.Join(dir, "keys.db"))
	if err == nil && fresh {
		err = errors.New("master.key is missing; restore it from its backup")
	}
	if err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp("", "kith-verify-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	// To open a file whose hub crashed is to change it: look at a copy. All keys
	// in it are wrapped.
	path := filepath.Join(tmp, "keys.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, "keys.db"+end))
		if err == nil {
			err = os.WriteFile(path+end, b, 0o600)
		}
		if err != nil && (end == "" || !errors.Is(err, fs.ErrNotExist)) {
			return 0, err
		}
	}
	if err := sqlite.Check(ctx, path); err != nil {
		return 0, err
	}
	db, err := sqlite.Existing(ctx, path)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	k := &Keys{pseudonym: m.Pseudonym}
	k.master.Store(&m)
	if err := k.prove(ctx, db); err != nil {
		return 0, err
	}
	return k.openAll(ctx, db)
}

// openAll unwraps each key.
func (k *Keys) openAll(ctx context.Context, db *sql.DB) (n int, err error) {
	rows, err := db.QueryContext(ctx, `SELECT id, wrapped FROM keys`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var id store.KeyID
		var wrapped sql.RawBytes
		if err := rows.Scan(&id, &wrapped); err != nil {
			return n, err
		}
		if wrapped == nil {
			continue
		}
		if _, err := k.unwrap(id, wrapped); err != nil {
			return n, fmt.Errorf("key %s is damaged: %w", id, err)
		}
	}
	return n, rows.Err()
}
