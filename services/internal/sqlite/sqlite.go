// Package sqlite opens the SQLite files in which services keep what they need:
// read models that can be thrown away, and what cannot (keys, outboxes).
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// Durability says what a power cut may take.
type Durability string

const (
	// Rebuildable may lose its last transactions, never its integrity: enough
	// for what the log can rebuild.
	Rebuildable Durability = "NORMAL"
	// Durable loses nothing that was committed.
	Durable Durability = "FULL"
)

// DB is one SQLite file. Write has a single connection, so writers stand in
// line instead of meeting "database is locked"; its transactions take the write
// lock when they begin. Read cannot write, and sees what was committed when its
// statement began, whatever Write is doing.
//
// Do not query Write while a transaction on it is open: it waits for ever.
type DB struct {
	Write, Read *sql.DB

	path string
	door *door
}

const readers = 8

// Open opens the file at path, which it makes if it is not there, in a folder
// that only its owner can enter.
func Open(ctx context.Context, path string, d Durability) (*DB, error) {
	db, err := open(ctx, path, d)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", filepath.Base(path), err), db.Close())
	}
	return db, nil
}

func open(ctx context.Context, path string, d Durability) (*DB, error) {
	db := &DB{path: path, door: &door{}}
	if err := reserve(path); err != nil {
		return db, err
	}
	w := url.Values{"_txlock": {"immediate"}, "_journal_mode": {"WAL"}, "_synchronous": {string(d)},
		"_pragma": {"secure_delete(1)"}} // what is deleted is overwritten
	var err error
	if db.Write, err = connect(path, w, 1, db.door); err != nil {
		return db, err
	}
	if err := db.Write.PingContext(ctx); err != nil { // readers need the file to be there
		return db, err
	}
	if db.Read, err = connect(path, url.Values{"mode": {"ro"}}, readers, db.door); err != nil {
		return db, err
	}
	return db, db.Read.PingContext(ctx)
}

// Close closes the readers first: the last writer to leave tidies the file up.
func (db *DB) Close() error {
	var errs []error
	for _, d := range []*sql.DB{db.Read, db.Write} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}

// reserve makes the file, so that nobody but its owner can ever read it. SQLite
// gives its companions the same mode.
func reserve(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // not opened: closing it again would drop SQLite's locks on it
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func connect(path string, params url.Values, conns int, d *door) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	params.Set("_busy_timeout", "5000")
	params.Set("_foreign_keys", "on")
	params.Set("_dqs", "0")
	name := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	c, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(through{c, d})
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}
