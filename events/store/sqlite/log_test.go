package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/events/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string) (store.Log, io.Closer) {
		l := open(t, filepath.Join(dir, "log.db"))
		return l, l
	})
}

func open(t testing.TB, path string) *sqlite.Log {
	t.Helper()
	l, err := sqlite.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func write(s store.Stream, expect store.Revision, data []byte) store.Write {
	return store.Write{Stream: s, Expect: expect, Cause: store.Cause{By: "a", For: "b", Because: "c"},
		Entries: []store.Entry{{ID: uuid.New(), Type: "test.v1", Data: data}}}
}

func count(t *testing.T, l *sqlite.Log, s store.Stream) int {
	t.Helper()
	n := 0
	for _, err := range l.Read(t.Context(), s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func TestAppendIsAllOrNothing(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "log.db"))
	if _, err := l.Append(t.Context(), write("x-2", 0, nil)); err != nil {
		t.Fatal(err)
	}
	first := write("x-1", 0, nil)
	again := write("x-2", 1, nil)
	again.Entries[0].ID = first.Entries[0].ID
	for second, want := range map[*store.Write]error{
		{Stream: "x-2", Expect: 0, Entries: write("", 0, nil).Entries}: store.ErrConflict,
		&again: store.ErrReusedID,
	} {
		if _, err := l.Append(t.Context(), first, *second); !errors.Is(err, want) {
			t.Errorf("err = %v, want %v", err, want)
		}
		if n := count(t, l, "x-1"); n != 0 {
			t.Errorf("%d events of the first write are there", n)
		}
	}
	at, err := l.Append(t.Context(), first) // its id and place are free still
	if err != nil || at[0].Revision != 1 || at[0].Position != 2 {
		t.Errorf("at %+v, %v", at, err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "log.db"))
	ended := make(chan error, 1)
	go func() {
		for _, err := range l.Follow(context.Background(), 0) {
			ended <- err
		}
	}()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, sqlite.ErrClosed) {
			t.Errorf("follow ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("follow goes on")
	}
	if _, err := l.Append(t.Context(), write("x-1", 0, nil)); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := l.Close(); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("close again: %v", err)
	}
}

// TestAnotherWriter breaks the rule that one process writes: nothing may be
// lost or overwritten, and the log finds its way again.
func TestAnotherWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	a, b := open(t, path), open(t, path)
	for range 3 {
		for _, l := range []*sqlite.Log{a, b} {
			w := write("x-1", store.Any, nil)
			if _, err := l.Append(t.Context(), w); err != nil {
				if _, err = l.Append(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if n := count(t, a, "x-1"); n != 6 {
		t.Errorf("%d events", n)
	}
}

// TestTimeStandsStill rather than go back, when the clock was set back while
// the log was closed.
func TestTimeStandsStill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	if _, err := l.Append(t.Context(), write("x-1", 0, nil)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	future := time.Now().Add(time.Hour)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE events SET at = ?`, future.UnixNano()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	at, err := open(t, path).Append(t.Context(), write("x-1", 1, nil))
	if err != nil || at[0].At.Before(future) {
		t.Errorf("recorded at %v, %v", at, err)
	}
}

// TestABadAppendFailsAlone breaks the file for one stream: the others of the
// same transaction must land.
func TestABadAppendFailsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	l := open(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.Exec(`CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.stream = 'x-0' BEGIN SELECT RAISE(ABORT, 'broken'); END`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = l.Append(t.Context(), write(store.Stream(fmt.Sprint("x-", i%10)), store.Any, nil))
		})
	}
	wg.Wait()
	for i, err := range errs {
		if (err != nil) != (i%10 == 0) {
			t.Errorf("x-%d: %v", i%10, err)
		}
	}
	for i := range 10 {
		if n := count(t, l, store.Stream(fmt.Sprint("x-", i))); n != 4 && i > 0 || i == 0 && n != 0 {
			t.Errorf("x-%d has %d events", i, n)
		}
	}
}

func TestOnlyTheOwnerCanRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	open(t, filepath.Join(dir, "log.db"))
	for name, want := range map[string]os.FileMode{"": 0o700, "log.db": 0o600, "log.db-wal": 0o600} {
		i, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if i.Mode().Perm() != want {
			t.Errorf("%q has mode %v, want %v", name, i.Mode().Perm(), want)
		}
	}
}
