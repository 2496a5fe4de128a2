package gateway

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kith/events"
	"kith/events/bus"
	"kith/schemas"
)

// operations says what each route of the API is for; the rest of openapi.yaml
// follows from the table of routes. A body is a media type, or more with a space
// between them.
var operations = map[string]struct{ id, summary, body, answer string }{
	"POST /v1/events":                                              {"postEvents", "Hand in CloudEvents, in binary, structured or batched mode, and get the receipts.", "application/cloudevents+json application/cloudevents-batch+json application/json", "202 the receipts"},
	"GET /v1/receipts":                                             {"getReceipt", "The receipt for an event of your own, again, by its source and id.", "", "200 the receipt"},
	"GET /v1/inbox":                                                {"getInbox", "Messages of the hub after the one that you read last; waits for one if asked to.", "", "200 the messages, and what to ask for next"},
	"POST /v1/concerns":                                            {"postConcern", "Raise a school's concern about a child.", "application/json", "202 its reference and the receipt"},
	"GET /v1/concerns":                                             {"getConcerns", "The concerns that you may know of, and how far each is.", "", "200 the concerns"},
	"GET /v1/concerns/{reference}":                                 {"getConcern", "What became of a concern.", "", "200 the concern"},
	"POST /v1/concerns/{reference}/decision":                       {"postReferralDecision", "Decide on a concern.", "application/json", "202 the receipt"},
	"POST /v1/children/search":                                     {"postSearch", "Find a child by exact identifiers, or by name and date of birth, for a stated purpose.", "application/json", "200 the matches that you may know of"},
	"GET /v1/children/{child}/view":                                {"getView", "The shared view of a child, for a stated purpose, also as known at a moment.", "", "200 the view"},
	"GET /v1/children/{child}/changes":                             {"getChanges", "Server-sent events: that something new was recorded, and nothing of what.", "", "200 a stream"},
	"GET /v1/children/{child}/protection":                          {"getProtection", "Whether the child is on a plan or in care, as FHIR Flags in the shape of CP-IS.", "", "200 a FHIR Bundle"},
	"POST /v1/children/{child}/discussions":                        {"postDiscussion", "Convene a strategy discussion.", "application/json", "201 the discussion"},
	"POST /v1/children/{child}/discussions/{discussion}/attendees": {"postAttendee", "Attend a strategy discussion.", "application/json", "201 the attendance"},
	"POST /v1/children/{child}/discussions/{discussion}/decision":  {"postDecision", "Record what a strategy discussion decided.", "application/json", "201 the decision"},
	"POST /v1/children/{child}/consents":                           {"postConsent", "Record a consent to share.", "application/json", "201 the consent"},
	"POST /v1/children/{child}/consents/{consent}/withdraw":        {"postWithdrawal", "Record that a consent was withdrawn.", "application/json", "200 the consent"},
	"GET /v1/identity/candidates":                                  {"getCandidates", "Records that may be of one child and wait for a person to decide.", "", "200 the candidates"},
	"POST /v1/identity/link":                                       {"postLink", "Join two records as one child.", "application/json", "200 the link"},
	"POST /v1/identity/decline":                                    {"postDecline", "Keep two records apart.", "application/json", "200 the decision"},
	"POST /v1/identity/unlink":                                     {"postUnlink", "Part a record from a child.", "application/json", "200 the parting"},
	"GET /v1/ledger":                                               {"getLedger", "Who looked, at whom, for what.", "", "200 the looks"},
}

// queries are what may stand behind the question mark.
var queries = map[string][]string{
	"GET /v1/receipts":              {"source", "id"},
	"GET /v1/inbox":                 {"after", "wait"},
	"GET /v1/children/{child}/view": {"purpose", "asKnownAt"},
}

func q(s string) string { b, _ := json.Marshal(s); return string(b) }

