package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/services/internal/sqlite"
)

const generations = `CREATE TABLE state (generation INTEGER NOT NULL, n INTEGER NOT NULL);
	INSERT INTO state VALUES (0, 0)`

func file(t testing.TB, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Rebuildable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context(), generations); err != nil {
		t.Fatal(err)
	}
	return db
}

type state struct{ generation, n int }

func read(ctx context.Context, db *sqlite.DB) (s state, err error) {
	return s, db.Read.QueryRowContext(ctx, `SELECT generation, n FROM state`).Scan(&s.generation, &s.n)
}

// next makes the file that takes the place of db: the same count, one generation
// on. It is called while nobody writes.
func next(t testing.TB, db *sqlite.DB, path string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		s, err := read(ctx, db)
		if err != nil {
			return "", err
		}
		other := file(t, path)
		if _, err := other.Write.ExecContext(ctx, `UPDATE state SET generation = ?, n = ?`, s.generation+1, s.n); err != nil {
			return "", err
		}
		return "", other.Close()
	}
}

// Readers and writers go on while the file below them is replaced, time and
// again: none has an error, none sees something older than before, and no write
// is lost.
func TestReplaceUnderLoad(t *testing.T) {
	dir := t.TempDir()
	db := file(t, filepath.Join(dir, "model.db"))
	ctx, stop := context.WithCancel(t.Context())
	var reads, writes atomic.Int64
	var wg sync.WaitGroup
	for range 12 { // more than there are connections
		wg.Go(func() {
			var before state
			for ctx.Err() == nil {
				s, err := read(t.Context(), db)
				if err != nil || s.generation < before.generation || s.n < before.n {
					t.Errorf("read %+v after %+v, %v", s, before, err)
					return
				}
				before = s
				reads.Add(1)
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := db.Write.ExecContext(t.Context(), `UPDATE state SET n = n + 1`); err != nil {
					t.Errorf("write: %v", err)
					return
				}
				writes.Add(1)
			}
		})
	}
	const times = 25
	for i := range times {
		other := filepath.Join(dir, "model.db.new")
		if err := db.Replace(t.Context(), other, next(t, db, other)); err != nil {
			t.Fatal(err)
		}
		if s, err := read(t.Context(), db); err != nil || s.generation != i+1 {
			t.Fatalf("after the switch: %+v, %v", s, err)
		}
	}
	stop()
	wg.Wait()
	if s, err := read(t.Context(), db); err != nil || int64(s.n) != writes.Load() {
		t.Errorf("%d writes, the file says %+v, %v", writes.Load(), s, err)
	}
	t.Logf("replaced %d times under %d reads and %d writes: 0 errors, 0 stale, 0 lost", times, reads.Load(), writes.Load())
}

func keep(aside string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return aside, nil }
}

func TestReplaceThatIsNotReady(t *testing.T) {
	dir := t.TempDir()
	db := file(t, filepath.Join(dir, "model.db"))
	no := errors.New("they differ")
	err := db.Replace(t.Context(), filepath.Join(dir, "other.db"), func(context.Context) (string, error) { return "", no })
	if !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
	if _, err := db.Write.ExecContext(t.Context(), `UPDATE state SET n = 7`); err != nil {
		t.Error(err)
	}
	if s, err := read(t.Context(), db); err != nil || s != (state{0, 7}) {
		t.Errorf("%+v, %v", s, err)
	}
}

// A reader that does not end keeps the file: it is not taken from below it.
func TestReplaceWhileSomebodyReads(t *testing.T) {
	dir := t.TempDir()
	db := file(t, filepath.Join(dir, "model.db"))
	rows, err := db.Read.QueryContext(t.Context(), `WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many) SELECT n FROM many`)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.db")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := db.Replace(ctx, other, next(t, db, other)); err == nil {
		t.Error("replaced below a reader")
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if s, err := read(t.Context(), db); err != nil || s.generation != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := db.Replace(t.Context(), other, keep(filepath.Join(dir, "old.db"))); err != nil {
		t.Fatal(err)
	}
	if s, err := read(t.Context(), db); err != nil || s.generation != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := read(t.Context(), file(t, filepath.Join(dir, "old.db"))); err != nil || s.generation != 0 {
		t.Errorf("kept aside: %+v, %v", s, err)
	}
}

// With the write-ahead log of another file the new one would be read wrongly.
func TestReplaceLeavesNoCompanions(t *testing.T) {
	dir := t.TempDir()
	db := file(t, filepath.Join(dir, "model.db"))
	other := filepath.Join(dir, "other.db")
	open := file(t, other) // and not closed
	if _, err := open.Write.ExecContext(t.Context(), `UPDATE state SET generation = 9`); err != nil {
		t.Fatal(err)
	}
	if err := db.Replace(t.Context(), other, keep("")); err == nil {
		t.Error("replaced by a file that somebody has open")
	}
	if s, err := read(t.Context(), db); err != nil || s.generation != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	stranger := file(t, filepath.Join(dir, "model.db")) // as another program would open it
	if _, err := read(t.Context(), stranger); err != nil {
		t.Fatal(err)
	}
	if err := open.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Replace(t.Context(), other, keep("")); err == nil {
		t.Error("replaced below a stranger")
	}
	if s, err := read(t.Context(), db); err != nil || s.generation != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestDigest(t *testing.T) {
	const schema = `CREATE TABLE a (k TEXT, l INTEGER, v, w, PRIMARY KEY (k, l)) WITHOUT ROWID; CREATE TABLE b (v)`
	open := func(rows ...string) *sqlite.DB {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), sqlite.Rebuildable)
		if err == nil {
			t.Cleanup(func() { _ = db.Close() })
			err = db.Migrate(t.Context(), schema)
		}
		for _, r := range rows {
			if err == nil {
				_, err = db.Write.Exec(`INSERT INTO ` + r)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	one := open(`a VALUES ('x', 1, 2, 3)`, `a VALUES ('x', -1, 2.5, x'00')`, `b VALUES (1)`, `b VALUES (NULL)`)
	for _, tc := range []struct {
		name   string
		rows   []string
		where  string
		ignore []string
	}{
		{"another order", []string{`b VALUES (NULL)`, `b VALUES (1)`, `a VALUES ('x', -1, 2.5, x'00')`, `a VALUES ('x', 1, 2, 3)`}, "", nil},
		{"another value", []string{`a VALUES ('x', 1, 2, 4)`, `a VALUES ('x', -1, 2.5, x'00')`, `b VALUES (1)`, `b VALUES (NULL)`}, `table a, row k="x", l=1`, nil},
		{"another value, ignored", []string{`a VALUES ('x', 1, 2, 4)`, `a VALUES ('x', -1, 2.5, x'')`, `b VALUES (1)`, `b VALUES (NULL)`}, "", []string{"a.w"}},
		{"another type", []string{`a VALUES ('x', 1, '2', 3)`, `a VALUES ('x', -1, 2.5, x'00')`, `b VALUES (1)`, `b VALUES (NULL)`}, `table a, row k="x", l=1`, nil},
		{"a row less", []string{`a VALUES ('x', 1, 2, 3)`, `b VALUES (1)`, `b VALUES (NULL)`}, `table a, row k="x", l=-1`, nil},
		{"a row less at the end", []string{`a VALUES ('x', -1, 2.5, x'00')`, `b VALUES (1)`, `b VALUES (NULL)`}, `table a, row k="x", l=1`, nil},
		{"a row more", []string{`a VALUES ('w', 5, 0, 0)`, `a VALUES ('x', 1, 2, 3)`, `a VALUES ('x', -1, 2.5, x'00')`, `b VALUES (1)`, `b VALUES (NULL)`}, `table a, row k="w", l=5`, nil},
		{"a table ignored", []string{`b VALUES (1)`, `b VALUES (NULL)`}, "", []string{"a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			two := open(tc.rows...)
			where, err := sqlite.Difference(t.Context(), one, two, tc.ignore...)
			if err != nil || where != tc.where {
				t.Errorf("differ at %q, %v; want %q", where, err, tc.where)
			}
			a, aerr := one.Digest(t.Context(), tc.ignore...)
			b, berr := two.Digest(t.Context(), tc.ignore...)
			if err := errors.Join(aerr, berr); err != nil || (a.Sum == b.Sum) != (tc.where == "") {
				t.Errorf("%x and %x, %v", a.Sum, b.Sum, err)
			}
		})
	}
}
