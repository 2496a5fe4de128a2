package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events"
)

func msg(body string, headers ...string) Message {
	m := Message{Header: map[string][]string{}, Body: []byte(body)}
	for i := 0; i < len(headers); i += 2 {
		m.Header[headers[i]] = append(m.Header[headers[i]], headers[i+1])
	}
	return m
}

const required = `"specversion":"1.0","id":"1","source":"/s","type":"t"`

// there and back: what Structured wrote says the same when it is read.
func there(t *testing.T, s Message) {
	t.Helper()
	e, err := Decode(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Structured(e)
	if err != nil || !bytes.Equal(again.Body, s.Body) || again.get(contentType) != s.get(contentType) {
		t.Errorf("again: %s %v", again.Body, err)
	}
}

func pointers(t *testing.T, err error) string {
	t.Helper()
	var m *Malformed
	if !errors.As(err, &m) || len(m.Problems) == 0 {
		t.Fatalf("want a *Malformed, got %v", err)
	}
	var ps []string
	for _, p := range m.Problems {
		if p.Code != CodeMalformed || p.Detail == "" {
			t.Errorf("incomplete complaint %+v", p)
		}
		ps = append(ps, p.Pointer)
	}
	return strings.Join(ps, " ")
}

// Agencies are told the codec's errors, and they are logged: no value may show.
func TestErrorsHoldNoValues(t *testing.T) {
	for _, in := range []Message{
		msg(`{"specversion":"SECRET","id":["SECRET"],"source":"%SECRET","type":"","time":"SECRET","dataschema":"SECRET","datacontenttype":"SECRET ;","SECRET":"x","secret ":1,"ext":{"a":"SECRET"},"data_base64":"SECRET!"}`),
		msg(`{"SECRET`), msg(`SECRET`), msg(`{"a":SECRET}`),
		msg(`SECRET`, "ce-id", "SECRET%", "ce-SECRET_NAME", "SECRET", "ce-time", "SECRET", "ce-"+strings.Repeat("secret", 10), "x"),
		msg(`x`, "Content-Type", "application/cloudevents+SECRET"),
	} {
		_, err := Decode(in)
		if err == nil {
			t.Fatal("must be refused")
		}
		if all, _ := json.Marshal(err); strings.Contains(strings.ToLower(err.Error()+string(all)), "secret") {
			t.Errorf("leaks: %s", all)
		}
	}
}

func TestStructuredRefusesBrokenData(t *testing.T) {
	for _, data := range []string{`1,"source":"urn:other"`, `{"":"\ud800"}`, "\"\xff\"", `{}{}`, `01`} {
		e, err := Decode(binaryMsg(data))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Structured(e)
		if got := pointers(t, err); got != "/data" {
			t.Errorf("%q: complaint at %q", data, got)
		}
	}
}

func TestPercent(t *testing.T) {
	for in, want := range map[string]string{
		"Euro € 😀":    "Euro%20%E2%82%AC%20%F0%9F%98%80",
		`a"b%c`:       "a%22b%25c",
		"O'Brien~!":   "O'Brien~!",
		"tab\tand\n~": "tab%09and%0A~",
	} {
		got := percentEncode(in)
		back, ok := percentDecode(strings.ToLower(got[:0]) + got)
		if got != want || back != in || !ok {
			t.Errorf("%q: got %q, back %q", in, got, back)
		}
	}
	for in, want := range map[string]string{"%41%42": "AB", "%e2%82%ac": "€", "Zoë": "Zoë", "": ""} {
		if got, ok := percentDecode(in); !ok || got != want {
			t.Errorf("%q: got %q %v", in, got, ok)
		}
	}
	for _, in := range []string{"%C0%A0", "%", "%4", "%4g", "a%ff", "\xff"} {
		if got, ok := percentDecode(in); ok {
			t.Errorf("%q passed as %q", in, got)
		}
	}
}

func TestDigest(t *testing.T) {
	s := msg(` {` + required + `} `)
	if Digest(s) == Digest(msg(`{`+required+`}`)) {
		t.Error("a structured message is named by its very bytes")
	}
	b := msg(``, "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s", "ce-type", "t")
	if Digest(b) != Digest(msg(`{`+required+`}`)) {
		t.Error("a binary message is named by its structured form")
	}
	if Digest(msg(`x`, "ce-id", "1")) == Digest(msg(`x`, "ce-id", "2")) || Digest(msg(`x`, "ce-id", "1")) != Digest(msg(`x`, "Ce-Id", "1")) {
		t.Error("a binary message that is none is named by its attributes and body")
	}
	if Digest(msg(`{`+required+`}`)) != Digest(msg(`{`+required+`}`, "Content-Type", typeStructured, "traceparent", "x", "Nats-Msg-Id", "7")) {
		t.Error("headers on the way do not change what a message says")
	}
}

func TestFromHTTP(t *testing.T) {
	one := `{ ` + required + ` , "data": {"a" : 1}}`
	for _, c := range []struct {
		name   string
		body   string
		header []string
		want   []string // structured forms, or bodies of the messages
	}{
		{name: "structured", body: one, header: []string{"Content-Type", "application/cloudevents+json; charset=UTF-8"}, want: []string{one}},
		{name: "batch", body: `[` + one + ",\n {}  ]", header: []string{"Content-Type", typeBatch}, want: []string{one, `{}`}},
		{name: "empty batch", body: `[]`, header: []string{"Content-Type", typeBatch}},
		{name: "no header at all", body: one, want: []string{one}},
		{name: "binary", body: `{"a":1}`, header: []string{"Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "/s", "Ce-Type", "t"},
			want: []string{`{` + required + `,"datacontenttype":"application/json","data":{"a":1}}`}},
		{name: "binary, quoted and encoded", body: ``, header: []string{"Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "/s", "Ce-Type", "t", "Ce-Subject", `"Euro %E2%82%AC \"x\""`},
			want: []string{`{` + required + `,"subject":"Euro € \"x\""}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{"Authorization": {"Bearer x"}, "Nats-Rollup": {"all"}}
			for i := 0; i < len(c.header); i += 2 {
				h.Add(c.header[i], c.header[i+1])
			}
			ms, err := FromHTTP(h, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range ms {
				if m.get("Authorization") != "" || m.get("Nats-Rollup") != "" {
					t.Error("a header that is no attribute was handed on")
				}
				if e, err := Decode(m); err == nil && m.mode() == binary {
					s, _ := Structured(e)
					m = s
				}
				got = append(got, string(m.Body))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for _, h := range []string{"application/cloudevents+xml", "application/cloudevents+json; charset=latin1", typeBatch} {
		if _, err := FromHTTP(http.Header{"Content-Type": {h}}, []byte(`{`)); err == nil {
			t.Errorf("%s passed", h)
		}
	}
}

func TestNewEvent(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.FixedZone("", 3600))
	n := events.Notice{ID: "7", Report: events.Report{
		Shared: events.Shared{OccurredAt: at, RecordedAt: at.Add(time.Hour)},
		Fact:   events.OffRoll{On: "2026-11-20"},
	}}
	e, err := NewEvent("urn:kith:agency:oakfield-school", n)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Structured(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"specversion":"1.0","id":"7","source":"urn:kith:agency:oakfield-school","type":"uk.kith.education.off-roll.v1",` +
		`"time":"2026-11-23T08:30:00Z","datacontenttype":"application/json","dataschema":"https://kith.uk/schemas/education/off-roll.v1.json",` +
		`"recordedtime":"2026-11-23T09:30:00Z","data":{`
	if !strings.HasPrefix(string(m.Body), want) {
		t.Errorf("got  %s\nwant %s", m.Body, want)
	}
	there(t, m)
	back, err := Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := events.DecodeReport(events.Type(back.Type()), back.Data()); err != nil || r.Fact != n.Report.Fact {
		t.Errorf("report does not come back: %v", err)
	}
	if subjectOf(m) != "events.education.off-roll" || subjectOf(sample("1")) != "events.police.missing-episode" || subjectOf(msg("x")) != "events.other" {
		t.Error("subjects")
	}
	if _, err := NewEvent("%zz", n); err == nil {
		t.Error("a source that is no URI passed")
	}
}

// Whatever comes, Decode answers with an event that can be written and read
// again, or with a complaint; it never panics.
func FuzzDecode(f *testing.F) {
	for _, c := range slices.Concat(jsonFormat, natsBinding) {
		f.Add(c.in.get("content-type"), c.in.get("ce-subject"), c.in.Body)
	}
	f.Fuzz(func(t *testing.T, ct, subject string, body []byte) {
		for _, m := range []Message{
			{Header: map[string][]string{"Content-Type": {ct}}, Body: body},
			msg(string(body), "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s", "ce-type", "t", "ce-datacontenttype", ct, "ce-subject", subject, "ce-ext", subject),
		} {
			if len(Digest(m)) != 64 {
				t.Error("no digest")
			}
			e, err := Decode(m)
			if err != nil {
				pointers(t, err)
				continue
			}
			s, err := Structured(e)
			if err != nil {
				pointers(t, err)
				continue
			}
			there(t, s)
			b, err := Binary(e)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := Decode(b); err != nil || back.ID() != e.ID() || back.Subject() != e.Subject() || !bytes.Equal(back.Data(), e.Data()) {
				t.Errorf("binary: %v", err)
			}
		}
	})
}

// Whatever a request holds, each message of it can be decoded or complained of,
// and an element of a batch has the bytes that it had there.
func FuzzFromHTTP(f *testing.F) {
	f.Add(typeBatch, "", "", []byte(`[{`+required+`},{}, 7]`))
	f.Add(typeStructured, "", "", []byte(`{`+required+`}`))
	f.Add("application/json", `"Euro %E2%82%AC"`, "ce-ext", []byte(`{}`))
	f.Fuzz(func(t *testing.T, ct, value, name string, body []byte) {
		h := http.Header{contentType: {ct}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"/s"}, "Ce-Type": {"t"}, "Ce-Subject": {value}}
		h.Add(name, value)
		ms, err := FromHTTP(h, body)
		if err != nil {
			pointers(t, err)
			return
		}
		for _, m := range ms {
			if !bytes.Contains(body, m.Body) {
				t.Error("other bytes than were sent")
			}
			if len(Digest(m)) != 64 {
				t.Error("no digest")
			}
			if _, err := Decode(m); err != nil {
				pointers(t, err)
			}
		}
	})
}
