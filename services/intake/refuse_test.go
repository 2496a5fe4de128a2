package intake

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"kith/events"
	"kith/events/bus"
)

// Each way to be refused, with a value planted where the message is wrong. No
// detail and no log line repeats it; every message is kept as it came; none of
// them stops what comes after.
func TestRefusals(t *testing.T) {
	const canary = "Wilhelmina"
	good := string(example(t, incident))
	with := func(old, new string) []byte {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("the example has no %s", old)
		}
		return []byte(strings.Replace(good, old, new, 1))
	}
	raw := func(s string) bus.Message { return bus.Message{Body: []byte(s)} }
	of := func(data []byte) bus.Message { return sent("X", incident, data) }

	tests := []struct {
		name    string
		message bus.Message
		code    string
		pointer string
	}{
		{"too large", of(append([]byte(good), bytes.Repeat([]byte(" "+canary), MaxMessage/10)...)), TooLarge, ""},
		{"empty", raw(""), Malformed, ""},
		{"not JSON", raw(canary), Malformed, ""},
		{"not an object", raw(`["` + canary + `"]`), Malformed, ""},
		{"data after the end", raw(string(of([]byte(good)).Body) + `{"` + canary + `":1}`), Malformed, ""},
		{"no id", raw(`{"specversion":"1.0","source":"urn:kith:agency:northshire-police","type":"uk.kith.x.y.v1","subject":"` + canary + `"}`), Malformed, "/id"},
		{"long id", sent(strings.Repeat(canary, 30), incident, []byte(good)), Malformed, "/id"},
		{"attribute in capitals", raw(strings.Replace(string(of([]byte(good)).Body), `"id":`, `"ID":"`+canary+`","id":`, 1)), Malformed, "/id"},
		{"attribute twice", raw(strings.Replace(string(of([]byte(good)).Body), `"id":`, `"id":"`+canary+`","id":`, 1)), Malformed, "/id"},
		{"binary that is not JSON", bus.Message{Header: map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"1"},
			"ce-source": {agencies[0].Source}, "ce-type": {string(incident)}}, Body: []byte(canary)}, Malformed, "/data"},
		{"not UTF-8", of(with("pillow", canary+"\xff")), Malformed, ""},
		{"field twice", of(with(`"label":`, `"label":"`+canary+`","label":`)), DuplicateKey, "/data/label"},
		{"field twice, written otherwise", of(with(`"label":`, `"l\u0061bel":"`+canary+`","label":`)), DuplicateKey, "/data/label"},
		{"unknown field twice", of(with(`"label":`, `"`+canary+` X":1,"`+canary+` X":2,"label":`)), DuplicateKey, "/data"},
		{"source of another", raw(strings.Replace(string(of([]byte(good)).Body), "agency:northshire-police", "agency:"+canary, 1)), WrongSource, "/source"},
		{"long source", raw(strings.Replace(string(of([]byte(good)).Body), "agency:northshire-police", "agency:"+strings.Repeat(canary, 999), 1)), WrongSource, "/source"},
		{"type of another kind", sent("X", "uk.kith.health.was-not-brought.v1", example(t, "uk.kith.health.was-not-brought.v1")), WrongAgency, "/type"},
		{"type of the hub", sent("X", "uk.kith.identity.subject-linked.v1", []byte(`{"subject":"`+canary+`"}`)), UnknownType, "/type"},
		{"type of tomorrow", sent("X", "uk.kith.police.domestic-abuse-incident.v2", []byte(good)), UnknownType, "/type"},
		{"foreign type", sent("X", "com.example."+canary, []byte(good)), UnknownType, "/type"},
		{"data as text of another type", raw(`{"specversion":"1.0","id":"X","source":"urn:kith:agency:northshire-police","type":"` + string(incident) + `","datacontenttype":"text/xml","data":` + strconv.Quote(good) + `}`), Malformed, "/datacontenttype"},
		{"id in another alphabet", sent("NЅP-1", incident, []byte(good)), Malformed, "/id"},
		{"local id with a mark of direction", of(with("NSP-P-40021", "NSP-P-40021\u202e")), Schema, "/data/about/0/localId"},
		{"another subject", bus.Message{Body: of([]byte(good)).Body, Subject: "events.police.missing-episode"}, WrongSubject, "/type"},
		{"no data", raw(`{"specversion":"1.0","id":"X","source":"urn:kith:agency:northshire-police","type":"` + string(incident) + `"}`), Schema, "/data"},
		{"data is no object", of([]byte(`"` + canary + `"`)), Schema, "/data"},
		{"date of birth", of(with("2015-04-17", canary)), Schema, "/data/about/0/dateOfBirth"},
		{"moment", of(with("2026-10-02T21:40:00+01:00", canary)), Schema, "/data/occurredAt"},
		{"moment without offset", of(with("2026-10-02T21:40:00+01:00", "2026-10-02T21:40:00")), Schema, "/data/occurredAt"},
		{"fields in capitals", of(with(`"place":`, `"PLACE":`)), Schema, "/data/fact/PLACE"},
		{"unknown field", of(with(`"place":`, `"riskScore":"`+canary+`","place":`)), Schema, "/data/fact/riskScore"},
		{"unknown field with a telling name", of(with(`"place":`, `"`+canary+` Hughes":1,"place":`)), Schema, "/data/fact"},
		{"unknown field like a number", of(with(`"place":`, `"9912003888":"`+canary+`","place":`)), Schema, "/data/fact"},
		{"a person twice", of(with("NSP-P-40023", "NSP-P-40021")), Schema, "/data/about/1/localId"},
		{"next year", of(with("2026-10-02T21:40:00+01:00", "2062-10-02T21:40:00+01:00")), Future, "/data/occurredAt"},
		{"recorded next year", of(with("2026-10-03T02:15:00+01:00", "2062-10-02T21:40:00+01:00")), Future, "/data/recordedAt"},
	}
	d := open(t, plain)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := d.refuses(t, police, tc.message, tc.code)
			if r.Problems[0].Pointer != tc.pointer {
				t.Errorf("points to %q, want %q: %+v", r.Problems[0].Pointer, tc.pointer, r.Problems)
			}
			for _, p := range r.Problems {
				if said := fmt.Sprint(p); strings.Contains(said, canary) || strings.Contains(said, "9912003888") {
					t.Errorf("repeats what was sent: %s", said)
				}
			}
			again := d.refuses(t, police, tc.message, tc.code)
			if fmt.Sprint(again) != fmt.Sprint(r) {
				t.Errorf("two answers: %+v, %+v", r, again)
			}
			d.accepts(t, police, sent("after "+tc.name, incident, []byte(good)))
		})
	}

	kept := d.quarantined(t, police)
	if len(kept) != len(tests) {
		t.Fatalf("%d messages in quarantine, want %d", len(kept), len(tests))
	}
	for i, q := range kept {
		want := tests[i].message.Body
		if len(want) > MaxMessage {
			want = want[:MaxMessage]
		}
		if !bytes.Equal(q.Message, want) || q.Digest != bus.Digest(tests[i].message) || q.Problems[0].Code != tests[i].code {
			t.Errorf("%s: not kept as it came", tests[i].name)
		}
		if q.At.IsZero() || len(q.Source) > longest || len(q.EventID) > longest {
			t.Errorf("%s: kept as %v, source %d, id %d", tests[i].name, q.At, len(q.Source), len(q.EventID))
		}
	}
	if strings.Contains(d.log.String(), canary) || strings.Contains(d.log.String(), "NSP-") {
		t.Errorf("the log says:\n%s", d.log)
	}
	if !strings.Contains(d.log.String(), "code="+Schema) {
		t.Errorf("the log does not say why:\n%s", d.log)
	}
}

