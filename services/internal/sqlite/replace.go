package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kith/events/store/sqlite/file"
)

// ErrInUse reports a file that cannot be replaced now, because somebody reads it
// and does not end.
var ErrInUse = errors.New("the file is being read and the reader does not end")

// patience is how long Replace waits for the readers. Meanwhile those who want
// to begin wait too.
const patience = 5 * time.Second

// Replace puts another file in the place of this one, at the same path, while
// both pools are in use. It waits for the one writer, then calls ready, while
// nobody writes: ready may read this file, must close the other, and by an
// error leaves all as it was. Who reads or writes then sees this file until
// some moment and the other from then on; nobody sees an error or both.
//
// Ready answers where the old file is to be kept; if nowhere, it is gone. A crash
// leaves one of the two at the path, whole.
func (db *DB) Replace(ctx context.Context, other string, ready func(context.Context) (aside string, err error)) error {
	w, err := db.Write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("replace %s: %w", filepath.Base(db.path), err)
	}
	held := []*sql.Conn{w} // closed last: the last writer to leave tidies the file up
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	aside, err := ready(ctx)
	if err != nil {
		return err
	}
	rs, err := db.readers(ctx)
	held = append(rs, held...)
	if err == nil {
		err = db.swap(ctx, rs, w, other, aside)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", filepath.Base(db.path), err)
	}
	return nil
}

// readers takes every reading connection, once whoever has it is done.
func (db *DB) readers(ctx context.Context) (cs []*sql.Conn, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrInUse)
	defer cancel()
	for range file.Readers {
		c, err := db.Read.Conn(ctx)
		if err != nil {
			return cs, context.Cause(ctx)
		}
		cs = append(cs, c)
	}
	return cs, nil
}

// swap closes all connections and renames, while no new one can be opened.
func (db *DB) swap(ctx context.Context, rs []*sql.Conn, w *sql.Conn, other, aside string) error {
	if err := tidy(ctx, other); err != nil {
		return err
	}
	if err := settle(other); err != nil {
		return err
	}
	db.door.Lock()
	defer db.door.Unlock()
	for _, c := range rs {
		discard(c)
	}
	// A connection that never read nor wrote leaves the companions where they are.
	if _, err := w.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return err
	}
	discard(w)
	if err := alone(db.path); err != nil {
		return err // somebody else has it open; what is there stays
	}
	if aside != "" {
		if err := os.Link(db.path, aside); err != nil {
			return err
		}
	}
	if err := os.Rename(other, db.path); err != nil {
		return err
	}
	return settle(filepath.Dir(db.path))
}

// discard makes the pool throw a connection away, which it does with one that
// says it is bad; it opens another when somebody wants one.
func discard(c *sql.Conn) { _ = c.Raw(func(any) error { return driver.ErrBadConn }) }

// tidy makes a file that nobody has open whole without its companions.
func tidy(ctx context.Context, path string) error {
	db, err := Existing(ctx, path)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return alone(path)
}

// alone checks that a file has no companions: with those of another file it
// would be read wrongly.
func alone(path string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is open elsewhere: there is a %s", filepath.Base(path), suffix)
		}
	}
	return nil
}

// settle waits until a file, or the names in a folder, are on stable storage.
func settle(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// door is closed, by its lock, while the file is replaced.
type door struct{ sync.RWMutex }

// through opens connections through a door.
type through struct {
	driver.Connector
	door *door
}

// Connect is driver.Connector's.
func (t through) Connect(ctx context.Context) (driver.Conn, error) {
	t.door.RLock()
	defer t.door.RUnlock()
	return t.Connector.Connect(ctx)
}
