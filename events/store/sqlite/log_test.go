package sqlite_test

import (
	"io"
	"path/filepath"
	"testing"

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
	l, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
