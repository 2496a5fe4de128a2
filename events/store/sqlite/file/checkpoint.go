package file

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"time"
)

// patience is how long a suspect file waits for those who use it, and how long
// it then lets them be.
const patience = 5 * time.Second

// ErrInUse reports a checkpoint that somebody's reading or writing held up.
var ErrInUse = errors.New("the file is in use; its write-ahead log is not empty")

// tidy moves what was committed into the file, from time to time.
func (f *File) tidy(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if f.Tidy(ctx) != nil {
				wait(ctx, patience) // and it is tried again
			}
		}
	}
}

// Tidy moves into the file what it can without waiting for anybody. An error
// does no harm: what was committed stays in the write-ahead log.
func (f *File) Tidy(ctx context.Context) error { return f.checkpoint(ctx, "PASSIVE", false) }

// Checkpoint moves what was committed from the write-ahead log into the file
// and empties the log. ErrInUse says that it holds something still.
func (f *File) Checkpoint(ctx context.Context) error {
	for end := time.Now().Add(patience); ; wait(ctx, 10*time.Millisecond) {
		err := f.checkpoint(ctx, "TRUNCATE", true)
		// For another process that tidies up at this moment SQLite does not wait.
		if !errors.Is(err, ErrInUse) || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
	}
}

// checkpoint is ours, and never SQLite's own, because SQLite keeps to itself
// whether its own failed, and because of what a failure means: SQLite may have
// counted a part as moved that was not synced yet, does not move it again, and
// begins a new write-ahead log once the next sync, which says nothing of the
// lost part, succeeds. So after a failure the file is closed, and opened as
// after a crash, when SQLite moves everything again.
func (f *File) checkpoint(ctx context.Context, mode string, whatever bool) error {
	f.tidying.Lock()
	defer f.tidying.Unlock()
	if err := f.recover(ctx); err != nil {
		return err
	}
	written, err := modified(f.path + "-wal")
	if err != nil || !whatever && written.Equal(f.seen) {
		return err
	}
	var busy, pages, moved int
	err = f.Write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(`+mode+`)`).Scan(&busy, &pages, &moved)
	if err != nil {
		f.suspect = fmt.Errorf("move what was committed into the file: %w", err)
		_ = f.recover(ctx) // or the next time
		return err
	}
	if busy != 0 {
		return ErrInUse
	}
	if moved == pages {
		f.seen = written
	}
	return nil
}

// recover closes a suspect file, so that whoever wants it next settles it.
func (f *File) recover(ctx context.Context) error {
	if f.suspect == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.release(ctx); err != nil {
		return errors.Join(f.suspect, err)
	}
	f.suspect = nil
	return nil
}

// release closes every connection, the writer before the readers: a reader that
// is the last to leave moves nothing into the file.
func (f *File) release(ctx context.Context) error {
	read, err := take(ctx, f.Read, Readers)
	defer func() { give(read, nil) }()
	if err != nil {
		return err
	}
	write, err := take(ctx, f.Write, 1) // last, so that nobody waits long to write
	defer func() { give(write, nil) }()
	if err != nil {
		return err
	}
	var n int // whoever has read holds a lock, which tells the writer it is not the last
	if err := read[0].QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&n); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sealed = true
	give(write, driver.ErrBadConn)
	give(read, driver.ErrBadConn)
	write, read = nil, nil
	return nil
}

// take waits until all connections of a pool are ours.
func take(ctx context.Context, db *sql.DB, n int) (all []*sql.Conn, err error) {
	for range n {
		c, err := db.Conn(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// give returns connections to their pool, which closes those that are bad.
func give(all []*sql.Conn, bad error) {
	for _, c := range all {
		if bad != nil {
			_ = c.Raw(func(any) error { return bad })
		}
		_ = c.Close()
	}
}

func modified(path string) (time.Time, error) {
	i, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return i.ModTime(), nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
