package health

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

// What a door takes, the hub takes too: else its sender would be told "taken" and
// hear of the mistake later, in words about an event they never saw. Every text
// of every sample is replaced by what fits FHIR and not the hub.
func TestWhatIsTakenFitsTheHub(t *testing.T) {
	var taken []events.Notice
	tried := 0
	for _, path := range samplesOf(t) {
		for _, bad := range []string{
			strings.Repeat("long ", 60), strings.Repeat("long ", 5000), "x@", "0000000000", "2026-13-45", " ", "Ab\u0000c", "\u2028",
		} {
			var doc any
			if err := json.Unmarshal(nativetest.File(t, path), &doc); err != nil {
				t.Fatal(err)
			}
			replace(doc, func(set func(any)) {
				set(bad)
				raw, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				tried++
				ns, err := door(t, path)(raw)
				if err != nil && nativetest.Places(err) == nil {
					t.Errorf("%s: %v", path, err)
				}
				taken = append(taken, ns...)
			})
		}
	}
	taken = slices.CompactFunc(taken, func(a, b events.Notice) bool { return a.ID == b.ID })
	nativetest.Fits(t, taken...)
	t.Logf("%d records tried, %d notices of those that were taken", tried, len(taken))
}

// replace hands every text in a document to be set, one after the other.
func replace(v any, each func(set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if _, ok := x.(string); ok {
				each(func(to any) { v[k] = to })
				v[k] = x
			} else {
				replace(x, each)
			}
		}
	case []any:
		for i, x := range v {
			if _, ok := x.(string); ok {
				each(func(to any) { v[i] = to })
				v[i] = x
			} else {
				replace(x, each)
			}
		}
	}
}

func samplesOf(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".golden.json") && !strings.Contains(path, "fuzz") {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) < 20 {
		t.Fatalf("%d samples, %v", len(out), err)
	}
	return out
}
