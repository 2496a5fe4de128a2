package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

// Every door of every kind stands in the guide, and has a sample in the testdata of
// its service that it takes, with the notices that come of it beside it. What the
// guide says of versions holds for all of them.
func TestEveryDoorHasASample(t *testing.T) {
	guide, err := os.ReadFile("../../docs/integrators.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare} {
		samples := recordsOf(t, kind)
		for path, translate := range doors(kind) {
			if !strings.Contains(string(guide), "| `"+path+"` |") {
				t.Errorf("docs/integrators.md has no line for %s of %s", path, kind)
			}
			taken, versions := 0, 0
			for _, raw := range samples {
				ns, _ := translate(raw) // none if it is another door's
				for _, n := range ns {
					if taken++; n.Version.Record != "" {
						versions++
					}
				}
			}
			if taken == 0 {
				t.Errorf("services/%s/testdata has no sample that %s takes", kind, path)
			}
			// The guide says of these that they tell no versions; of FHIR some samples have no id.
			want := taken
			if strings.Contains(" /concerns /file-transfers /incidents /registers /suspensions /mns ", " "+path+" ") {
				want = 0
			}
			if versions != want && path != "/fhir" {
				t.Errorf("%s of %s: %d of %d notices are versions of a record", path, kind, versions, taken)
			}
		}
	}
}

// recordsOf are the records in the testdata of a service.
func recordsOf(t *testing.T, kind events.AgencyKind) map[string][]byte {
	t.Helper()
	samples := map[string][]byte{}
	err := filepath.WalkDir("../"+string(kind)+"/testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".golden.json") {
			return err
		}
		if _, err := os.Stat(strings.TrimSuffix(path, filepath.Ext(path)) + ".golden.json"); err != nil {
			return nil // it is no record of a door
		}
		samples[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return samples
}
