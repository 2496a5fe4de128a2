package bus

import (
	"net/http"
	"strings"
	"testing"
)

// What CloudEvents asks for, clause by clause. The clauses are those of version
// 1.0.2 of the core specification (CE), the JSON format (JSON) and the HTTP
// binding (HTTP); of the NATS binding (NATS) it is the text of July 2026, which
// has binary mode. "ours" marks what the specification leaves open, and where
// we take less than it would allow: each says why.
type clause struct {
	clause, name string
	in           Message
	want         string // the structured form; empty if the message must be refused
	at           string // pointers of the complaints
}

func structuredMsg(body string) Message { return msg(body, "Content-Type", typeStructured) }

func one(more string) Message { return structuredMsg(`{` + required + more + `}`) }

// binaryMsg is a binary message over NATS with all that is required, and more.
func binaryMsg(body string, more ...string) Message {
	return msg(body, append([]string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "/s", "ce-type", "t"}, more...)...)
}

var jsonFormat = []clause{
	{"CE Context Attributes", "each required one is missing", structuredMsg(`{}`), "", "/id /source /specversion /type"},
	{"CE Context Attributes", "an attribute twice", one(`,"id":"2"`), "", "/id"},
	{"CE Context Attributes", "an extension twice", one(`,"a1":"2","a1":"2"`), "", "/a1"},
	{"CE Context Attributes", "an attribute twice, both null", one(`,"subject":null,"subject":null`), "", "/subject"},
	{"CE Context Attributes", "an attribute twice, one of them null", one(`,"subject":null,"subject":"x"`), "", "/subject"},
	{"CE Naming Conventions", "capital letters in a name", one(`,"Subject":"x"`), "", "/subject"},
	{"CE Naming Conventions", "capital letters in a name, of what is null", one(`,"Subject":null`), "", ""},
	{"CE Naming Conventions", "a sign in a name", one(`,"my_ext":"x"`), "", ""},
	{"CE Naming Conventions", "a letter of another alphabet in a name", one(`,"іd":"x"`), "", ""},
	{"CE Naming Conventions", "an empty name", one(`,"":"x"`), "", ""},
	{"CE Naming Conventions", "a name of 20 characters", one(`,"abcdefghijklmnopqrst":"x"`), `{` + required + `,"abcdefghijklmnopqrst":"x"}`, ""},
	{"CE Naming Conventions", "a name of more than 40 characters; ours: 20 are asked for", one(`,"` + strings.Repeat("a", 41) + `":"x"`), "", ""},
	{"CE Type System: Boolean", "true and false", one(`,"flag":true,"other":false`), `{` + required + `,"flag":true,"other":false}`, ""},
	{"CE Type System: Integer", "the least", one(`,"n":-2147483648`), `{` + required + `,"n":-2147483648}`, ""},
	{"CE Type System: Integer", "the greatest", one(`,"n":2147483647`), `{` + required + `,"n":2147483647}`, ""},
	{"CE Type System: Integer", "one more", one(`,"n":2147483648`), "", "/n"},
	{"CE Type System: Integer", "a fraction", one(`,"n":1.5`), "", "/n"},
	{"CE Type System: Integer", "an exponent", one(`,"n":1e2`), "", "/n"},
	{"CE Type System: Integer", "no fraction, but a point", one(`,"n":1.0`), "", "/n"},
	{"CE Type System: String", "a control character", one(`,"subject":"a\u0007b"`), "", "/subject"},
	{"CE Type System: String", "a control character above ASCII", one(`,"subject":"a\u0085b"`), "", "/subject"},
	{"CE Type System: String", "a code point that is no character", one(`,"subject":"\ufdd0"`), "", "/subject"},
	{"CE Type System: String", "a code point that is no character, outside the first plane", one(`,"subject":"\ud83f\udffe"`), "", "/subject"},
	{"CE Type System: String", "half a surrogate pair", one(`,"subject":"\udead"`), "", ""},
	{"CE Type System: String", "a whole surrogate pair", one(`,"subject":"\ud83d\ude00"`), `{` + required + `,"subject":"😀"}`, ""},
	{"CE id", "empty", structuredMsg(`{"specversion":"1.0","id":"","source":"/s","type":"t"}`), "", "/id"},
	{"CE id", "blank; ours: nobody can tell two of these apart", structuredMsg(`{"specversion":"1.0","id":" ","source":"/s","type":"t"}`), "", "/id"},
	{"CE id", "a number", structuredMsg(`{"specversion":"1.0","id":7,"source":"/s","type":"t"}`), "", "/id"},
	{"CE source", "an absolute URI, as it is written", structuredMsg(`{"specversion":"1.0","id":"1","source":"URN:x:%7e#","type":"t"}`), `{"specversion":"1.0","id":"1","source":"URN:x:%7e#","type":"t"}`, ""},
	{"CE source", "a telephone number", structuredMsg(`{"specversion":"1.0","id":"1","source":"1-555-123-4567","type":"t"}`), `{"specversion":"1.0","id":"1","source":"1-555-123-4567","type":"t"}`, ""},
	{"CE source", "a space", structuredMsg(`{"specversion":"1.0","id":"1","source":"/a b","type":"t"}`), "", "/source"},
	{"CE source", "a letter outside ASCII", structuredMsg(`{"specversion":"1.0","id":"1","source":"/ѕ","type":"t"}`), "", "/source"},
	{"CE source", "half an escape", structuredMsg(`{"specversion":"1.0","id":"1","source":"/%4","type":"t"}`), "", "/source"},
	{"CE source", "two fragments", structuredMsg(`{"specversion":"1.0","id":"1","source":"/a#b#c","type":"t"}`), "", "/source"},
	{"CE specversion", "version 0.3", structuredMsg(`{"specversion":"0.3","id":"1","source":"/s","type":"t"}`), "", "/specversion"},
	{"CE specversion", "a patch level", structuredMsg(`{"specversion":"1.0.2","id":"1","source":"/s","type":"t"}`), "", "/specversion"},
	{"CE specversion", "a number", structuredMsg(`{"specversion":1.0,"id":"1","source":"/s","type":"t"}`), "", "/specversion"},
	{"CE type", "null", structuredMsg(`{"specversion":"1.0","id":"1","source":"/s","type":null}`), "", "/type"},
	{"CE datacontenttype", "no media type", one(`,"datacontenttype":"/;"`), "", "/datacontenttype"},
	{"CE datacontenttype", "no subtype", one(`,"datacontenttype":"json"`), "", "/datacontenttype"},
	{"CE datacontenttype", "in capital letters", one(`,"datacontenttype":"APPLICATION/JSON; CharSet=UTF-8","data":{}`), `{` + required + `,"datacontenttype":"APPLICATION/JSON; CharSet=UTF-8","data":{}}`, ""},
	{"CE datacontenttype", "without data", one(`,"datacontenttype":"text/plain"`), `{` + required + `,"datacontenttype":"text/plain"}`, ""},
	{"CE dataschema", "absolute", one(`,"dataschema":"https://example.com/s"`), `{` + required + `,"dataschema":"https://example.com/s"}`, ""},
	{"CE dataschema", "relative", one(`,"dataschema":"s"`), "", "/dataschema"},
	{"CE subject", "empty", one(`,"subject":""`), "", "/subject"},
	{"CE time", "with an offset", one(`,"time":"2018-04-05T17:31:00.5+01:00"`), `{` + required + `,"time":"2018-04-05T16:31:00.5Z"}`, ""},
	{"CE time", "in small letters", one(`,"time":"2018-04-05t17:31:00z"`), `{` + required + `,"time":"2018-04-05T17:31:00Z"}`, ""},
	{"CE time", "no RFC 3339: a word", one(`,"time":"yesterday"`), "", "/time"},
	{"CE time", "no RFC 3339: without offset", one(`,"time":"2018-04-05T17:31:00"`), "", "/time"},
	{"CE time", "no RFC 3339: a comma", one(`,"time":"2018-04-05T17:31:00,5Z"`), "", "/time"},
	{"CE time", "no RFC 3339: an hour of one digit", one(`,"time":"2018-04-05T7:31:00Z"`), "", "/time"},
	{"CE time", "no RFC 3339: an offset of a day", one(`,"time":"2018-04-05T17:31:00+24:00"`), "", "/time"},
	{"CE time", "a leap second; ours: nothing here can hold one", one(`,"time":"2016-12-31T23:59:60Z"`), "", "/time"},
	{"CE time", "year 10000 in UTC; ours: it could not be written", one(`,"time":"9999-12-31T23:59:59-23:59"`), "", "/time"},
	{"CE Extension Context Attributes", "unknown ones pass, by name", one(`,"zz9":"s","a1":"u"`), `{` + required + `,"a1":"u","zz9":"s"}`, ""},
	{"CE Size Limits", "64 KiB", one(`,"data":"` + strings.Repeat("x", 64<<10) + `"`), `{` + required + `,"data":"` + strings.Repeat("x", 64<<10) + `"}`, ""},

	{"JSON 2.2", "null is the same as unset", one(`,"subject":null,"ext":null,"time":null`), `{` + required + `}`, ""},
	{"JSON 2.2", "a value that no type has: an object", one(`,"ext":{}`), "", "/ext"},
	{"JSON 2.2", "a value that no type has: an array", one(`,"ext":[]`), "", "/ext"},
	{"JSON 3", "all attributes become members", one(`,"subject":"x","datacontenttype":"application/json","data":{"a": 1}`), `{` + required + `,"subject":"x","datacontenttype":"application/json","data":{"a": 1}}`, ""},
	{"JSON 3", "not an object", structuredMsg(`[]`), "", ""},
	{"JSON 3", "not JSON", structuredMsg(`<a/>`), "", ""},
	{"JSON 3", "cut off", structuredMsg(`{` + required), "", ""},
	{"JSON 3", "something after the end", structuredMsg(`{` + required + `}{}`), "", ""},
	{"JSON 3", "not UTF-8", structuredMsg("{" + required + ",\"subject\":\"\xff\"}"), "", ""},
	{"JSON 3", "begins with a byte order mark", structuredMsg("\ufeff{" + required + "}"), "", ""},
	{"JSON 3.1.1", "data and data_base64 exclude each other", one(`,"data":1,"data_base64":"AA=="`), "", "/data_base64"},
	{"JSON 3.1.1", "data twice; ours: two readers could see two facts", one(`,"data":1,"data":2`), "", "/data"},
	{"JSON 3.1.1", "data null is a payload, not its absence", one(`,"data":null`), `{` + required + `,"data":null}`, ""},
	{"JSON 3.1.1", "data is unrestricted JSON: a string", one(`,"data":"I'm just a string"`), `{` + required + `,"data":"I'm just a string"}`, ""},
	{"JSON 3.1.1", "data of */json", one(`,"datacontenttype":"text/json","data":[1]`), `{` + required + `,"datacontenttype":"text/json","data":[1]}`, ""},
	{"JSON 3.1.1", "data of any other */json", one(`,"datacontenttype":"foo/json","data":[1]`), `{` + required + `,"datacontenttype":"foo/json","data":[1]}`, ""},
	{"JSON 3.1.1", "data of */*+json", one(`,"datacontenttype":"application/fhir+json; fhirVersion=4.0","data":{"a":1}`), `{` + required + `,"datacontenttype":"application/fhir+json; fhirVersion=4.0","data":{"a":1}}`, ""},
	{"JSON 3.1.2", "data_base64 is decoded and stays bytes", one(`,"data_base64":"AP8="`), `{` + required + `,"data_base64":"AP8="}`, ""},
	{"JSON 3.1.2", "data_base64 null is the same as absent", one(`,"data_base64":null`), `{` + required + `}`, ""},
	{"JSON 3.1.2", "data_base64 that is no base64", one(`,"data_base64":"?"`), "", "/data_base64"},
	{"JSON 3.1.2", "data_base64 without padding (RFC 4648)", one(`,"data_base64":"AA"`), "", "/data_base64"},
	{"JSON 3.1.2", "data_base64 with line breaks (RFC 4648, 3.1)", one(`,"data_base64":"AA\n=="`), "", "/data_base64"},
	{"JSON 3.1.2", "data_base64 that is a number", one(`,"data_base64":1`), "", "/data_base64"},
	{"JSON 3.1.2", "data of another type is text", one(`,"datacontenttype":"application/xml","data":"<a/>"`), `{` + required + `,"datacontenttype":"application/xml","data":"\u003ca/\u003e"}`, ""},
	{"JSON 3.1.2", "data of another type that is no text", one(`,"datacontenttype":"text/plain","data":{}`), "", "/data"},
	{"JSON 3.1.2", "data of another type that is null", one(`,"datacontenttype":"text/plain","data":null`), "", "/data"},
}

