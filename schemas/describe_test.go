package schemas_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"kith/schemas"
)

func TestDescribe(t *testing.T) {
	d, err := schemas.Describe("police/domestic-abuse-incident.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	if d.Title != "Domestic abuse incident" || !strings.Contains(d.Text, "Operation Encompass") {
		t.Errorf("%s: %s", d.Title, d.Text)
	}
	for _, want := range []schemas.Field{
		{Path: "occurredAt", Type: "moment", Required: true},
		{Path: "basis", Type: "object", Required: true},
		{Path: "basis.article6", Type: "code", Required: true, Codes: []string{"consent", "legal-obligation", "vital-interests", "public-task"}}, // narrowed
		{Path: "basis.paragraph18.subject", Type: "code", Required: true, Codes: []string{"under-18", "adult-at-risk"}},
		{Path: "caveats", Type: "list of code", Codes: []string{"no-guardian", "third-party", "police-intelligence", "legal-privilege", "originator-controlled"}},
		{Path: "informed.told", Type: "true or false", Required: true},
		{Path: "about", Type: "list of object", Required: true},
		{Path: "about[].identifiers.nhsNumber.value", Type: "NHS number", Required: true},
		{Path: "about[].address.lines", Type: "list of text", Required: true},
		{Path: "fact.place", Type: "text", Required: true, Examples: []string{"the family home"}},
	} {
		i := slices.IndexFunc(d.Fields, func(f schemas.Field) bool { return f.Path == want.Path })
		if i < 0 {
			t.Errorf("no field %s", want.Path)
			continue
		}
		got := d.Fields[i]
		if got.Type != want.Type || got.Required != want.Required || !slices.Equal(got.Codes, want.Codes) || want.Examples != nil && !slices.Equal(got.Examples, want.Examples) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
		if got.Text == "" {
			t.Errorf("%s says nothing", got.Path)
		}
	}
	if d.Fields[0].Path != "occurredAt" || d.Fields[1].Path != "recordedAt" {
		t.Errorf("it begins with %s, %s: not the order of the file", d.Fields[0].Path, d.Fields[1].Path)
	}
}

// Every schema can be described, and every field of it says what it is.
func TestDescribeAll(t *testing.T) {
	fields := 0
	for path := range documents(t) {
		d, err := schemas.Describe(path)
		if err != nil || d.Title == "" || d.Text == "" {
			t.Errorf("%s: %+v, %v", path, d, err)
		}
		fields += len(d.Fields)
		for _, f := range d.Fields {
			if f.Text == "" || f.Type == "any" {
				t.Errorf("%s: %s is %q: %q", path, f.Path, f.Type, f.Text)
			}
		}
	}
	if _, err := schemas.Describe("police/nothing.v1.json"); err == nil {
		t.Error("it describes what is not there")
	}
	if _, err := fs.Stat(schemas.FS(), "common.v1.json"); err != nil {
		t.Error(err)
	}
	t.Logf("%d fields are described", fields)
}
