package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"kith/events"
	"kith/events/bus"
	"kith/schemas"
	"kith/services/education"
	"kith/services/health"
	"kith/services/intake"
	"kith/services/police"
	"kith/services/socialcare"
)

const guide = "docs/integrators.md"

// The event in the guide is one that the hub accepts.
func TestExampleEvent(t *testing.T) {
	text, ok := between(read(t, guide), "```json\n{\n  \"specversion\"", "```")
	if !ok {
		t.Fatal("no example")
	}
	e, err := bus.Decode(bus.Message{Body: []byte("{\n  \"specversion\"" + text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range intake.Check(events.KindPolice, events.Type(e.Type()), e.Data()) {
		t.Errorf("%s %s: %s", c.Code, c.Pointer, c.Detail)
	}
	if path, _ := schemas.For(e.Type()); e.DataSchema() != schemas.Base+path {
		t.Errorf("dataschema %s, want %s", e.DataSchema(), schemas.Base+path)
	}
}

// The code in the guide is code that a test runs.
func TestExampleCosignature(t *testing.T) {
	const begin, end = "func checkCosignature(", "\n}\n"
	want, ok := between(read(t, "services/internal/witness/cosign_test.go"), begin, end)
	got, found := between(read(t, guide), begin, end)
	if !ok || !found || got != want {
		t.Errorf("the guide prints %q, the test runs %q", got, want)
	}
}

func TestExampleWebhook(t *testing.T) {
	const begin, end = "func checkWebhook(", "\n}\n"
	want, ok := between(read(t, "services/internal/webhook/sign_test.go"), begin, end)
	got, found := between(read(t, guide), begin, end)
	if !ok || !found || got != want {
		t.Errorf("the guide prints %q, the test runs %q", got, want)
	}
}

func between(text, begin, end string) (string, bool) {
	_, rest, ok := strings.Cut(text, begin)
	inside, _, found := strings.Cut(rest, end)
	return inside, ok && found
}

func TestEveryRefusalIsExplained(t *testing.T) {
	page := read(t, guide)
	codes := regexp.MustCompile(`(?m)^\t[A-Z]\w+ += "([a-z-]+)"$`).FindAllStringSubmatch(read(t, "services/intake/codes.go"), -1)
	if len(codes) < 5 {
		t.Fatal(codes)
	}
	for _, m := range codes {
		if !strings.Contains(page, "| `"+m[1]+"` |") {
			t.Errorf("the guide does not explain %s", m[1])
		}
	}
}

func TestEveryDoorIsListed(t *testing.T) {
	page := read(t, guide)
	doors := 0
	for kind, of := range map[string]map[string]func([]byte) ([]events.Notice, error){
		"police": police.Doors(), "health": health.Doors(), "education": education.Doors(), "socialcare": socialcare.Doors(),
	} {
		for path := range of {
			doors++
			if !strings.Contains(page, "| `"+path+"` |") {
				t.Errorf("the guide does not list %s of %s", path, kind)
			}
		}
	}
	if listed := strings.Count(page, "| `/"); listed != doors {
		t.Errorf("the guide lists %d doors, there are %d", listed, doors)
	}
}