// One agency may be held to smaller messages than others.
func TestSmallerLimit(t *testing.T) {
	d := open(t, plain)
	d.limits = bus.Limits{Of: map[events.AgencyID]bus.Limit{police: {MaxEventBytes: 64 << 10}}}
	m := sent("X", missing1, append(example(t, missing1), bytes.Repeat([]byte(" "), 64<<10)...))
	r := d.refuses(t, police, m, TooLarge)
	if !strings.Contains(r.Problems[0].Detail, "64 KiB") {
		t.Errorf("%+v", r.Problems)
	}
	d.limits = bus.Limits{}
	d.accepts(t, police, m)
}

func TestUnregisteredAgency(t *testing.T) {
	d := open(t, plain)
	d.refuses(t, "eastshire-police", sent("X", incident, example(t, incident)), WrongAgency)
	if n := len(d.quarantined(t, "eastshire-police")); n != 1 {
		t.Errorf("%d messages in quarantine", n)
	}
	if n := len(d.quarantined(t, police)); n != 0 {
		t.Errorf("%d of them with another agency", n)
	}
	if items := held[events.Item](t, d.store, "subject"); len(items) != 0 {
		t.Errorf("%d items", len(items))
	}
}

// What a message in binary mode said in its headers is kept too.
func TestBinaryMessageIsKeptWhole(t *testing.T) {
	d := open(t, plain)
	d.refuses(t, police, bus.Message{Header: map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"bin-1"},
		"ce-source": {agencies[0].Source}, "ce-type": {string(incident)}}, Body: []byte(`{}`)}, Schema)
	if q := d.quarantined(t, police)[0]; !bytes.Contains(q.Message, []byte("bin-1")) || q.EventID != "bin-1" {
		t.Errorf("kept: %s", q.Message)
	}
}
