package gateway

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"kith/events"
	"kith/events/bus"
	"kith/schemas"
)

const openAPIHead = `# Generated from the table of routes; the test TestOpenAPI of the gateway keeps it true.
openapi: 3.1.0
info:
  title: Kith
  version: "1"
  summary: The hub through which agencies share what they know about a child at risk.
  description: >-
    What this hub takes and answers, to the field. A later version may answer with fields that are not
    in here, so pass over what you do not know. Errors are problems (RFC 9457). Absent and forbidden
    give the same answer. Nothing about a person stands in a URL. What agencies may send over NATS is
    in asyncapi.yaml.
  license: {name: Apache-2.0, identifier: Apache-2.0}
servers: [{url: "https://hub.example", description: The address comes from the hub's operator.}]
security: [{token: []}]
paths:
`

const openAPIHooks = `webhooks:
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
          application/cloudevents+json: {schema: %s}
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
  parameters:
    once:
      name: Idempotency-Key
      in: header
      required: false
      description: "At most 40 letters and digits of your own. The same key again means the same act: it is done once."
      schema: {type: string, pattern: "^[A-Za-z0-9]{1,40}$"}
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
