package deploy_test

import (
	"cmp"
	"encoding/json"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var subcommands = []string{"demo", "hub", "agency", "bench", "health", "nats-config"}

// What a service runs, with what configuration, agrees with the service: its
// ports, its health check and its volumes.
func TestCommands(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	for name, s := range c.Services {
		if s.Build.Target != "kith" {
			continue
		}
		if len(s.Command) == 0 || !slices.Contains(subcommands, s.Command[0]) {
			t.Errorf("%s: kith has no command %v", name, s.Command)
			continue
		}
		if i := slices.Index(s.Command, "-config"); i >= 0 {
			agrees(t, name, s, s.Command[i+1])
		}
	}
}

// settings is what compose has to agree with; services/kith checks the rest.
type settings struct {
	Agency struct{ ID string }
	Addr   string
	Data   string
	Keys   string
	Store  struct{ Kind, Connection string }
	NATS   struct{ URL, CredsDir, Creds string }
	TLS    struct{ Plain []netip.Prefix }
}

// What speaks without TLS does so in the network of its own zone and nowhere else,
// and no zone's addresses are another's.
func TestPlainNetworks(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	seen := map[netip.Prefix]string{}
	for name, n := range c.Networks {
		if len(n.IPAM.Config) != 1 {
			t.Errorf("%s: no subnet is given", name)
			continue
		}
		for other, at := range seen {
			if other.Overlaps(n.IPAM.Config[0].Subnet) {
				t.Errorf("%s and %s overlap", name, at)
			}
		}
		seen[n.IPAM.Config[0].Subnet] = name
	}
	for name, s := range c.Services {
		i := slices.Index(s.Command, "-config")
		if i < 0 {
			continue
		}
		text, err := os.ReadFile(filepath.Join("config", filepath.Base(s.Command[i+1])))
		if err != nil {
			t.Fatal(err)
		}
		var cfg settings
		if err := json.Unmarshal(text, &cfg); err != nil {
			t.Fatal(err)
		}
		if len(cfg.TLS.Plain) != 1 || !slices.Contains(s.Networks, seen[cfg.TLS.Plain[0]]) {
			t.Errorf("%s is on %v and speaks without TLS in %v", name, s.Networks, cfg.TLS.Plain)
		}
	}
}

func agrees(t *testing.T, name string, s service, file string) {
	t.Helper()
	local, ok := strings.CutPrefix(file, "/etc/kith/")
	if !ok {
		t.Errorf("%s: %s is not in the image", name, file)
		return
	}
	text, err := os.ReadFile(filepath.Join("config", local))
	if err != nil {
		t.Error(err)
		return
	}
	var cfg settings
	if err := json.Unmarshal(text, &cfg); err != nil {
		t.Errorf("%s: %v", local, err)
		return
	}
	_, port, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		t.Errorf("%s: %v", local, err)
	}
	if !slices.ContainsFunc(s.Ports, func(p string) bool { return strings.HasPrefix(p, "127.0.0.1:") && strings.HasSuffix(p, ":"+port) }) {
		t.Errorf("%s listens on %s and publishes %v", name, port, s.Ports)
	}
	if probe, err := url.Parse(s.Healthcheck.Test[len(s.Healthcheck.Test)-1]); err != nil || probe.Port() != port {
		t.Errorf("%s listens on %s and is asked at %v", name, port, s.Healthcheck.Test)
	}
	if nats, err := url.Parse(cfg.NATS.URL); err != nil || nats.Hostname() != "nats" {
		t.Errorf("%s: NATS is not at %s", name, cfg.NATS.URL)
	}
	if cfg.Store.Kind != "" {
		if db, err := url.Parse(cfg.Store.Connection); err != nil || db.Host != "eventstore:2113" {
			t.Errorf("%s: the database is not at %s", name, cfg.Store.Connection)
		}
	}
	for _, want := range []string{cfg.Data, cmp.Or(cfg.Keys, cfg.Data), cfg.NATS.CredsDir + cfg.NATS.Creds} {
		if !slices.ContainsFunc(s.Volumes, func(m mount) bool { return m.Target == want }) {
			t.Errorf("%s: nothing is mounted on %s", name, want)
		}
	}
	if cfg.Agency.ID != "" && !slices.ContainsFunc(s.Volumes, func(m mount) bool { return m.Volume.Subpath == "creds/"+cfg.Agency.ID+".creds" }) {
		t.Errorf("%s does not have the creds of %s", name, cfg.Agency.ID)
	}
}

// Whoever the hub knows has an account in NATS.
func TestAccounts(t *testing.T) {
	text, err := os.ReadFile("config/hub.json")
	if err != nil {
		t.Fatal(err)
	}
	var hub struct{ Agencies []struct{ ID string } }
	if err := json.Unmarshal(text, &hub); err != nil {
		t.Fatal(err)
	}
	init := read[compose](t, "docker-compose.yml").Services["init"].Command
	i := slices.Index(init, "-agencies")
	if i < 0 {
		t.Fatal("init names no agencies")
	}
	accounts := strings.Split(init[i+1], ",")
	for _, a := range hub.Agencies {
		if !slices.Contains(accounts, a.ID) {
			t.Errorf("%s has no account", a.ID)
		}
	}
}
