package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"kith/events/store"
	"kith/events/store/sqlite"
)

// copyOf copies the log's files as they lie, the write-ahead log too.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "log.db"+suffix), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "log.db")
}

func appendSome(t *testing.T, l *sqlite.Log, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(t.Context(), write(store.Stream(fmt.Sprint("x-", i%3)), store.Any, []byte{byte(i)})); err != nil {
			t.Fatal(err)
		}
	}
}

// files is everything in a folder, with content and times.
func files(t *testing.T, dir string) (all string) {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		i, err2 := f.Stat()
		if err := errors.Join(err, err2, f.Close()); err != nil {
			t.Fatal(err)
		}
		all += fmt.Sprintf("%s %d %v %x\n", e.Name(), i.Size(), i.ModTime(), b)
	}
	return all
}

// TestCopyIsNotTouched reads copies of an open and of a closed log, where
// nothing may be written, and finds everything that was committed.
func TestCopyIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	appendSome(t, l, 50)
	live := copyOf(t, path)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	closed := copyOf(t, path)
	for name, path := range map[string]string{"live": live, "closed": closed} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Dir(path)
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.Chmod(dir, 0o700) }()
			before := files(t, dir)
			c, err := sqlite.OpenCopy(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Integrity(t.Context()); err != nil {
				t.Error(err)
			}
			n := store.Position(0)
			for r, err := range c.Entries(t.Context()) {
				if n++; err != nil || r.Position != n || r.Data[0] != byte(n-1) {
					t.Errorf("entry %d is %+v, %v", n, r, err)
				}
			}
			if err := c.Close(); err != nil || n != 50 {
				t.Errorf("%d entries, %v", n, err)
			}
			if files(t, dir) != before {
				t.Error("reading a copy changed it")
			}
		})
	}
}

// TestCopyTellsDamage changes the file in ways that constraints do not stop.
func TestCopyTellsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	appendSome(t, l, 9)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		`UPDATE events SET id = x'00' WHERE position = 5`,
		`UPDATE events SET cause = ' ' || cause WHERE position = 5`,
		`UPDATE events SET cause = 'x' WHERE position = 5`,
		`UPDATE events SET position = -1 WHERE position = 5`,
		`CREATE TABLE e AS SELECT * FROM events; DROP TABLE events; ALTER TABLE e RENAME TO events`,
		`DROP TABLE events`,
	} {
		bad := copyOf(t, path)
		db, err := sql.Open("sqlite", bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(change); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		c, err := sqlite.OpenCopy(t.Context(), bad)
		if err != nil {
			t.Fatal(err)
		}
		found := c.Integrity(t.Context())
		for _, err := range c.Entries(t.Context()) {
			found = errors.Join(found, err)
		}
		if !errors.Is(found, sqlite.ErrDamaged) {
			t.Errorf("%s: %v", change, found)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