// TestOpenAPI: the published file says what the routes are. KITH_UPDATE=1 writes it.
func TestOpenAPI(t *testing.T) {
	w := newWorld(t)
	byPath, left := map[string][]string{}, maps.Clone(operations)
	for _, rt := range w.routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if strings.HasPrefix(path, "/v1/") {
			if _, ok := operations[rt.pattern]; !ok {
				t.Errorf("%s is not described: add a line to operations", rt.pattern)
			}
			byPath[path] = append(byPath[path], method)
			delete(left, rt.pattern)
		}
	}
	for pattern := range left {
		t.Errorf("there is no route %s", pattern)
	}
	var b strings.Builder
	b.WriteString(openAPIHead)
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		fmt.Fprintf(&b, "  %s:\n", q(path))
		for _, method := range byPath[path] {
			operation(&b, method, path)
		}
	}
	b.WriteString(openAPIParts)
	kept(t, "openapi.yaml", b.String())
}

func operation(b *strings.Builder, method, path string) {
	o := operations[method+" "+path]
	fmt.Fprintf(b, "    %s:\n      operationId: %s\n      summary: %s\n", strings.ToLower(method), o.id, q(o.summary))
	var parameters string
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		parameters += fmt.Sprintf("        - {name: %s, in: path, required: true, schema: {type: string}}\n", m[1])
	}
	for _, name := range queries[method+" "+path] {
		parameters += fmt.Sprintf("        - {name: %s, in: query, schema: {type: string}}\n", name)
	}
	if parameters != "" {
		b.WriteString("      parameters:\n" + parameters)
	}
	if o.body != "" {
		b.WriteString("      requestBody:\n        required: true\n        content:\n")
		for media := range strings.FieldsSeq(o.body) {
			fmt.Fprintf(b, "          %s: {schema: {}}\n", media)
		}
	}
	status, what, _ := strings.Cut(o.answer, " ")
	fmt.Fprintf(b, "      responses:\n        %q: {description: %s}\n        default: {$ref: \"#/components/responses/Problem\"}\n", status, q("What is answered: "+what+"."))
}

const openAPIHead = `# Generated from the table of routes; the test TestOpenAPI of the gateway keeps it true.
openapi: 3.1.0
info:
  title: Kith
  version: "1"
  summary: The hub through which agencies share what they know about a child at risk.
  description: >-
    Errors are problems (RFC 9457). Absent and forbidden give the same answer. Nothing about a person
    stands in a URL. The events themselves are in asyncapi.yaml and in the JSON Schemas beside it.
  license: {name: Apache-2.0, identifier: Apache-2.0}
servers: [{url: "https://hub.example", description: The address comes from the hub's operator.}]
security: [{token: []}]
paths:
`

const openAPIParts = `webhooks:
  inbox:
    post:
      operationId: receiveMessage
      summary: "A message of your inbox, signed as Standard Webhooks says; the guide for integrators says how to check it."
      security: []
      parameters:
        - {name: webhook-id, in: header, required: true, schema: {type: string}, description: "The id of the event, the same each time it comes."}
        - {name: webhook-timestamp, in: header, required: true, schema: {type: string}, description: "When it was sent, in seconds since 1970."}
        - {name: webhook-signature, in: header, required: true, schema: {type: string}, description: "One or more of v1,… and v1a,… with a space between."}
        - {name: WebHook-Request-Origin, in: header, required: true, schema: {type: string}, description: "The hub's name."}
      requestBody:
        required: true
        content:
          application/cloudevents+json: {schema: {}}
      responses:
        "2XX": {description: "You have it."}
        "410": {description: "You want no more."}
        default: {description: "It comes again, later."}
    options:
      operationId: allowMessages
      summary: "Whether you want messages: the handshake of CloudEvents webhooks."
      security: []
      parameters:
        - {name: WebHook-Request-Origin, in: header, required: true, schema: {type: string}}
        - {name: WebHook-Request-Rate, in: header, required: true, schema: {type: integer}, description: "Requests a minute that the hub would like to make."}
      responses:
        default:
          description: "Only the header says yes."
          headers:
            WebHook-Allowed-Origin: {schema: {type: string}}
            WebHook-Allowed-Rate: {schema: {type: string}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
  responses:
    Problem:
      description: Why not, with the place of each thing that is wrong.
      content:
        application/problem+json:
          schema: {$ref: "#/components/schemas/Problem"}
  schemas:
    Problem:
      type: object
      required: [type, title, status]
      properties:
        type: {type: string, format: uri, description: Leads to a page that says what to do.}
        title: {type: string}
        status: {type: integer}
        detail: {type: string}
        reference: {type: string, description: Of what the hub's log says; for its operator.}
        errors:
          type: array
          items:
            type: object
            required: [pointer, detail]
            properties:
              pointer: {type: string, description: JSON pointer into what was sent.}
              detail: {type: string}
`

