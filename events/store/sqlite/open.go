package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kith/events/store"
	"kith/events/store/sqlite/file"
)

// schema lets the file itself refuse what would break the contract: two events
// in one place, or one event in two.
const schema = `
CREATE TABLE IF NOT EXISTS events (
	position INTEGER PRIMARY KEY,
	id       BLOB NOT NULL UNIQUE,
	stream   TEXT NOT NULL,
	revision INTEGER NOT NULL,
	type     TEXT NOT NULL,
	at       INTEGER NOT NULL, -- nanoseconds since 1970
	cause    TEXT NOT NULL,    -- JSON
	data     BLOB NOT NULL,    -- sealed
	UNIQUE (stream, revision)
) STRICT`

// often keeps the write-ahead log short while much is appended.
const often = 200 * time.Millisecond

func (l *Log) open(ctx context.Context, path string) error {
	// FULL syncs the write-ahead log at each commit: what was acknowledged
	// survives a power cut.
	f, err := file.Open(ctx, file.Config{Path: path, Synchronous: "FULL", Every: often})
	if err != nil {
		return err
	}
	l.file, l.write, l.read = f, f.Write, f.Read
	if _, err = l.write.ExecContext(ctx, schema); err != nil {
		return err
	}
	return l.prepare(ctx)
}

func (l *Log) prepare(ctx context.Context) error {
	const columns = `SELECT position, id, stream, revision, type, at, cause, data FROM events `
	for _, p := range []struct {
		stmt **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&l.insert, l.write, `INSERT INTO events (position, id, stream, revision, type, at, cause, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
		{&l.head, l.write, `SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1`},
		{&l.byID, l.write, `SELECT stream, revision, position, at FROM events WHERE id = ?`},
		{&l.stream, l.read, columns + `WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?`},
		{&l.all, l.read, columns + `WHERE position > ? ORDER BY position LIMIT ?`},
	} {
		s, err := p.db.PrepareContext(ctx, p.text)
		if err != nil {
			return err
		}
		*p.stmt = s
	}
	return nil
}

// load reads where the log ends.
func (l *Log) load(ctx context.Context) error {
	var last store.Position
	var at int64
	err := l.write.QueryRowContext(ctx, `SELECT position, at FROM events ORDER BY position DESC LIMIT 1`).Scan(&last, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	l.at = moment(at)
	l.announce(last, nil)
	return nil
}

func (l *Log) shut() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }
