package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/services/internal/lock"
)

func TestStoreConfiguration(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "connection")
	if err := os.WriteFile(secret, []byte("esdb://hub:hunter2@db:2113\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, []byte("esdb://hub:hunter2@db:2113?tls=False"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		s    HubStore
		want string // in what is wrong; nothing if nothing is
	}{
		{HubStore{}, ""},
		{HubStore{Kind: "sqlite"}, ""},
		{HubStore{Kind: "sqlite", Connection: "esdb://db:2113"}, "go with kind eventstoredb"},
		{HubStore{Kind: "postgres"}, "must be sqlite or eventstoredb"},
		{HubStore{Kind: "eventstoredb"}, "store.connection or store.connectionFile is needed"},
		{HubStore{Kind: "eventstoredb", Connection: "esdb://db:2113", ConnectionFile: secret}, "cannot both be given"},
		{HubStore{Kind: "eventstoredb", Connection: "http://db:2113"}, "must begin with esdb://"},
		{HubStore{Kind: "eventstoredb", Connection: "esdb://hub:hunter2@db:2113?tls=false"}, "has a user and tls=false"},
		{HubStore{Kind: "eventstoredb", Connection: "esdb://db:2113?tls=false"}, ""},
		{HubStore{Kind: "eventstoredb", Connection: "esdb+discover://hub:hunter2@cluster:2113"}, ""},
		{HubStore{Kind: "eventstoredb", ConnectionFile: secret}, ""},
		{HubStore{Kind: "eventstoredb", ConnectionFile: open}, "store.connectionFile: what it holds has a user and tls=false"},
		{HubStore{Kind: "eventstoredb", ConnectionFile: filepath.Join(dir, "none")}, "store.connectionFile: open"},
	} {
		err := c.s.check().in("hub.json")
		if err == nil {
			_, err = c.s.connection()
		}
		said := ""
		if err != nil {
			said = err.Error()
		}
		if (c.want == "") != (said == "") || !strings.Contains(said, c.want) || strings.Contains(said, "hunter2") {
			t.Errorf("%s %.12s %s: %q, want %q", c.s.Kind, c.s.Connection, filepath.Base(c.s.ConnectionFile), said, c.want)
		}
	}
}

// TestOneHubInAFolder runs hubs as processes: the second in the folder of the
// first is told so, and the first goes on; after it was killed the next starts.
func TestOneHubInAFolder(t *testing.T) {
	dir := t.TempDir()
	start := func() (*process, string) {
		addr := freeAddr(t)
		return startKith(t, "hub", "-config", conf(t, dir, strings.ReplaceAll(addr, ":", "-")+".json", map[string]any{
			"addr": addr, "adminAddr": freeAddr(t), "data": filepath.Join(dir, "hub"),
			"nats": map[string]any{"listen": freeAddr(t)}, "agencies": northshire(), "authority": authority})), addr
	}
	first, addr := start()
	ready(t, "http://"+addr+"/readyz")
	second, _ := start()
	<-second.ended
	if second.cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(second.said.String(), "another hub runs in") {
		t.Errorf("the second ended with %v: %s", second.err, second.said)
	}
	ready(t, "http://"+addr+"/readyz")
	first.kill(t)
	_, addr = start()
	ready(t, "http://"+addr+"/readyz")
}

// The duty goes on to the next hub when one ends.
func TestDutyGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoints.lock")
	a := takeDuty(lock.New(path))
	until(t, a.mine.Load)
	b := takeDuty(lock.New(path))
	time.Sleep(50 * time.Millisecond)
	if b.mine.Load() {
		t.Fatal("two have it")
	}
	a.end()
	until(t, b.mine.Load)
	if a.mine.Load() {
		t.Error("the first has it still")
	}
	b.end()
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within ten seconds")
		}
	}
}
