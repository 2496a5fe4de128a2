package services_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of everything that is ours.
const module = "kith/"

// rules says which packages of this module a package may import. The first
// pattern that fits the package decides; what is not listed is forbidden. "./*"
// stands for the folders below the package itself, "all" for anything.
var rules = []struct{ pkg, may string }{
	{"events", ""},
	{"events/store", "events"},
	{"events/store/sqlite", "events events/store events/store/sqlite/file"},
	{"events/store/sqlite/*", ""},
	{"events/store/*", "events events/store"},
	{"events/store/esdb/esdbtest", ""}, // for tests
	{"events/bus", "events schemas"},
	{"schemas", "events"},
	{"schemas/apitest", "events schemas"}, // for tests
	{"services", ""},
	{"services/fault", ""},
	{"services/internal/native/nativetest", "events schemas services/fault"}, // for tests
	{"services/internal/backup", "events/store events/store/sqlite events/bus services/internal/*"}, // it copies that log's files
	{"services/internal/sqlite", "events/store/sqlite/file"},
	{"services/internal/*", "events events/store events/bus services/fault services/internal/*"},
	{"services/kith", "all"}, // it wires
	{"services/kith/*", "all"},
	{"services/*", "events events/store events/bus schemas services/fault services/internal/* ./*"},
	{"services/*/*", "events"}, // the pure parts
	{"gateway", "events events/store events/bus schemas services/*"},
	{"gateway/browsertest", ""},
	{"deploy", ""},
	{"docs", ""},
}

// outside says which packages may import what is neither ours nor the standard
// library's. A module that is not listed may be imported nowhere.
var outside = []struct{ module, by string }{
	// each behind one door
	{"github.com/nats-io/", "events/bus"},
	{"github.com/synadia-io/orbit.go/", "events/bus"},
	{"golang.org/x/mod/sumdb/note", "events/bus services/internal/tree services/internal/witness services/internal/backup services/education/handover"},
	{"golang.org/x/mod/sumdb/tlog", "services/internal/tree services/internal/witness"},
	{"github.com/EventStore/", "events/store/esdb events/store/esdb/esdbtest"},
	{"google.golang.org/grpc", "events/store/esdb events/store/esdb/esdbtest"},
	{"modernc.org/sqlite", "events/store/sqlite events/store/sqlite/* services/internal/sqlite"},
	{"github.com/anishathalye/porcupine", "events/store/storetest"}, // for tests
	{"modernc.org/libc", "events/store/sqlite/disktest"},            // SQLite's C, as Go
	{"github.com/tink-crypto/tink-go/", "services/internal/keys"},
	{"github.com/gofrs/flock", "services/internal/lock"},
	{"github.com/cedar-policy/cedar-go", "services/disclosure/policy"},
	{"github.com/santhosh-tekuri/jsonschema/", "services/intake services/health services/internal/native/nativetest schemas/apitest"},
	{"gopkg.in/yaml.v3", "schemas/apitest"}, // for tests
	{"github.com/samply/golang-fhir-models/", "services/health"},
	{"github.com/go-json-experiment/json", "events/bus services/internal/native services/police services/health services/education services/socialcare services/intake services/kith"}, // refuses duplicate keys
	{"golang.org/x/text/", "services/identity/match"},
	{"github.com/chromedp/", "gateway/browsertest"},
	{"github.com/coreos/go-oidc/", "services/signin"},
	{"golang.org/x/oauth2", "services/signin"}, // go-oidc takes its tokens
	{"github.com/zitadel/oidc/", "services/kith/idp"},
	{"github.com/prometheus/client_golang/", "services/internal/telemetry"},
	{"go.opentelemetry.io/otel/exporters/", "services/internal/telemetry"},
	{"go.opentelemetry.io/otel/sdk", "services/internal/telemetry"},
	// common words
	{"golang.org/x/sync/errgroup", "events/bus services/* services/internal/*"},
	{"github.com/google/uuid", "events/store events/store/* events/store/esdb/esdbtest events/bus services/* services/internal/* services/kith/*"},
	{"github.com/cloudevents/sdk-go/v2", "events/bus services/* services/internal/edge"},
	{"go.opentelemetry.io/otel", "events/bus services/* services/internal/* gateway"},
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Dir string
	Standard        bool
	GoFiles         []string
	Imports         []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func TestImportLaw(t *testing.T) {
	for _, p := range packages(t) {
		for _, complaint := range judge(p) {
			t.Error(complaint)
		}
	}
}

// judge lists what is wrong with the imports of a package.
func judge(p pkg) (complaints []string) {
	may, covered := allowed(p.name())
	if !covered {
		return []string{p.name() + ": no rule covers it; add one to rules"}
	}
	for _, imp := range p.Imports {
		switch {
		case strings.HasPrefix(imp, module):
			if !fits(p.name(), strings.TrimPrefix(imp, module), may) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s; of ours it may import only: %s", p.name(), imp, may))
			}
		case strings.Contains(strings.Split(imp, "/")[0], "."):
			if by := importers(imp); !fits(p.name(), p.name(), by) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s; only these may: %s", p.name(), imp, by))
			}
		case pure(p.name()) && effect(imp):
			complaints = append(complaints, fmt.Sprintf("%s imports %s; it is pure", p.name(), imp))
		}
	}
	return complaints
}

