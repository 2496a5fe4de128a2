package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"kith/events/store"
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

// readers is how many reads run at once; more wait in line, so that none starves.
const readers = 8

func (l *Log) open(ctx context.Context, path string) error {
	if err := reserve(path); err != nil {
		return err
	}
	// FULL syncs the write-ahead log at each commit: what was acknowledged
	// survives a power cut.
	w := url.Values{"_txlock": {"immediate"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"},
		"_pragma": {"wal_autocheckpoint(4000)"}}
	var err error
	if l.write, err = connect(path, w, 1); err != nil {
		return err
	}
	if _, err = l.write.ExecContext(ctx, schema); err != nil {
		return err
	}
	if l.read, err = connect(path, url.Values{"mode": {"ro"}}, readers); err != nil {
		return err
	}
	return l.prepare(ctx)
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

func connect(path string, params url.Values, conns int) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	params.Set("_busy_timeout", "5000")
	params.Set("_dqs", "0")
	name := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	c, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
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

// shut closes the readers first: the last writer to leave tidies the file up.
func (l *Log) shut() error {
	var errs []error
	for _, db := range []*sql.DB{l.read, l.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }
