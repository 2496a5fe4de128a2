package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"kith/services/internal/sqlite"
)

func TestPassing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	a, b := open(t, path), open(t, path)
	if err := a.Migrate(t.Context(), `CREATE TABLE a (b UNIQUE); INSERT INTO a VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	_, twice := a.Write.Exec(`INSERT INTO a VALUES (1)`)
	_, wrong := a.Write.Exec(`INSERT INTO nowhere VALUES (1)`)
	_, readOnly := a.Read.Exec(`INSERT INTO a VALUES (2)`)

	tx, err := a.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write.Exec(`PRAGMA busy_timeout = 1`); err != nil {
		t.Fatal(err)
	}
	_, inUse := b.Write.Exec(`INSERT INTO a VALUES (3)`)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	_, over := tx.Exec(`SELECT 1`)
	for _, c := range []struct {
		err  error
		want bool
	}{
		{twice, false}, {wrong, false}, {readOnly, false}, {inUse, true}, {over, true},
		{fmt.Errorf("apply: %w", inUse), true},
		{nil, false}, {errors.New("other"), false}, {context.Canceled, false},
	} {
		if got := sqlite.Passing(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
	if code, ok := sqlite.Code(fmt.Errorf("apply: %w", twice)); !ok || code != 2067 {
		t.Errorf("code %d, %v", code, ok)
	}
	if _, ok := sqlite.Code(errors.New("other")); ok {
		t.Error("a code of an error that is not SQLite's")
	}
}
