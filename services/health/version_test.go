package health

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kith/services/internal/native/nativetest"
)

// What a notice is a version of, and what one that was entered in error voids.
func TestVersionsOfResources(t *testing.T) {
	flagOf := func(id, updated string) string {
		return fmt.Sprintf(`"resourceType": "Flag", "id": %q, "meta": {"lastUpdated": %q, `, id, updated)
	}
	const plainFlag = "\"resourceType\": \"Flag\",\n  \"meta\": {"
	for name, c := range map[string]struct {
		sample string
		change []string
		want   string
	}{
		"an id and a time":        {"fhir-observation.json", nil, "Observation/obs-1 11:05 []"},
		"another status":          {"fhir-observation.json", []string{`"preliminary"`, `"final"`}, "Observation/obs-1 11:05 []"},
		"in error":                {"fhir-observation.json", []string{`"preliminary"`, `"entered-in-error"`}, "  [Observation/obs-1]"},
		"no time":                 {"fhir-observation.json", []string{`"lastUpdated"`, `"source"`}, "  []"},
		"no time, in error":       {"fhir-observation.json", []string{`"lastUpdated"`, `"source"`, `"preliminary"`, `"entered-in-error"`}, "  [Observation/obs-1]"},
		"no id":                   {"fhir-flag-ended.json", nil, "  []"},
		"a flag":                  {"fhir-flag.json", []string{plainFlag, flagOf("f", "2026-11-18T11:05:00Z")}, "Flag/f#active 11:05 []"},
		"a flag taken off":        {"fhir-flag-ended.json", []string{`"resourceType": "Flag",`, `"resourceType": "Flag", "id": "f",`}, "Flag/f#inactive 09:00 []"},
		"a flag in error":         {"fhir-flag.json", []string{plainFlag, flagOf("f", "2026-11-18T11:05:00Z"), `"status": "active"`, `"status": "entered-in-error"`}, "  [Flag/f#active Flag/f#inactive]"},
		"to be created elsewhere": {"bundle-transaction.json", nil, "  []"},
	} {
		raw := strings.NewReplacer(c.change...).Replace(string(nativetest.File(t, "testdata/"+c.sample)))
		ns, err := FHIR([]byte(raw))
		if err != nil {
			t.Fatal(name, err, nativetest.Places(err))
		}
		v, when := ns[0].Version, ""
		if v.Number > 0 {
			when = time.UnixMilli(v.Number).UTC().Format("15:04")
		}
		if got := fmt.Sprint(v.Record, " ", when, " ", ns[0].Void); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