// TestAsyncAPI: the published file says what may be published where.
func TestAsyncAPI(t *testing.T) {
	var channels, operations, messages strings.Builder
	for _, family := range []string{"police", "health", "education", "socialcare"} {
		for _, typ := range typesFrom(family) {
			name, address := strings.ReplaceAll(strings.TrimPrefix(typ, "uk.kith."), ".", "-"), subjectOf(events.Type(typ))
			fmt.Fprintf(&channels, "  %s:\n    address: %s\n    messages:\n      %s: {$ref: \"#/components/messages/%s\"}\n", name, address, name, name)
			fmt.Fprintf(&operations, "  publish-%s:\n    action: send\n    channel: {$ref: \"#/channels/%s\"}\n", name, name)
			message(t, &messages, name, typ)
		}
	}
	for _, typ := range typesFrom("hub") {
		if events.Type(typ) == events.TypeWebhookTest {
			continue // it never comes over NATS
		}
		name := strings.ReplaceAll(strings.TrimPrefix(typ, "uk.kith."), ".", "-")
		fmt.Fprintf(&channels, "  %s:\n    address: %s\n    messages:\n      %s: {$ref: \"#/components/messages/%s\"}\n", name, inboxOf(typ), name, name)
		fmt.Fprintf(&operations, "  receive-%s:\n    action: receive\n    channel: {$ref: \"#/channels/%s\"}\n", name, name)
		message(t, &messages, name, typ)
	}
	kept(t, "asyncapi.yaml", asyncAPIHead+"channels:\n"+channels.String()+"operations:\n"+operations.String()+"components:\n  messages:\n"+messages.String())
}

func subjectOf(t events.Type) string {
	stem, _, _ := strings.Cut(strings.TrimPrefix(string(t), "uk.kith."), ".v")
	return "events." + stem
}

// inboxOf is the subject of the inbox: inbox.receipts, inbox.refusals, and one
// for all messages that are no answer, so that they keep their order.
func inboxOf(typ string) string {
	if typ != bus.TypeReceipt && typ != bus.TypeRefusal {
		return bus.SubjectMessages
	}
	stem, _, _ := strings.Cut(strings.TrimPrefix(typ, "uk.kith.hub."), ".v")
	return "inbox." + stem + "s"
}

func message(t *testing.T, b *strings.Builder, name, typ string) {
	t.Helper()
	file, _ := schemas.For(typ)
	d, err := schemas.Describe(file)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, `    %s:
      title: %s
      contentType: application/cloudevents+json
      payload:
        schemaFormat: application/schema+json;version=draft-2020-12
        schema:
          type: object
          required: [specversion, id, source, type, data]
          properties:
            specversion: {const: "1.0"}
            type: {const: %s}
            data: {$ref: %q}
`, name, q(d.Title), typ, file)
}

const asyncAPIHead = `# Generated from the schemas; the test TestAsyncAPI of the gateway keeps it true.
asyncapi: 3.1.0
info:
  title: Kith
  version: "1"
  description: >-
    CloudEvents 1.0 over NATS, each agency in an account of its own. Keep an event until you hold its
    receipt: that NATS stored it is no promise.
  license: {name: Apache-2.0}
defaultContentType: application/cloudevents+json
servers:
  hub: {host: "hub.example:4222", protocol: nats, description: The address and the credentials come from the hub's operator.}
`

// kept compares with the file in schemas/, or writes it.
func kept(t *testing.T, name, text string) {
	t.Helper()
	if os.Getenv("KITH_UPDATE") == "1" {
		if err := os.WriteFile("../schemas/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	held, err := os.ReadFile("../schemas/" + name)
	if err != nil || string(held) != text {
		t.Errorf("schemas/%s is not what follows from the program any more: write it anew with KITH_UPDATE=1 go test ./gateway -run API (%v)", name, err)
	}
	if served, err := fs.ReadFile(schemas.FS(), name); os.Getenv("KITH_UPDATE") == "" && (err != nil || string(served) != string(held)) {
		t.Errorf("%s is not served", name)
	}
}
