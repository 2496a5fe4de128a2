// Package deploy_test checks what ships in this folder, as far as that can be
// done where no container runs.
package deploy_test

import (
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const root = ".."

// service is what we say of a service in docker-compose.yml.
type service struct {
	Image       string
	Build       struct{ Context, Dockerfile, Target string }
	User        string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	Command     []string
	NetworkMode string `yaml:"network_mode"`
	Networks    []string
	Ports       []string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Environment map[string]string
	Healthcheck struct {
		Test    []string
		Disable bool
	}
	Volumes []mount
}

// mount is a volume in the short form or in the long one.
type mount struct {
	Source, Target string
	ReadOnly       bool `yaml:"read_only"`
	Volume         struct{ Subpath string }
}

func (m *mount) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		m.Source, m.Target, _ = strings.Cut(n.Value, ":")
		return nil
	}
	type plain mount
	return n.Decode((*plain)(m))
}

type compose struct {
	Services map[string]service
	Networks map[string]network
	Volumes  map[string]struct{}
}

// network is one of compose's, with the addresses that it has.
type network struct {
	Internal bool
	IPAM     struct {
		Config []struct{ Subnet netip.Prefix }
	}
}

func read[T any](t *testing.T, name string) (into T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return into
}

func TestServices(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	for _, name := range []string{"init", "nats", "otel-collector", "eventstore", "hub-1", "hub-2", "agency-police", "agency-health", "agency-education", "agency-socialcare"} {
		s, ok := c.Services[name]
		if !ok {
			t.Errorf("there is no service %s", name)
			continue
		}
		if uid, _, _ := strings.Cut(s.User, ":"); uid == "" || uid == "0" || uid == "root" {
			t.Errorf("%s runs as %q", name, s.User)
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s can write to its image, or keeps capabilities", name)
		}
		if len(s.Healthcheck.Test) == 0 && name != "init" {
			t.Errorf("%s has no health check", name)
		}
		if s.Build.Dockerfile != "" {
			exists(t, s.Build.Dockerfile)
		} else if _, tag, _ := strings.Cut(s.Image, ":"); tag == "" || tag == "latest" {
			t.Errorf("%s: image %s names no version", name, s.Image)
		}
		for on := range s.DependsOn {
			if _, ok := c.Services[on]; !ok {
				t.Errorf("%s depends on %s, which is not there", name, on)
			}
		}
	}
}

func exists(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, name)); err != nil {
		t.Error(err)
	}
}

// An agency may meet NATS and the collector, and no other agency nor the hub.
func TestZones(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	shared := []string{"nats", "otel-collector"}
	hubs := map[string]bool{"hub-1": true, "hub-2": true, "eventstore": true} // one zone
	at := map[string]string{}
	for name, s := range c.Services {
		for _, n := range s.Networks {
			if _, ok := c.Networks[n]; !ok {
				t.Errorf("%s: network %s is not declared", name, n)
			}
			if slices.Contains(shared, name) {
				continue
			}
			if other := at[n]; other != "" && (!hubs[name] || !hubs[other]) {
				t.Errorf("%s and %s can reach each other over %s", name, other, n)
			}
			at[n] = name
		}
		if len(s.Networks) == 0 && s.NetworkMode != "none" {
			t.Errorf("%s is on the default network, with everybody", name)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s publishes %s beyond this machine", name, p)
			}
		}
	}
}

// The database asks nobody for a password. It may be reached by the hubs only,
// from networks that lead nowhere else.
func TestTheDatabaseIsShutIn(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	db := c.Services["eventstore"]
	if len(db.Ports) > 0 || len(db.Networks) != 1 || !c.Networks[db.Networks[0]].Internal {
		t.Errorf("it publishes %v and is on %v", db.Ports, db.Networks)
	}
	for name, s := range c.Services {
		if slices.Contains(s.Networks, db.Networks[0]) && name != "eventstore" && !strings.HasPrefix(name, "hub-") {
			t.Errorf("%s reaches the database", name)
		}
	}
}

// Two hubs share their keys and nothing else that they write.
func TestHubsShareKeysOnly(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	one, two := c.Services["hub-1"], c.Services["hub-2"]
	if !slices.Equal(one.Command, two.Command) {
		t.Errorf("they run %v and %v: a partnership is described once", one.Command, two.Command)
	}
	for _, on := range []string{"nats", "eventstore"} {
		if one.DependsOn[on].Condition != "service_healthy" || two.DependsOn[on].Condition != "service_healthy" {
			t.Errorf("a hub does not wait for %s", on)
		}
	}
	var both []string
	for _, m := range one.Volumes {
		if !m.ReadOnly && slices.ContainsFunc(two.Volumes, func(o mount) bool { return o.Source == m.Source }) {
			both = append(both, m.Source+" on "+m.Target)
		}
	}
	if !slices.Equal(both, []string{"hub-keys on /keys"}) {
		t.Errorf("both write to %v", both)
	}
}

// Each agency sees its own folder and its own creds, and nobody else's.
func TestVolumes(t *testing.T) {
	c := read[compose](t, "docker-compose.yml")
	owner := map[string]string{}
	for name, s := range c.Services {
		for _, m := range s.Volumes {
			if _, ok := c.Volumes[m.Source]; !ok {
				t.Errorf("%s: volume %s is not declared", name, m.Source)
			}
			if !strings.HasPrefix(name, "agency-") {
				continue
			}
			key := path.Join(m.Source, m.Volume.Subpath)
			if owner[key] != "" {
				t.Errorf("%s and %s both see %s", name, owner[key], key)
			}
			owner[key] = name
			if m.Source == "nats-config" && (m.Volume.Subpath == "" || !m.ReadOnly) {
				t.Errorf("%s sees every key of NATS, or can write one", name)
			}
		}
	}
}

var copied = regexp.MustCompile(`(?m)^COPY ([^-\s]\S*) (\S+)$`)

func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range copied.FindAllStringSubmatch(string(text), -1) {
		exists(t, m[1])
	}
	c := read[compose](t, "docker-compose.yml")
	for name, s := range c.Services {
		if b := s.Build.Target; b != "" && !strings.Contains(string(text), " AS "+b+"\n") {
			t.Errorf("%s: the Dockerfile has no stage %s", name, b)
		}
	}
	for _, want := range []string{"CGO_ENABLED=0", "nonroot", "USER 65532", "HEALTHCHECK", "GOTRACEBACK=none"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Dockerfile lacks %s", want)
		}
	}
}
