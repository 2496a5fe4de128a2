package sqlite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kith/services/internal/sqlite"
)

// A copy is one moment, whatever is written while it is made, and who writes
// is not kept waiting for its end.
func TestCopyWhileOthersWrite(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "a.db"), sqlite.Durable)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), `CREATE TABLE a (n INTEGER PRIMARY KEY, twice INTEGER, filler BLOB); CREATE INDEX i ON a (twice)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec(`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) INSERT INTO a SELECT n, 2 * n, randomblob(500) FROM c`); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	var slowest time.Duration
	during := 0
	writer.Go(func() {
		for ctx.Err() == nil {
			at := time.Now()
			if _, err := db.Write.Exec(`INSERT INTO a SELECT max(n) + 1, 2 * (max(n) + 1), randomblob(500) FROM a`); err != nil {
				t.Error(err)
				return
			}
			slowest, during = max(slowest, time.Since(at)), during+1
		}
	})
	var took time.Duration
	for i := range 3 {
		began := time.Now()
		to := filepath.Join(dir, "copy", string(rune('a'+i))+".db")
		if err := sqlite.Copy(ctx, filepath.Join(dir, "a.db"), to); err != nil {
			t.Fatal(err)
		}
		took = max(took, time.Since(began))
		if err := sqlite.Check(ctx, to); err != nil {
			t.Error(err)
		}
		c := open(t, to)
		var rows, last, odd int
		if err := c.Read.QueryRow(`SELECT count(*), max(n), count(*) FILTER (WHERE twice != 2 * n) FROM a`).Scan(&rows, &last, &odd); err != nil {
			t.Fatal(err)
		}
		if rows < 20000 || rows != last || odd != 0 {
			t.Errorf("%d rows, the last is %d, %d are odd", rows, last, odd)
		}
	}
	stop()
	writer.Wait()
	t.Logf("%d rows were written meanwhile, the slowest in %v; the slowest copy took %v", during, slowest, took)
	if during == 0 {
		t.Error("nothing was written during the copies")
	}
}

// What was deleted is not in the copy, nor is anybody but the owner let in.
func TestCopyHoldsOnlyWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "a.db"))
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b)`); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`PRAGMA secure_delete = 0`, `INSERT INTO a VALUES ('gone-gone-gone'), ('kept-kept-kept')`, `DELETE FROM a WHERE b LIKE 'gone%'`} {
		if _, err := db.Write.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(dir, "b.db")
	if err := sqlite.Copy(t.Context(), filepath.Join(dir, "a.db"), to); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(to)
	if err != nil || !bytes.Contains(b, []byte("kept-kept-kept")) || bytes.Contains(b, []byte("gone-gone-gone")) {
		t.Errorf("the copy holds what was deleted, or lacks what was not: %v", err)
	}
	if i, err := os.Stat(to); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", i.Mode(), err)
	}
	if err := sqlite.Copy(t.Context(), filepath.Join(dir, "a.db"), to); err == nil {
		t.Error("a copy was written over")
	}
	if err := sqlite.Copy(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "c.db")); err == nil {
		t.Error("nothing was copied without complaint")
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("a file was made where there was none")
	}
}

func TestCheckFindsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path)
	if err := db.Migrate(t.Context(), `CREATE TABLE a (b TEXT UNIQUE)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec(`INSERT INTO a VALUES ('abcdefgh')`); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Check(t.Context(), path); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte("abcdefgh"), []byte("abcdefgx"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Check(t.Context(), path); err == nil {
		t.Error("an index that does not agree with its table passed")
	}
}
