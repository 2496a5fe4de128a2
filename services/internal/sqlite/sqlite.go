// Package sqlite opens the SQLite files in which services keep what they need:
// read models that can be thrown away, and what cannot (keys, outboxes).
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"kith/events/store/sqlite/file"
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

	file *file.File
	path string
	door *door
}

// often is how often what was committed is moved into the file.
const often = time.Second

// Open opens the file at path, which it makes if it is not there, in a folder
// that only its owner can enter.
func Open(ctx context.Context, path string, d Durability) (*DB, error) {
	shut := &door{}
	f, err := file.Open(ctx, file.Config{
		Path: path, Synchronous: string(d), Every: often,
		Through: func(c driver.Connector) driver.Connector { return through{c, shut} },
		Params:  url.Values{"_foreign_keys": {"on"}},
		// What is deleted is overwritten. The writer keeps 16 MiB of pages, for its
		// keys are random: with SQLite's 2 MiB a large model reads most of them anew.
		Pragmas: []string{"secure_delete(1)", "cache_size(-16384)"},
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	return &DB{Write: f.Write, Read: f.Read, file: f, path: path, door: shut}, nil
}

// Close closes the file.
func (db *DB) Close() error { return db.file.Close() }

// Empty moves everything that was committed into the file and empties its
// write-ahead log, so that what was overwritten lies nowhere any more.
func (db *DB) Empty(ctx context.Context) error { return db.file.Checkpoint(ctx) }
