package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"kith/services/internal/sqlite"
)

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Rebuildable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestSettings(t *testing.T) {
	for d, sync := range map[sqlite.Durability]int{sqlite.Rebuildable: 1, sqlite.Durable: 2} {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a b?c#%.db"), d)
		if err != nil {
			t.Fatal(err)
		}
		var mode string
		var synchronous, foreign int
		if err := db.Write.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
			t.Errorf("journal_mode %q, %v", mode, err)
		}
		if err := db.Write.QueryRow(`PRAGMA synchronous`).Scan(&synchronous); err != nil || synchronous != sync {
			t.Errorf("%s: synchronous %d, %v", d, synchronous, err)
		}
		if err := db.Read.QueryRow(`PRAGMA foreign_keys`).Scan(&foreign); err != nil || foreign != 1 {
			t.Errorf("foreign_keys %d, %v", foreign, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyTheOwnerCanRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	db := open(t, filepath.Join(dir, "x.db"))
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b)`); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600} {
		i, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if i.Mode().Perm() != want {
			t.Errorf("%q has mode %v, want %v", name, i.Mode().Perm(), want)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"))
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Read.Exec(`INSERT INTO a VALUES (1)`); err == nil {
		t.Error("a reader wrote")
	}
}

func TestReadersDoNotWaitForAWriter(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"))
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b)`); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(`INSERT INTO a VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Read.QueryRow(`SELECT count(*) FROM a`).Scan(&n); err != nil || n != 0 {
		t.Errorf("read %d, %v", n, err)
	}
}

func TestMigrateAppliesEachOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	first := `CREATE TABLE a (b); INSERT INTO a VALUES (1)`
	db := open(t, path)
	for range 2 {
		if err := db.Migrate(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	_ = db.Close()
	db = open(t, path)
	if err := db.Migrate(t.Context(), first, `INSERT INTO a VALUES (2)`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Read.QueryRow(`SELECT sum(b) FROM a`).Scan(&n); err != nil || n != 3 {
		t.Errorf("sum %d, %v", n, err)
	}
	if err := db.Migrate(t.Context(), first); err == nil {
		t.Error("a file of a newer build was accepted")
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"))
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b); CREATE TABLE a (b)`); err == nil {
		t.Fatal("no error")
	}
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b)`); err != nil {
		t.Error(err)
	}
}