var natsBinding = []clause{
	{"NATS 3", "structured, with parameters", msg(`{`+required+`}`, "Content-Type", "application/cloudevents+json; charset=utf-8"), `{` + required + `}`, ""},
	{"NATS 3", "structured, matched without regard to case", msg(`{`+required+`}`, "content-type", "application/CloudEvents+JSON"), `{` + required + `}`, ""},
	{"NATS 3", "structured, whatever else the headers hold", msg(`{`+required+`}`, "Content-Type", typeStructured, "ce-id", "2", "ce-specversion", "0.3"), `{` + required + `}`, ""},
	{"NATS 3", "no header at all; ours: the example of 3.2.1 shows none, and SDKs send none", msg(` {` + required + `} `), `{` + required + `}`, ""},
	{"NATS 3", "application/json and no attribute; ours: as above", msg(`{`+required+`}`, "Content-Type", "application/json"), `{` + required + `}`, ""},
	{"NATS 3", "two content types; ours: it would depend on who reads it", msg(`{`+required+`}`, "Content-Type", typeStructured, "content-type", "application/json"), "", ""},
	{"NATS 3", "another alphabet than UTF-8", msg(`{`+required+`}`, "Content-Type", typeStructured+"; charset=utf-16"), "", ""},
	{"NATS 1.3", "a batch is not supported", msg(`[{`+required+`}]`, "Content-Type", typeBatch), "", ""},
	{"NATS 1.4", "another event format", msg(`x`, "Content-Type", "application/cloudevents+protobuf"), "", ""},
	{"NATS 3", "binary: another content type and attributes", binaryMsg(`{}`, "Content-Type", "application/json"), `{` + required + `,"datacontenttype":"application/json","data":{}}`, ""},
	{"NATS 3.1.1", "the body is the data", binaryMsg(`{"a":1}`, "ce-datacontenttype", "application/json"), `{` + required + `,"datacontenttype":"application/json","data":{"a":1}}`, ""},
	{"NATS 3.1.1", "the body is the data: space around JSON says nothing", binaryMsg(" {} \n", "ce-datacontenttype", "application/json"), `{` + required + `,"datacontenttype":"application/json","data":{}}`, ""},
	{"NATS 3.1.1", "the body is the data: bytes", binaryMsg("\xff", "ce-datacontenttype", "image/png"), `{` + required + `,"datacontenttype":"image/png","data_base64":"/w=="}`, ""},
	{"NATS 3.1.2", "each attribute has one header", binaryMsg(``, "ce-id", "2"), "", "/id"},
	{"NATS 3.1.2", "each attribute has one header, in all spellings", binaryMsg(``, "CE-ID", "2"), "", "/id"},
	{"NATS 3.1.2", "a required one is missing", msg(``, "ce-id", "1"), "", "/source /specversion /type"},
	{"NATS 3.1.3.1", "names in another case", msg(``, "CE-SpecVersion", "1.0", "Ce-Id", "1", "cE-source", "/s", "ce-type", "t"), `{` + required + `}`, ""},
	{"NATS 3.1.3.1", "ce-datacontenttype beats Content-Type; ours: SDKs send the latter", binaryMsg(`{}`, "Content-Type", "text/plain", "ce-datacontenttype", "application/json"), `{` + required + `,"datacontenttype":"application/json","data":{}}`, ""},
	{"NATS 3.1.3.1", "a name that no attribute can have", binaryMsg(``, "ce-my-ext", "x"), "", ""},
	{"NATS 3.1.3.1", "data is no attribute", binaryMsg(``, "ce-data", "x"), "", ""},
	{"NATS 3.1.3.2", "extensions are text", binaryMsg(``, "ce-flag", "true", "ce-n", "7"), `{` + required + `,"flag":"true","n":"7"}`, ""},
	{"NATS 3.1.3.2", "percent-encoded", binaryMsg(``, "ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"), `{` + required + `,"subject":"Euro € 😀"}`, ""},
	{"NATS 3.1.3.2", "in lower-case digits", binaryMsg(``, "ce-subject", "%e2%82%ac"), `{` + required + `,"subject":"€"}`, ""},
	{"NATS 3.1.3.2", "needlessly encoded", binaryMsg(``, "ce-subject", "%41%42"), `{` + required + `,"subject":"AB"}`, ""},
	{"NATS 3.1.3.2", "decoded once only", binaryMsg(``, "ce-subject", "%2541"), `{` + required + `,"subject":"%41"}`, ""},
	{"NATS 3.1.3.2", "not encoded at all; ours: as the Go SDK sends it", binaryMsg(``, "ce-subject", "O'Brien Zoë"), `{` + required + `,"subject":"O'Brien Zoë"}`, ""},
	{"NATS 3.1.3.2", "in double quotes, as older versions wrote it", binaryMsg(``, "ce-subject", `"Euro \"x\" \\"`), `{` + required + `,"subject":"Euro \"x\" \\"}`, ""},
	{"NATS 3.1.3.2", "encoded quotes are not quotes", binaryMsg(``, "ce-subject", `%22a%22`), `{` + required + `,"subject":"\"a\""}`, ""},
	{"NATS 3.1.3.2", "quotes first, percent afterwards", binaryMsg(``, "ce-subject", `"%22a%22"`), `{` + required + `,"subject":"\"a\""}`, ""},
	{"NATS 3.1.3.2", "an overlong encoding is not UTF-8", binaryMsg(``, "ce-subject", "%C0%A0"), "", "/subject"},
	{"NATS 3.1.3.2", "half an escape", binaryMsg(``, "ce-x", "%4", "ce-y", "%zz", "ce-z", "100%"), "", "/x /y /z"},
	{"NATS 3.1.3.2", "an encoded control character", binaryMsg(``, "ce-subject", "a%0Ab"), "", "/subject"},
}

