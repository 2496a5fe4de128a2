package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"kith/services/fault"
)

// mistake is one that a new integrator makes: in a sample that is right, one
// thing is changed.
type mistake struct {
	what     string
	base     string // one of samples
	old, new string // old, if it ends in …, is all from there to the end
}

// in makes the mistake in a text.
func (m mistake) in(text string) string {
	if old, toEnd := strings.CutSuffix(m.old, "…"); toEnd {
		before, _, _ := strings.Cut(text, old)
		return before + m.new
	}
	return strings.Replace(text, m.old, m.new, 1)
}

// sample is a record or event that is accepted as it stands.
type sample struct{ persona, path, contentType, file string }

var samples = map[string]sample{
	"event":    {"police", "/v1/events", "application/cloudevents+json", "testdata/event.json"},
	"school":   {"dsl", "/v1/events", "application/cloudevents+json", "testdata/school-event.json"},
	"missing":  {"police", "/agencies/northshire-police/missing-episodes", "application/json", "../police/testdata/missing-episode-missing.json"},
	"concern":  {"dsl", "/agencies/oakfield-school/concerns", "application/json", "../education/testdata/concern.json"},
	"csv":      {"dsl", "/agencies/oakfield-school/extracts", "text/csv", "../education/testdata/extract-lines.csv"},
	"row":      {"socialworker", "/agencies/northshire-council/records", "application/json", "../socialcare/testdata/row.json"},
	"hospital": {"health", "/agencies/northshire-hospital/records", "application/json", "../health/testdata/record-was-not-brought.json"},
	"fhir":     {"health", "/agencies/northshire-hospital/fhir", "application/fhir+json", "../health/testdata/bundle-collection.json"},
	"mns":      {"health", "/agencies/northshire-hospital/mns", "application/cloudevents+json", "testdata/mns.json"},
}

var mistakes = []mistake{
	{"a day written the English way", "event", `"2010-02-28"`, `"28/02/2010"`},
	{"a day that is not in the calendar", "event", `"2010-02-28"`, `"2010-02-30"`},
	{"a local time without its zone", "event", `"occurredAt": "2026-11-06T22:30:00Z"`, `"occurredAt": "2026-11-06T22:30:00"`},
	{"a day where a moment belongs", "event", `"recordedAt": "2026-11-06T23:12:00Z"`, `"recordedAt": "2026-11-06"`},
	{"a moment with a space in it", "event", `"missingSince": "2026-11-06T18:00:00Z"`, `"missingSince": "2026-11-06 18:00:00Z"`},
	{"a year mistyped", "event", `"occurredAt": "2026-11-06T22:30:00Z"`, `"occurredAt": "2062-11-06T22:30:00Z"`},
	{"an NHS number with a wrong check digit", "event", `"value": "9990001014"`, `"value": "9990001015"`},
	{"an NHS number with spaces", "event", `"value": "9990001014"`, `"value": "999 000 1014"`},
	{"an NHS number as a number", "event", `"value": "9990001014"`, `"value": 9990001014`},
	{"a UPN with a wrong check letter", "event", `"upn": "B801200005001"`, `"upn": "C801200005001"`},
	{"no lawful basis", "event", `"basis": { "article6": "public-task" },`, ``},
	{"a basis in words of one's own", "event", `"public-task"`, `"safeguarding"`},
	{"special category data without paragraph 18", "event", `{ "article6": "public-task" }`, `{ "article6": "public-task", "article9": "substantial-public-interest" }`},
	{"consent without saying which", "event", `{ "article6": "public-task" }`, `{ "article6": "consent" }`},
	{"a legal obligation without a duty", "event", `"public-task"`, `"legal-obligation"`},
	{"a condition that is another kind's", "event", `{ "article6": "public-task" }`, `{ "article6": "public-task", "article9": "health-or-social-care" }`},
	{"legitimate interests of a public authority", "school", `"public-task"`, `"legitimate-interests"`},
	{"a label that is not one", "event", `"label": "core"`, `"label": "OFFICIAL-SENSITIVE"`},
	{"a caveat that is not one", "event", `"label": "core",`, `"label": "core", "caveats": ["secret"],`},
	{"a field in another case", "event", `"localId"`, `"localID"`},
	{"a field that is not known", "event", `"missingFrom"`, `"wentMissingFrom"`},
	{"a required field left out", "event", `"missingFrom": "placement",`, ``},
	{"a text left empty", "event", `"policeReference": "NSP-2026-131877"`, `"policeReference": " "`},
	{"a field as null", "event", `"label": "core"`, `"label": null`},
	{"a field given twice", "event", `"label": "core",`, `"label": "core", "label": "sensitive",`},
	{"nobody it is about", "event", `"role": "child",`, `"role": "parent",`},
	{"a role that is not one", "event", `"role": "child",`, `"role": "son",`},
	{"somebody without a number of one's own", "event", `"localId": "NSP-P-51190",`, ``},
	{"a list where one thing belongs", "event", `"contact": { "team": "Northshire Police safeguarding hub" }`, `"contact": [{ "team": "Northshire Police safeguarding hub" }]`},
	{"nobody to call", "event", `"contact": { "team": "Northshire Police safeguarding hub" },`, ``},
	{"another agency's source", "event", `"source": "urn:kith:agency:northshire-police"`, `"source": "urn:kith:agency:oakfield-school"`},
	{"another agency's type", "event", `"uk.kith.police.missing-episode.v1"`, `"uk.kith.health.was-not-brought.v1"`},
	{"a version that is not there", "event", `"uk.kith.police.missing-episode.v1"`, `"uk.kith.police.missing-episode.v2"`},
	{"no id", "event", `"id": "NSP-2026-131877/1",`, ``},
	{"no specversion", "event", `"specversion": "1.0",`, ``},
	{"an old specversion", "event", `"specversion": "1.0",`, `"specversion": "0.3",`},
	{"an attribute in camel case", "event", `"datacontenttype"`, `"dataContentType"`},
	{"data as a string", "event", `"data": {…`, `"data": "{}"}`},
	{"a comma too many", "event", `"circumstances": "Did not come back after college."`, `"circumstances": "Did not come back after college.",`},
	{"a time of the event without a zone", "event", `"time": "2026-11-06T22:30:00Z"`, `"time": "2026-11-06T22:30:00"`},
	{"the event found before it began", "missing", `"circumstances"`, `"foundAt": "2026-11-20T08:00:00Z", "circumstances"`},
	{"a record without people", "missing", `"people": [`, `"persons": [`},
	{"a police reference with spaces", "missing", `"NP-2026-110501"`, `"NP 2026 110501"`},
	{"a moment without its zone", "missing", `"2026-11-20T19:00:00Z"`, `"2026-11-20T19:00:00"`},
	{"a UPN with a wrong check letter", "concern", `b801200005001`, `c801200005001`},
	{"the family not told, and no reason", "concern", `"whyNotTold": "It could make things worse at home this evening.",`, ``},
	{"yes for true", "concern", `"immediate": false`, `"immediate": "no"`},
	{"a column that is not known", "csv", `percentBefore`, `before`},
	{"a member that is not known, in a part", "missing", `"surname"`, `"familyName"`},
	{"semicolons between the cells", "csv", `record,reference,…`, "record;reference;from;to\nsuspension;SUS-1;2026-11-18;\"2026-11-20\"\n"},
	{"a per cent sign", "csv", `,71,94,`, `,71%,94,`},
	{"a row with a field too many", "csv", `Year office,004512`, `Year office,,004512`},
	{"a day the English way in a table", "csv", `2026-10-05`, `05/10/2026`},
	{"a category in words", "row", `"category": "EMO"`, `"category": "emotional abuse"`},
	{"a kind of row that is not known", "row", `"protection-plan"`, `"cp-plan"`},
	{"an NHS number with a wrong check digit", "hospital", `9990001014`, `9990001013`},
	{"a number as text", "hospital", `"missedLastYear": 3`, `"missedLastYear": "three"`},
	{"an Encounter that is no emergency", "fhir", `"EMER"`, `"AMB"`},
	{"a birth date the English way", "fhir", `"birthDate": "`, `"birthDate": "01/`},
	{"a subject that is no NHS number", "mns", `"subject": "9912003888"`, `"subject": "9912003889"`},
}

