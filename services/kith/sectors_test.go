package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"kith/events/bus"
)

// What the public reports to the police, and what a school's systems export, comes
// through the agencies' own doors and gets receipts, the same file again the same
// ones. It stands in the shared view once a concern opens the child to the authority.
func TestRecordsOfPoliceAndSchoolsReachTheView(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		persona, door, sample string
		types                 string
	}{
		{"police", "/agencies/northshire-police/online-reports", "../police/testdata/online-report-full.json", "police.online-report"},
		{"police", "/agencies/northshire-police/online-reports", "../police/testdata/online-report-skeleton.json", "police.online-report"},
		{"dsl", "/agencies/oakfield-school/incidents", "../education/testdata/incidents-cpoms.csv", "education.safeguarding-record education.safeguarding-record education.safeguarding-record"},
		{"dsl", "/agencies/oakfield-school/registers", "../education/testdata/registers.csv", "education.attendance-fall"},
		{"dsl", "/agencies/oakfield-school/suspensions", "../education/testdata/suspensions.csv", "education.suspension education.suspension education.permanent-exclusion"},
	} {
		record := lastYear(t, c.sample)
		first := w.ask(t, c.persona, http.MethodPost, c.door, "application/octet-stream", record)
		w.want(t, http.StatusAccepted, first, c.sample)
		if got := typesOf(t, first); got != c.types {
			t.Errorf("%s: receipts for %s, want %s", c.sample, got, c.types)
		}
		if again := w.ask(t, c.persona, http.MethodPost, c.door, "application/octet-stream", record); again.body != first.body {
			t.Errorf("%s: other receipts the second time: %s, before %s", c.sample, again.body, first.body)
		}
	}
	wren := kid{given: "Wren", family: "Testerly", born: "2015-06-14", upn: "B801200005001"}
	if ids := w.find(t, "chair", wren); len(ids) > 0 {
		t.Error("entries of a school's log, and a suspension, open a child to the authority")
	}
	raiseConcern(t, w, wren)
	child := w.findOne(t, "chair", wren)
	v := w.view(t, "chair", child, "purpose=s47")
	for _, typ := range []string{"safeguarding-record", "attendance-fall", "suspension"} {
		if !v.has(typ) {
			t.Errorf("the view has no %s: %+v, withheld %+v", typ, v.Items, v.Withheld)
		}
	}
}

// lastYear is a sample a year before, so that nothing in it lies in the future.
func lastYear(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.ReplaceAll(raw, []byte("2026"), []byte("2025")))
}

func typesOf(t *testing.T, a answer) string {
	t.Helper()
	var got struct{ Receipts []bus.Receipt }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, r := range got.Receipts {
		types = append(types, strings.TrimSuffix(strings.TrimPrefix(string(r.Type), "uk.kith."), ".v1"))
	}
	return strings.Join(types, " ")
}
