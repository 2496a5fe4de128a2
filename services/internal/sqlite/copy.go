package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"kith/events/store/sqlite/file"
)

// Copy writes what the file at from holds at one moment into a new file at to,
// and returns when that is on stable storage. Others may go on writing to from,
// in this process or another: they are not kept waiting. The copy has no unused
// pages, so nothing that was deleted is in it, and needs no companion.
//
// While it runs the write-ahead log of from cannot be emptied: it grows by what
// is written meanwhile.
func Copy(ctx context.Context, from, to string) error {
	if err := copyFile(ctx, from, to); err != nil {
		return fmt.Errorf("copy %s: %w", filepath.Base(from), err)
	}
	return nil
}

func copyFile(ctx context.Context, from, to string) error {
	db, err := Existing(ctx, from)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := file.Reserve(to); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return err
	}
	return syncFile(to)
}

// Check reports an error unless every page, row and index entry of the file
// agrees with the others.
func Check(ctx context.Context, path string) error {
	db, err := Existing(ctx, path)
	if err != nil {
		return fmt.Errorf("check %s: %w", filepath.Base(path), err)
	}
	defer db.Close()
	var first string // what is wrong, or ok; further lines name further places
	err = db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&first)
	if err == nil && first != "ok" {
		err = errors.New("the file is damaged: " + first)
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", filepath.Base(path), err)
	}
	return nil
}

// Existing opens a file that must be there, with one connection, and leaves its
// settings as they are: to look at a file does not change it.
func Existing(ctx context.Context, path string) (*sql.DB, error) {
	db, err := file.Connect(path, url.Values{"mode": {"rw"}, "_foreign_keys": {"on"}}, 1)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// syncFile puts a file and its name on stable storage.
func syncFile(path string) error {
	for _, name := range []string{path, filepath.Dir(path)} {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
