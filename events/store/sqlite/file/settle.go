package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// settle puts what the file is found to hold on stable storage before anybody
// builds on it. What is read may lie in the page cache alone: after a sync that
// failed the system keeps the pages, takes them for written, and the next sync
// says nothing. A write-ahead log with such a gap would lose, in a power cut,
// everything that was acknowledged after it. Written once more, it is whole.
func (f *File) settle(ctx context.Context) error {
	db := pool(f.raw, 1)
	tx, err := db.BeginTx(ctx, nil) // takes the write lock: nobody else appends
	if err == nil {
		err = errors.Join(rewrite(f.path+"-wal"), tx.Rollback())
	}
	return errors.Join(err, db.Close())
}

// rewrite writes a file over itself and syncs it.
func rewrite(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	part := make([]byte, 1<<20)
	for at := int64(0); err == nil; {
		var n int
		n, err = file.ReadAt(part, at)
		if _, failed := file.WriteAt(part[:n], at); failed != nil {
			err = failed
		}
		at += int64(n)
	}
	if err == io.EOF {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// Reserve makes the file, so that nobody but its owner can ever read it. SQLite
// gives its companions the same mode. The names are on stable storage too.
func Reserve(path string) error {
	dir := filepath.Dir(path)
	if err := makeFolder(dir); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // not opened: closing it again would drop SQLite's locks on it
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), syncFolder(dir))
}

// makeFolder makes a folder and those above it, and syncs what holds their names.
func makeFolder(dir string) error {
	if i, err := os.Stat(dir); err == nil && i.IsDir() {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(above)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
