package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"strings"
	"syscall"

	"kith/events/store"
	"kith/events/store/sqlite/file"
)

// ErrDamaged reports a log file that does not hold what a Log wrote.
var ErrDamaged = errors.New("log file damaged")

// Copy is a log's file, opened to be checked and never written, not even where a
// crash left a write-ahead log behind. It may lie where nothing can be written,
// and may be in use by another process; not by this one.
type Copy struct{ db *sql.DB }

// OpenCopy opens the file at path, which must be there.
func OpenCopy(ctx context.Context, path string) (*Copy, error) {
	how, err := untouched(path)
	if err != nil {
		return nil, fmt.Errorf("open a copy of a log: %w", err)
	}
	how.Set("mode", "ro")
	db, err := file.Connect(path, how, 1)
	if err != nil {
		return nil, fmt.Errorf("open a copy of a log: %w", err)
	}
	if err := keepWAL(ctx, db); err != nil {
		return nil, fmt.Errorf("open a copy of a log: %w", errors.Join(err, db.Close()))
	}
	return &Copy{db}, nil
}

// keepWAL has SQLite leave the write-ahead log where it is. Even where it may not
// write, the last to close a file deletes one in which it can read nothing: what
// somebody damaged would be gone because it was looked at.
func keepWAL(ctx context.Context, db *sql.DB) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close() // back to the pool, which has this one
	return c.Raw(func(driver any) error {
		f, ok := driver.(interface {
			FileControlPersistWAL(name string, mode int) (int, error)
		})
		if !ok {
			return errors.New("this SQLite cannot keep a write-ahead log")
		}
		_, err := f.FileControlPersistWAL("main", 1)
		return err
	})
}

// untouched says how SQLite can read the file and leave everything as it is.
func untouched(path string) (url.Values, error) {
	log, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	wal, err := os.Stat(path + "-wal")
	switch {
	case err == nil && log.Size() == 0:
		// SQLite would take it for a new file and delete the write-ahead log.
		return nil, fmt.Errorf("%w: it is empty, and its write-ahead log is there", ErrDamaged)
	case err != nil || wal.Size() == 0:
		return url.Values{"immutable": {"1"}}, nil
	case inUse(path):
		return url.Values{}, nil // share the index that the other process keeps
	default:
		// The index of the write-ahead log is made in memory instead of beside it.
		return url.Values{"vfs": {"unix-none"}, "_pragma": {"locking_mode(EXCLUSIVE)"}}, nil
	}
}

// Where SQLite locks a file as long as it has it open in WAL mode.
const (
	sharedFirst = 0x40000000 + 2
	sharedSize  = 510
)

// inUse tells whether another process has the file open.
func inUse(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	l := syscall.Flock_t{Type: syscall.F_WRLCK, Start: sharedFirst, Len: sharedSize}
	err = syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &l)
	return err == nil && l.Type != syscall.F_UNLCK
}

// Close leaves no trace.
func (c *Copy) Close() error { return c.db.Close() }

// Integrity has SQLite check the file: its pages, its indexes, what must be
// unique; and that the table is the one that a Log makes. It reads everything.
// The error is ErrDamaged with what is wrong, or says why nothing can be told.
func (c *Copy) Integrity(ctx context.Context) error {
	var made string
	err := c.db.QueryRowContext(ctx, `SELECT sql FROM sqlite_schema WHERE name = 'events' AND type = 'table'`).Scan(&made)
	if err != nil {
		return errors.Join(ErrDamaged, fmt.Errorf("no table of events: %w", err))
	}
	if want := strings.Replace(strings.TrimSpace(schema), "IF NOT EXISTS ", "", 1); made != want {
		return fmt.Errorf("%w: the table of events is not the one that Kith makes", ErrDamaged)
	}
	rows, err := c.db.QueryContext(ctx, `PRAGMA integrity_check(3)`)
	if err != nil {
		return errors.Join(ErrDamaged, err)
	}
	defer func() { _ = rows.Close() }()
	var wrong []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return errors.Join(ErrDamaged, err)
		}
		if s != "ok" {
			wrong = append(wrong, strings.ReplaceAll(s, "\n", " "))
		}
	}
	if err := rows.Err(); err != nil {
		return errors.Join(ErrDamaged, err)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: SQLite says: %s", ErrDamaged, strings.Join(wrong, "; "))
	}
	return nil
}

// Entries yields every event in order of position, as the file has it. An error
// beside an event with a position says what is wrong with its row, and the rest
// follows; any other ends it.
func (c *Copy) Entries(ctx context.Context) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		rows, err := c.db.QueryContext(ctx, `SELECT position, id, stream, revision, type, at, cause, data FROM events ORDER BY position`)
		if err != nil {
			yield(store.Recorded{}, errors.Join(ErrDamaged, err))
			return
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if r, err := scanRaw(rows); !yield(r, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(store.Recorded{}, errors.Join(ErrDamaged, err))
		}
	}
}

// scanRaw trusts nothing: a row may hold what no Log wrote. What it returns
// lasts until the next row.
func scanRaw(rows *sql.Rows) (store.Recorded, error) {
	var r store.Recorded
	var id, cause, data sql.RawBytes
	var at int64
	err := rows.Scan(&r.Position, &id, &r.Stream, &r.Revision, &r.Type, &at, &cause, &data)
	if err != nil {
		return r, fmt.Errorf("%w: the row cannot be read", ErrDamaged)
	}
	r.At, r.Data = moment(at), data
	if len(id) != len(r.ID) {
		return r, fmt.Errorf("%w: the id has %d bytes", ErrDamaged, len(id))
	}
	r.ID = store.EventID(id)
	if json.Unmarshal(cause, &r.Cause) != nil {
		return r, fmt.Errorf("%w: the cause is not JSON", ErrDamaged)
	}
	if same, err := json.Marshal(r.Cause); err != nil || string(same) != string(cause) {
		return r, fmt.Errorf("%w: the cause is not written as Kith writes it", ErrDamaged)
	}
	return r, nil
}
