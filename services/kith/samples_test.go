package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

// Every door of every kind stands in the guide, and has a sample in the testdata of
// its service that it takes, with the notices that come of it beside it.
func TestEveryDoorHasASample(t *testing.T) {
	guide, err := os.ReadFile("../../docs/integrators.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare} {
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
		for path, translate := range doors(kind) {
			if !strings.Contains(string(guide), "| `"+path+"` |") {
				t.Errorf("docs/integrators.md has no line for %s of %s", path, kind)
			}
			taken := ""
			for name, raw := range samples {
				if _, err := translate(raw); err == nil {
					taken = name
				}
			}
			if taken == "" {
				t.Errorf("services/%s/testdata has no sample that %s takes", kind, path)
			}
		}
	}
}
