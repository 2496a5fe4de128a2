package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What init writes is what the others mount. It is run as compose runs it, into
// a folder of our own.
func TestInit(t *testing.T) {
	dir := t.TempDir()
	kith := filepath.Join(dir, "kith")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", kith, "kith/services/kith").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := read[compose](t, "docker-compose.yml")
	command := slices.Clone(c.Services["init"].Command)
	out := slices.Index(command, "-out") + 1
	mounted := command[out]
	command[out] = filepath.Join(dir, "nats")
	if said, err := exec.CommandContext(t.Context(), kith, command...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, said)
	}
	for name, s := range c.Services {
		for _, m := range s.Volumes {
			if m.Source != "nats-config" || name == "init" {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, "nats", m.Volume.Subpath)); err != nil {
				t.Errorf("%s mounts what init does not write: %v", name, err)
			}
		}
	}
	if !slices.ContainsFunc(c.Services["init"].Volumes, func(m mount) bool { return m.Target == mounted }) {
		t.Errorf("init writes to %s, which is no volume", mounted)
	}
	conf, err := os.ReadFile(filepath.Join(dir, "nats", "nats-server.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`listen: "0.0.0.0:4222"`, `store_dir: "/jetstream"`, "sync_interval: always"} {
		if !strings.Contains(string(conf), want) {
			t.Errorf("the server's configuration lacks %s", want)
		}
	}
}
