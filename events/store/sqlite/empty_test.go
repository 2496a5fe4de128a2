package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"kith/events/store"
	"kith/events/store/sqlite"
)

// TestOpenCopyKeepsADamagedWAL: SQLite deletes a write-ahead log in which it can
// read nothing, and that is evidence too.
func TestOpenCopyKeepsADamagedWAL(t *testing.T) {
	dir, killed := t.TempDir(), t.TempDir()
	l := open(t, filepath.Join(dir, "log.db"))
	if _, err := l.Append(t.Context(), write("x-1", store.Any, []byte("said"))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(killed, "log.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, "log.db"+end))
		if err != nil {
			t.Fatal(err)
		}
		if end != "" {
			b[3] ^= 1
		}
		if err := os.WriteFile(path+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := sqlite.OpenCopy(t.Context(), path)
	if err == nil {
		err = c.Integrity(t.Context())
		_ = c.Close()
	}
	if _, gone := os.Stat(path + "-wal"); gone != nil {
		t.Errorf("the write-ahead log is gone (%v)", err)
	}
}

// TestOpenCopyOfACutFile: of a log that was killed and then cut to nothing, what
// is left in the write-ahead log is the evidence, and to look must not take it.
func TestOpenCopyOfACutFile(t *testing.T) {
	dir, killed := t.TempDir(), t.TempDir()
	l := open(t, filepath.Join(dir, "log.db"))
	if _, err := l.Append(t.Context(), write("x-1", store.Any, []byte("said"))); err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(filepath.Join(dir, "log.db-wal"))
	if err != nil || len(wal) == 0 {
		t.Fatalf("there is no write-ahead log: %v", err)
	}
	path := filepath.Join(killed, "log.db")
	for name, text := range map[string][]byte{path: nil, path + "-wal": wal} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sqlite.OpenCopy(t.Context(), path); !errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("opened: %v", err)
	}
	if left, err := os.Stat(path + "-wal"); err != nil || left.Size() != int64(len(wal)) {
		t.Errorf("the write-ahead log is gone: %v", err)
	}
}