// TestMistakes makes each of them, through the real doors and the real intake,
// and compares every word of the answer with docs/mistakes.md. KITH_UPDATE=1
// writes that page.
func TestMistakes(t *testing.T) {
	w := newWorld(t)
	var page strings.Builder
	page.WriteString(mistakesHead)
	pages := map[string]string{}   // title of each type of problem
	for name, s := range samples { // right as they stand
		if a := w.ask(t, s.persona, "POST", s.path, s.contentType, s.text(t)); a.status != 202 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, m := range mistakes {
		s := samples[m.base]
		right := s.text(t)
		wrong := m.in(right)
		if wrong == right {
			t.Errorf("%s: the sample has no %s", m.what, m.old)
		}
		a := w.ask(t, s.persona, "POST", s.path, s.contentType, wrong)
		p := into[struct {
			Type, Title string
			Errors      []fault.Place
		}](t, a)
		pages[p.Type] = p.Title
		if a.status < 400 || a.status >= 500 || len(p.Errors) == 0 {
			t.Errorf("%s: %d %s", m.what, a.status, a.body)
			continue
		}
		for i, e := range p.Errors {
			if a.status == http.StatusUnprocessableEntity && e.Code == "" {
				t.Errorf("%s: refused without a code: %s", m.what, a.body)
			}
			fmt.Fprintf(&page, "| %s | `%s` | %s |\n", []string{m.what + " (" + m.base + ")", ""}[min(i, 1)], e.Pointer, strings.ReplaceAll(e.Detail, "|", "\\|"))
		}
	}
	for kind, title := range pages { // of the hub and of the agencies' edges
		at := strings.TrimPrefix(kind, "https://kith.uk")
		if a := w.ask(t, "police", "GET", at, "", ""); a.status != http.StatusOK || !strings.Contains(a.body, title) {
			t.Errorf("%s: %d; no page of %q", kind, a.status, title)
		}
	}
	const file = "../../docs/mistakes.md"
	if os.Getenv("KITH_UPDATE") == "1" {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	same(t, strings.Split(page.String(), "\n"), strings.Split(string(want), "\n"))
	t.Logf("%d mistakes, each answered with where it is and what to give instead", len(mistakes))
}

// same compares line by line, so that one change shows as one.
func same(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, g, w)
		}
	}
}

const mistakesHead = `# Mistakes, and what Kith says

Each line is one thing that was changed in a sample that is right, and the answer to it, word for word: a test makes every one of them through the real doors. *event* and *school* are CloudEvents at ` + "`POST /v1/events`" + `; *missing*, *concern*, *csv*, *row*, *hospital*, *fhir* and *mns* are records at an agency's door. ` + "`kith validate`" + ` says the same without sending anything, where it is there.

| mistake | where | what the answer says |
| --- | --- | --- |
`

func (s sample) text(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