// The rows of the NATS binding from 3.1.2 on hold for HTTP too, word by word
// (HTTP 3.1.3): they are run over both.
func sharedRows() (rows []clause) {
	for _, c := range natsBinding {
		if strings.HasPrefix(c.clause, "NATS 3.1.2") || strings.HasPrefix(c.clause, "NATS 3.1.3") {
			if c.in.get("ce-datacontenttype") == "" {
				c.clause = "HTTP" + strings.TrimPrefix(c.clause, "NATS")
				rows = append(rows, c)
			}
		}
	}
	return rows
}

// httpCase is one request: the events that it holds, each in its structured form
// or "" if it must be refused; none and a complaint if all of it must be.
type httpCase struct {
	clause, name string
	header       []string
	body         string
	want         []string
	refused      bool
	at           string
}

var attributes = []string{"Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "/s", "Ce-Type", "t"}

var httpBinding = []httpCase{
	{clause: "HTTP 3", name: "structured", header: []string{"Content-Type", "application/cloudevents+json; charset=UTF-8"}, body: `{` + required + `}`, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3", name: "structured, in capital letters", header: []string{"Content-Type", "APPLICATION/CLOUDEVENTS+JSON"}, body: `{` + required + `}`, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3", name: "batched", header: []string{"Content-Type", typeBatch}, body: `[{` + required + `}]`, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3", name: "otherwise binary", header: append([]string{"Content-Type", "application/json"}, attributes...), body: `{}`, want: []string{`{` + required + `,"datacontenttype":"application/json","data":{}}`}},
	{clause: "HTTP 3", name: "an unknown event format", header: []string{"Content-Type", "application/cloudevents+avro"}, body: `x`, refused: true},
	{clause: "HTTP 3", name: "no format", header: []string{"Content-Type", "application/cloudevents"}, body: `{` + required + `}`, refused: true},
	{clause: "HTTP 3", name: "another alphabet than UTF-8; ours: JSON is UTF-8", header: []string{"Content-Type", "application/cloudevents+json; charset=latin1"}, body: `{` + required + `}`, refused: true},
	{clause: "HTTP 3", name: "two content types; ours: it would depend on who reads it", header: []string{"Content-Type", typeStructured, "Content-Type", "application/json"}, body: `{` + required + `}`, refused: true},
	{clause: "HTTP 3", name: "neither attributes nor a type; ours: taken for structured, as over NATS", body: `{` + required + `}`, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3.1.1", name: "Content-Type is datacontenttype", header: append([]string{"Content-Type", "text/plain; x=\"a%20 b\""}, attributes...), body: `hi`, want: []string{`{` + required + `,"datacontenttype":"text/plain; x=\"a%20 b\"","data":"hi"}`}},
	{clause: "HTTP 3.1.1", name: "no Content-Type, no datacontenttype", header: attributes, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3.1.1", name: "ce-datacontenttype must not be present", header: append([]string{"Content-Type", "text/plain", "Ce-Datacontenttype", "application/json"}, attributes...), body: `{}`, refused: true, at: "/datacontenttype"},
	{clause: "HTTP 3.1.2", name: "the body is the data", header: append([]string{"Content-Type", "image/png"}, attributes...), body: "\xff", want: []string{`{` + required + `,"datacontenttype":"image/png","data_base64":"/w=="}`}},
	{clause: "HTTP 3.2.3", name: "structured, and attributes in headers too: the payload counts", header: []string{"Content-Type", typeStructured, "Ce-Id", "2"}, body: `{` + required + `}`, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3.2.3", name: "structured, and an attribute in a header only", header: []string{"Content-Type", typeStructured, "Ce-Subject", "x"}, body: `{` + required + `}`, want: []string{`{` + required + `}`}},
	{clause: "HTTP 3.3.2", name: "an empty batch", header: []string{"Content-Type", typeBatch}, body: `[]`},
	{clause: "HTTP 3.3.2", name: "one that cannot be read stops no other; ours", header: []string{"Content-Type", typeBatch}, body: `[{` + required + `},{},7]`, want: []string{`{` + required + `}`, "", ""}},
	{clause: "HTTP 3.3.2", name: "each with the same specversion", header: []string{"Content-Type", typeBatch}, body: `[{` + required + `},{"specversion":"0.3","id":"1","source":"/s","type":"t"}]`, want: []string{`{` + required + `}`, ""}},
	{clause: "JSON 4.1", name: "a batch that is an object", header: []string{"Content-Type", typeBatch}, body: `{` + required + `}`, refused: true},
	{clause: "JSON 4.1", name: "a batch that is null", header: []string{"Content-Type", typeBatch}, body: `null`, refused: true},
	{clause: "JSON 4.1", name: "something after the batch", header: []string{"Content-Type", typeBatch}, body: `[][]`, refused: true},
	{clause: "JSON 4.2", name: "a batch under the type of one event", header: []string{"Content-Type", typeStructured}, body: `[{` + required + `}]`, want: []string{""}},
}

func TestConformance(t *testing.T) {
	run := func(binding string, rows []clause) {
		for _, c := range rows {
			t.Run(binding+"/"+c.clause+": "+c.name, func(t *testing.T) { c.check(t, c.in) })
		}
	}
	run("NATS", jsonFormat)
	run("NATS", natsBinding)
	over := func(m Message) Message {
		ms := overHTTP(t, m.Header, string(m.Body))
		if len(ms) != 1 {
			t.Fatalf("%d messages", len(ms))
		}
		return ms[0]
	}
	for _, c := range append(jsonFormat, sharedRows()...) {
		t.Run("HTTP/"+c.clause+": "+c.name, func(t *testing.T) { c.check(t, over(c.in)) })
	}
	for _, c := range httpBinding {
		t.Run("HTTP/"+c.clause+": "+c.name, c.check)
	}
	t.Logf("%d cases over NATS, %d over HTTP", len(jsonFormat)+len(natsBinding), len(jsonFormat)+len(sharedRows())+len(httpBinding))
}

// overHTTP reads a request with the given headers.
func overHTTP(t *testing.T, header map[string][]string, body string) []Message {
	t.Helper()
	h := http.Header{}
	for k, vs := range header {
		for _, v := range vs {
			h.Add(k, v)
		}
	}
	ms, err := FromHTTP(h, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func (c clause) check(t *testing.T, in Message) {
	e, err := Decode(in)
	if c.want == "" {
		if got := pointers(t, err); got != c.at {
			t.Errorf("complaints at %q, want %q: %v", got, c.at, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := Structured(e)
	if err != nil || string(s.Body) != c.want {
		t.Fatalf("got  %s\nwant %s %v", s.Body, c.want, err)
	}
	there(t, s)
	b, err := Binary(e)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Data()) > 0 && e.DataContentType() == "" && b.get("ce-datacontenttype") != typeJSON {
		t.Error("JSON 3.1.2: the content type that was implied is not made explicit in binary mode")
	}
	back, err := Decode(b)
	if err != nil || back.ID() != e.ID() || back.Source() != e.Source() || back.Subject() != e.Subject() || string(back.Data()) != string(e.Data()) {
		t.Errorf("what Binary wrote comes back as something else: %v", err)
	}
}

func (c httpCase) check(t *testing.T) {
	h := http.Header{}
	for i := 0; i < len(c.header); i += 2 {
		h.Add(c.header[i], c.header[i+1])
	}
	ms, err := FromHTTP(h, []byte(c.body))
	if c.refused {
		if got := pointers(t, err); got != c.at {
			t.Errorf("complaints at %q, want %q", got, c.at)
		}
		return
	}
	if err != nil || len(ms) != len(c.want) {
		t.Fatalf("%d messages, want %d: %v", len(ms), len(c.want), err)
	}
	for i, m := range ms {
		e, err := Decode(m)
		if c.want[i] == "" {
			pointers(t, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, err := Structured(e); err != nil || string(s.Body) != c.want[i] {
			t.Errorf("got  %s\nwant %s %v", s.Body, c.want[i], err)
		}
	}
}

// What is written has the form that the bindings ask for.
func TestWritten(t *testing.T) {
	e, err := Decode(one(`,"subject":"Euro € \"x\" 100%","n":7,"data":{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Structured(e)
	if err != nil || s.Header[contentType][0] != "application/cloudevents+json; charset=utf-8" || len(s.Header) != 1 {
		t.Errorf("NATS 3, HTTP 3.2.1: %v %v", s.Header, err)
	}
	b, err := Binary(e)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-n": "7",
		"ce-datacontenttype": "application/json", "ce-subject": "Euro%20%E2%82%AC%20%22x%22%20100%25"}
	for name, v := range want {
		if len(b.Header[name]) != 1 || b.Header[name][0] != v {
			t.Errorf("NATS 3.1.3: %s is %q, want %q", name, b.Header[name], v)
		}
	}
	if len(b.Header) != len(want) || string(b.Body) != `{"a":1}` {
		t.Errorf("NATS 3.1: %v %s", b.Header, b.Body)
	}
}