// pure packages decide and touch nothing: no clock, no disk, no network.
func pure(name string) bool {
	return name == "events" || match("services/*/*", name) &&
		!match("services/internal/*", name) && !match("services/kith/*", name)
}

// effect tells which of the standard library reaches outside the program. Naming
// how a value is logged (log/slog) does not.
func effect(std string) bool {
	return slices.ContainsFunc([]string{"net", "os", "database", "log", "syscall", "plugin"}, func(p string) bool {
		return (std == p || strings.HasPrefix(std, p+"/")) && std != "net/url" && std != "net/mail" && std != "log/slog"
	})
}

func allowed(name string) (string, bool) {
	for _, r := range rules {
		if match(r.pkg, name) {
			return r.may, true
		}
	}
	return "", false
}

func importers(imp string) string {
	for _, o := range outside {
		if imp == o.module || strings.HasPrefix(imp, strings.TrimSuffix(o.module, "/")+"/") {
			return o.by
		}
	}
	return ""
}

// fits reports whether imp, imported by name, is among what may be.
func fits(name, imp, may string) bool {
	for m := range strings.FieldsSeq(may) {
		if below, ok := strings.CutPrefix(m, "./"); ok {
			m = name + "/" + below
		}
		if m == "all" || match(m, imp) {
			return true
		}
	}
	return false
}

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 2 {
		t.Fatal("go list found nothing")
	}
	return all
}

// The law must be able to say no.
func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		pkg, imp string
		ok       bool
	}{
		{"events", "encoding/json", true},
		{"events", "github.com/google/uuid", false},
		{"events", "os", false},
		{"events/store", "kith/events", true},
		{"events/store", "kith/services/fault", false},
		{"events/store/esdb", "github.com/EventStore/EventStore-Client-Go/v4/esdb", true},
		{"events/store/sqlite", "google.golang.org/grpc/codes", false},
		{"services/kith", "github.com/EventStore/EventStore-Client-Go/v4/esdb", false},
		{"events/bus", "github.com/nats-io/nats.go/jetstream", true},
		{"events/bus", "kith/events/store", false},
		{"services/intake", "kith/events/store", true},
		{"services/intake", "kith/services/identity", false},
		{"services/intake", "kith/services/internal/follow", true},
		{"services/intake", "github.com/nats-io/nats.go", false},
		{"services/intake", "github.com/example/unheard-of", false},
		{"services/disclosure", "kith/services/disclosure/policy", true},
		{"services/disclosure", "kith/services/strategy/rules", false},
		{"services/disclosure", "github.com/cedar-policy/cedar-go", false},
		{"services/disclosure/policy", "github.com/cedar-policy/cedar-go", true},
		{"services/disclosure/policy", "kith/events", true},
		{"services/disclosure/policy", "kith/events/store", false},
		{"services/disclosure/policy", "net/http", false},
		{"services/disclosure/policy", "database/sql", false},
		{"services/disclosure/policy", "strings", true},
		{"services/internal/sqlite", "modernc.org/sqlite", true},
		{"services/internal/follow", "modernc.org/sqlite", false},
		{"services/internal/follow", "database/sql", true},
		{"services/ledger", "github.com/tink-crypto/tink-go/v2/aead", false},
		{"gateway", "kith/services/disclosure", true},
		{"gateway", "kith/services/internal/sqlite", false},
		{"gateway", "kith/services/disclosure/policy", false},
		{"services/kith", "kith/services/internal/sqlite", true},
		{"services/kith", "github.com/nats-io/nats.go", false},
		{"unheard/of", "strings", false},
	} {
		complaints := judge(pkg{ImportPath: module + tc.pkg, Imports: []string{tc.imp}})
		if (len(complaints) == 0) != tc.ok {
			t.Errorf("%s imports %s: %q", tc.pkg, tc.imp, complaints)
		}
	}
}
