package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

func TestColumnsOfASchool(t *testing.T) {
	file := filepath.Join(t.TempDir(), "columns.json")
	for text, want := range map[string]string{
		`{"columns": {"incident": "What happened"}}`: "",
		`{"columns": {"incidents": "What"}}`:         "/columns: Give only columns",
		`{"columns": {"incident": ""}}`:              "/columns/incident: Give the heading",
		`{`:                                          "one JSON value",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := AgencyConfig{Agency: events.Agency{Kind: events.KindEducation}, Columns: file}
		ds, err := c.doors()
		if want == "" && (err != nil || ds["/incidents"] == nil) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %d doors, %v; want %q", text, len(ds), err, want)
		}
	}
	c := AgencyConfig{Agency: events.Agency{Kind: events.KindPolice}, Columns: file}
	if _, err := c.doors(); err == nil {
		t.Error("columns for the police")
	}
}
