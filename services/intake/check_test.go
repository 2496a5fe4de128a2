package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/events"
)

// put replaces what stands at a path of a document ("about 0 role"); with nil it
// takes it away.
func put(t testing.TB, data []byte, path string, v any) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	steps := strings.Fields(path)
	at := doc
	for i, step := range steps {
		switch here := at.(type) {
		case map[string]any:
			switch {
			case i < len(steps)-1:
				at = here[step]
			case v == nil:
				delete(here, step)
			default:
				here[step] = v
			}
		case []any:
			var n int
			if _, err := fmt.Sscan(step, &n); err != nil || n >= len(here) {
				t.Fatalf("no %s in %s", step, path)
			}
			if i == len(steps)-1 {
				here[n] = v
			}
			at = here[n]
		default:
			t.Fatalf("no %s in %s", step, path)
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type m = map[string]any

// Rules of the schemas that a mistake in them would loosen without a word. Each
// line breaks a sound report in one way and says where it is told.
func TestRules(t *testing.T) {
	const (
		attendance = "uk.kith.health.emergency-attendance.v1"
		early      = "uk.kith.health.practitioner-concern.v1"
		record     = "uk.kith.health.national-record-changed.v1"
		concern    = "uk.kith.education.concern.v1"
		fall       = "uk.kith.education.attendance-fall.v1"
		suspension = "uk.kith.education.suspension.v1"
		contact    = "uk.kith.socialcare.contact.v1"
	)
	long := strings.Repeat("x", 20001)
	tests := []struct {
		typ  events.Type
		path string
		v    any
		want string // where it is told; "" if it is sound
	}{
		{incident, "about", []any{}, "/data/about"},
		{incident, "about", nil, "/data/about"},
		{missing1, "about 0 role", "parent", "/data/about"}, // nobody is a child
		{missing1, "about", slices.Repeat([]any{m{"localId": "1", "role": "child"}}, 51), "/data/about"},
		{missing1, "about 0 role", "toddler", "/data/about/0/role"},
		{missing1, "about 0 localId", nil, "/data/about/0/localId"},
		{missing1, "about 0 localId", "  ", "/data/about/0/localId"},
		{missing1, "about 0 localId", long[:201], "/data/about/0/localId"},
		{missing1, "about 0 name", nil, "/data/about/0"}, // neither name nor identifier
		{missing1, "about 0 name", m{}, "/data/about/0"},
		{missing1, "about 0 name", m{"given": "Zoë"}, ""},
		{missing1, "about 0 dateOfBirth", "2010-02-30", "/data/about/0/dateOfBirth"},
		{missing1, "about 0 dateOfBirth", "28/02/2010", "/data/about/0/dateOfBirth"},
		{missing1, "about 0 sex", "F", "/data/about/0/sex"},
		{missing1, "about 0 address", m{"lines": []any{"1 The Row"}}, "/data/about/0/address/label"},
		{missing1, "about 0 address", m{"lines": []any{}, "label": "core"}, "/data/about/0/address/lines"},
		{missing1, "about 0 address", m{"lines": slices.Repeat([]any{"x"}, 11), "label": "core"}, "/data/about/0/address/lines"},
		{missing1, "about 0 address", m{"lines": []any{"x"}, "postcode": "NS4 2QT NS4 2QT", "label": "core"}, "/data/about/0/address/postcode"},
		{record, "about 0 identifiers nhsNumber value", "9434765871", "/data/about/0/identifiers/nhsNumber/value"},
		{record, "about 0 identifiers nhsNumber value", "943 476 5870", "/data/about/0/identifiers/nhsNumber/value"},
		{record, "about 0 identifiers nhsNumber status", nil, "/data/about/0/identifiers/nhsNumber/status"},
		{record, "about 0 identifiers nhsNumber status", "traced", "/data/about/0/identifiers/nhsNumber/status"},
		{record, "about 0 identifiers", m{}, "/data/about/0"},
		{missing1, "about 0 identifiers", m{}, ""}, // says nothing, and does no harm
		{concern, "about 0 identifiers upn", "A801200005001", "/data/about/0/identifiers/upn"},
		{concern, "about 0 identifiers upn", "F80120000500A", "/data/about/0/identifiers/upn"},

		{incident, "basis", nil, "/data/basis"},
		{incident, "basis article6", "because", "/data/basis/article6"},
		{incident, "basis", m{}, "/data/basis/article6"},
		{concern, "basis article6", "because", "/data/basis/article6"},
		{concern, "basis article9", "because", "/data/basis/article9"},
		{incident, "basis paragraph18 ground", "no reason", "/data/basis/paragraph18/ground"},
		{incident, "basis paragraph18 necessity", long[:2001], "/data/basis/paragraph18/necessity"},
		{early, "basis paragraph18", m{"ground": "consent-cannot-be-given", "necessity": "x", "subject": "under-18", "policyDocument": "x"}, "/data/basis/paragraph18"},
		{incident, "basis paragraph18", nil, "/data/basis/paragraph18"}, // substantial public interest
		{incident, "basis paragraph18 ground", nil, "/data/basis/paragraph18/ground"},
		{incident, "basis paragraph18 necessity", "", "/data/basis/paragraph18/necessity"},
		{incident, "basis paragraph18 subject", "child", "/data/basis/paragraph18/subject"},
		{incident, "basis paragraph18 policyDocument", " ", "/data/basis/paragraph18/policyDocument"},
		{incident, "basis article9", nil, ""}, // criminal offence data
		{incident, "basis article9", "health-or-social-care", "/data/basis/paragraph18"},
		{incident, "basis article6", "legitimate-interests", "/data/basis/article6"}, // of a public authority
		{contact, "basis article6", "recognised-legitimate-interest", "/data/basis/article6"},
		{concern, "basis article6", "recognised-legitimate-interest", ""}, // of an independent school
		{incident, "basis article6", "consent", "/data/basis/article9"},
		{incident, "basis consentScope", "early-help", "/data/basis/consentScope"},
		{early, "basis consentScope", nil, "/data/basis/consentScope"},
		{early, "basis consentScope", "everything", "/data/basis/consentScope"},
		{early, "basis article9", nil, "/data/basis/article9"}, // health data
		{early, "basis article9", "health-or-social-care", "/data/basis/article9"},
		{early, "basis article6", "public-task", "/data/basis/article9"},
		{record, "basis article9", nil, ""},
		{incident, "basis", m{"article6": "consent", "consentScope": "early-help", "paragraph18": m{"ground": "consent-cannot-be-given",
			"necessity": "x", "subject": "under-18", "policyDocument": "x"}}, "/data/basis/paragraph18"},

		{incident, "label", "secret", "/data/label"},
		{incident, "label", nil, "/data/label"},
		{incident, "caveats", []any{"no-guardian", "no-guardian"}, "/data/caveats"},
		{incident, "caveats 0", "burn-after-reading", "/data/caveats/0"},
		{incident, "informed", m{}, "/data/informed/told"},
		{incident, "informed why", long[:2001], "/data/informed/why"},
		{incident, "contact email", long[:200] + "@x.example", "/data/contact/email"},
		{incident, "fact policeReference", long[:201], "/data/fact/policeReference"},
		{incident, "informed why", nil, "/data/informed/why"},
		{incident, "informed told", true, ""},
		{incident, "informed told", "no", "/data/informed/told"},
		{incident, "voice words", nil, "/data/voice/words"},
		{incident, "contact team", nil, "/data/contact/team"},
		{incident, "contact email", "not a mailbox", "/data/contact/email"},
		{incident, "occurredAt", "2026-10-02", "/data/occurredAt"},
		{incident, "occurredAt", "2026-10-02t21:40:00z", "/data/occurredAt"},
		{incident, "occurredAt", "2016-12-31T23:59:60Z", "/data/occurredAt"},
		{incident, "recordedAt", nil, "/data/recordedAt"},
		{incident, "recordedAt", 1759437600, "/data/recordedAt"},

		{incident, "fact", nil, "/data/fact"},
		{incident, "fact circumstances", long, "/data/fact/circumstances"},
		{incident, "fact circumstances", long[:20000], ""},
		{incident, "fact presence", "asleep", "/data/fact/presence"},
		{missing1, "fact foundAt", nil, ""},
		{missing1, "fact foundAt", "later", "/data/fact/foundAt"},
		{attendance, "fact leftAt", false, "/data/fact/leftAt"},
		{fall, "fact percent", 101, "/data/fact/percent"},
		{fall, "fact percent", -1, "/data/fact/percent"},
		{fall, "fact percent", 61.5, "/data/fact/percent"},
		{suspension, "fact days", 46, "/data/fact/days"},
		{suspension, "fact days", json.RawMessage("3e0"), "/data"}, // whole to a schema, not to the vocabulary
		{contact, "fact from", "5E", "/data/fact/from"},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("%s %s %.20v", tc.typ, tc.path, tc.v), func(t *testing.T) {
			data := put(t, example(t, tc.typ), tc.path, tc.v)
			problems := Check(events.AgencyKind(tc.typ.Family()), tc.typ, data)
			if tc.want == "" {
				if len(problems) > 0 {
					t.Errorf("complains: %+v", problems)
				}
				return
			}
			if len(problems) == 0 {
				t.Fatal("passes")
			}
			if !slices.ContainsFunc(problems, func(c events.Complaint) bool { return c.Pointer == tc.want }) {
				t.Errorf("%+v, want a complaint at %s", problems, tc.want)
			}
			for _, p := range problems {
				if p.Code != Schema || p.Detail == "" || strings.Contains(p.Detail, "does not fit") {
					t.Errorf("says too little: %+v", p)
				}
			}
		})
	}
}

// Whatever stands in an example, something of another type, blank or endless in
// its place is refused there. So a field that a new example shows is covered.
func TestEveryFieldHasItsTypeAndItsLimit(t *testing.T) {
	for typ := range events.FactTypes() {
		data := example(t, typ)
		var doc any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		each(doc, "", func(path string, v any) {
			var wrong []any
			switch v.(type) {
			case string:
				wrong = []any{42, " ", strings.Repeat("x", 20001), []any{}}
			case m, []any:
				wrong = []any{"x", 42}
			default:
				wrong = []any{"x", m{}}
			}
			for _, w := range wrong {
				at := "/data/" + strings.ReplaceAll(path, " ", "/")
				problems := Check(events.AgencyKind(typ.Family()), typ, put(t, data, path, w))
				if !slices.ContainsFunc(problems, func(c events.Complaint) bool { return c.Pointer == at }) {
					t.Errorf("%s: %.20q at %s: %+v", typ, w, at, problems)
				}
			}
		})
	}
}

// each visits every value of a document but the document itself.
func each(v any, path string, visit func(string, any)) {
	switch v := v.(type) {
	case m:
		for k, x := range v {
			at := strings.TrimSpace(path + " " + k)
			visit(at, x)
			each(x, at, visit)
		}
	case []any:
		for i, x := range v {
			at := fmt.Sprintf("%s %d", path, i)
			visit(at, x)
			each(x, at, visit)
		}
	}
}

func TestExamplesPass(t *testing.T) {
	for typ := range events.FactTypes() {
		if problems := Check(events.AgencyKind(typ.Family()), typ, example(t, typ)); len(problems) > 0 {
			t.Errorf("%s: %+v", typ, problems)
		}
	}
}

// What the translators of the agency kinds make of native records would be
// accepted: their golden files hold it as the hub would get it.
func TestTranslatedRecordsPass(t *testing.T) {
	for _, kind := range []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare} {
		files, err := filepath.Glob(filepath.Join("..", string(kind), "testdata", "*.golden.json"))
		if err != nil || len(files) == 0 {
			t.Errorf("no golden records of %s: %v", kind, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var notices []struct {
				ID   string
				Type events.Type
				Void []string
				Data json.RawMessage
			}
			if err := json.Unmarshal(b, &notices); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			for i, n := range notices {
				if n.ID != "" && !nameOfEvent(n.ID) {
					t.Errorf("%s, notice %d: intake would refuse its id", f, i)
				}
				if len(n.Void) > 0 {
					continue // the edge completes it from the event that it takes back
				}
				if problems := Check(kind, n.Type, n.Data); len(problems) > 0 {
					t.Errorf("%s, notice %d: %+v", f, i, problems)
				}
			}
		}
	}
}

// All that is wrong is told at once, in an order that does not change.
func TestComplaintsAreCompleteAndInOrder(t *testing.T) {
	var first []events.Complaint
	for range 20 {
		got := Check(events.KindPolice, incident, []byte(`{"about":[{"role":"child"},{"role":"x","localId":""}],"fact":{},"LABEL":1}`))
		if first == nil {
			first = got
		}
		if fmt.Sprint(got) != fmt.Sprint(first) {
			t.Fatalf("%+v\n%+v", first, got)
		}
	}
	var at []string
	for _, c := range first {
		at = append(at, c.Pointer)
	}
	want := []string{"/data/LABEL", "/data/about/0", "/data/about/0/localId", "/data/about/1/localId", "/data/about/1/role",
		"/data/basis", "/data/contact", "/data/fact/circumstances", "/data/fact/place", "/data/fact/policeReference",
		"/data/fact/presence", "/data/label", "/data/occurredAt", "/data/recordedAt"}
	if !slices.Equal(at, want) {
		t.Errorf("told:\n%q, want\n%q", at, want)
	}
}

func TestNotTooManyComplaints(t *testing.T) {
	people := bytes.Repeat([]byte(`{},`), 49)
	data := fmt.Appendf(nil, `{"about":[%s{}]}`, people)
	if n := len(Check(events.KindPolice, incident, data)); n != most {
		t.Errorf("%d complaints", n)
	}
}

// What passes means the same to the validator and to the decoder: encoded again
// it passes too, and nothing is gone.
func FuzzCheck(f *testing.F) {
	for typ := range events.FactTypes() {
		f.Add(string(typ), example(f, typ))
	}
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		agree(t, events.Type(typ), data)
		kind := events.AgencyKind(events.Type(typ).Family())
		r, problems := check(kind, events.Type(typ), data)
		if len(problems) > 0 {
			return
		}
		again := encoded(t, r)
		if by, err := events.DecodeReport(events.Type(typ), data); err != nil || !bytes.Equal(encoded(t, by), again) {
			t.Fatalf("the standard library reads something else, or nothing: %v\n%s", err, data)
		}
		if problems := Check(kind, events.Type(typ), again); len(problems) > 0 {
			t.Fatalf("%+v\n%s\n%s", problems, data, again)
		}
		if !same(t, data, again) {
			t.Fatalf("lost something:\n%s\n%s", data, again)
		}
	})
}

func encoded(t *testing.T, r events.Report) []byte {
	t.Helper()
	b, err := events.EncodeReport(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same compares two documents; what is empty is the same as what is not there.
func same(t *testing.T, a, b []byte) bool {
	var docs [2]m
	for i, data := range [][]byte{a, b} {
		if err := json.Unmarshal(data, &docs[i]); err != nil {
			t.Fatal(err)
		}
		if c, ok := docs[i]["caveats"].([]any); ok && len(c) == 0 {
			delete(docs[i], "caveats")
		}
		for _, p := range docs[i]["about"].([]any) {
			for _, at := range []string{"name", "identifiers"} {
				if v, ok := p.(m)[at].(m); ok && len(v) == 0 {
					delete(p.(m), at)
				}
			}
		}
		for _, at := range []string{"occurredAt", "recordedAt"} {
			delete(docs[i], at) // one moment can be written in several ways
		}
		if f, ok := docs[i]["fact"].(m); ok {
			for _, at := range []string{"missingSince", "foundAt", "arrivedAt", "leftAt", "appointmentAt"} {
				delete(f, at)
			}
		}
	}
	x, _ := json.Marshal(docs[0])
	y, _ := json.Marshal(docs[1])
	return bytes.Equal(x, y)
}
