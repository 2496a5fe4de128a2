package esdb_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kith/events/store"
	"kith/events/store/esdb"
	"kith/events/store/esdb/esdbtest"
	"kith/events/store/storetest"
)

func TestContract(t *testing.T) {
	servers := map[string]*esdbtest.Server{} // by the folder that a test takes for its log
	storetest.Run(t, func(t *testing.T, dir string) (store.Log, io.Closer) {
		if servers[dir] == nil {
			servers[dir] = esdbtest.Start(t)
		}
		l := open(t, servers[dir])
		return l, l
	})
}

// TestContractOnARealServer needs a database at KITH_TEST_ESDB. It leaves what
// it wrote there, each log under a prefix of its own.
func TestContractOnARealServer(t *testing.T) {
	connection := os.Getenv("KITH_TEST_ESDB")
	if connection == "" {
		t.Skip("NOT RUN: no real EventStoreDB or KurrentDB was tested; set KITH_TEST_ESDB to its connection string")
	}
	prefixes := map[string]string{}
	storetest.Run(t, func(t *testing.T, dir string) (store.Log, io.Closer) {
		if prefixes[dir] == "" {
			prefixes[dir] = "test" + strings.ReplaceAll(uuid.NewString(), "-", "")
		}
		l, err := esdb.Open(t.Context(), connection, prefixes[dir])
		if err != nil {
			t.Fatal(err)
		}
		return l, l
	})
}

func open(t testing.TB, s *esdbtest.Server) *esdb.Log {
	t.Helper()
	l, err := esdb.Open(context.Background(), s.ConnectionString(), "events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
