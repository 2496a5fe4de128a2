package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"kith/events"
)

// keepShapes keeps the schemas that list every type of event: what an item of a
// view holds, what may be handed in, and what the hub tells.
func keepShapes(t *testing.T) {
	var facts []string
	for _, family := range []string{"police", "health", "education", "socialcare"} {
		facts = append(facts, typesFrom(family)...)
	}
	kept(t, "api/facts.json", shape("facts", "Facts", "The fact of an item is as the schema of its type says. This lists every type.",
		`  "properties": {
    "type": { "description": "Type of the event that the item came with.", "enum": %TYPES% },
    "fact": { "description": "What happened.", "type": "object" }
  },
  "required": ["type", "fact"],
`, facts, "fact", "#/properties/fact"))
	kept(t, "api/event.json", shape("event", "Event", "A CloudEvent 1.0 in structured mode. The catalogue of events explains each type.",
		envelope(`"description": "Yours, as the hub's operator registered it.", "type": "string", "pattern": "\\S"`)+`  "required": ["specversion", "id", "source", "type", "data"],
  "additionalProperties": { "description": "An extension, such as supersedes.", "type": ["string", "boolean", "integer"] },
`, facts, "data", ""))
	kept(t, "api/messages.json", shape("messages", "Message", "A CloudEvent 1.0 in structured mode by which the hub tells an agency something.",
		envelope(`"description": "The hub.", "type": "string", "enum": ["urn:kith:hub"]`)+`  "required": ["specversion", "id", "source", "type", "data"],
  "additionalProperties": { "description": "An extension: sequence counts an agency's messages from 1.", "type": ["string", "boolean", "integer"] },
`, typesFrom("hub"), "data", ""))
}

func envelope(source string) string {
	return `  "type": "object",
  "properties": {
    "specversion": { "description": "Always 1.0.", "enum": ["1.0"] },
    "id": { "description": "Names the event, together with its source: the same each time it is sent.", "type": "string", "pattern": "\\S" },
    "source": { ` + source + ` },
    "type": { "description": "What kind of event it is.", "enum": %TYPES% },
    "time": { "description": "When the event was made.", "type": "string", "format": "date-time" },
    "datacontenttype": { "description": "Always application/json.", "enum": ["application/json"] },
    "dataschema": { "description": "Where the schema of data is.", "type": "string", "format": "uri" },
    "subject": { "description": "Never a person.", "type": "string" },
    "data": { "description": "As the schema of the type says.", "type": "object" }
  },
`
}

// shape is a schema in which a field follows from the type beside it.
func shape(name, title, text, fields string, types []string, field, inside string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://kith.uk/schemas/api/%s.json",
  "$comment": "Generated from the schemas of the events; the test TestOpenAPI of the gateway keeps it true.",
  "title": %q,
  "description": %q,
%s  "allOf": [
`, name, title, text, strings.ReplaceAll(fields, "%TYPES%", `["`+strings.Join(types, `", "`)+`"]`))
	for i, typ := range types {
		comma := ","
		if i == len(types)-1 {
			comma = ""
		}
		family, rest, _ := strings.Cut(strings.TrimPrefix(typ, "uk.kith."), ".")
		fmt.Fprintf(&b, "    {\n      \"if\": { \"properties\": { \"type\": { \"const\": %q } } },\n      \"then\": { \"properties\": { %q: { \"$ref\": \"../%s/%s.json%s\" } } }\n    }%s\n",
			typ, field, family, rest, inside, comma)
	}
	return b.String() + "  ]\n}\n"
}

// asked is a request that works out.
type asked struct{ target, persona, contentType, body string }

const postedConcern = `{"givenName":"Ava","familyName":"Example","dateOfBirth":"2017-03-09","upn":"B801200005001","sex":"female","observedAt":"2026-11-20T15:05:00Z",
	"observed":"Ava had a bruise on her left arm, about 4 cm.","words":"I am not allowed to say.","heardBy":"class teacher","safeNow":"unsure","immediate":false,
	"doneSoFar":"Phoned social care at 15:20.","familyTold":false,"whyNotTold":"Telling the family could put Ava at risk.",
	"ground":"obtaining-consent-would-prejudice-protection","authorRole":"designated safeguarding lead","contact":{"team":"Safeguarding team","phone":"01632 960 303"}}`

// working has, of every operation, a request that works out.
func working() map[string]asked {
	const child = "/v1/children/" + string(theChild)
	const link = `{"child":"` + string(theChild) + `","subject":"s9","reason":"The same address and the same mother."}`
	example, _ := events.Example("uk.kith.police.missing-episode.v1")
	event := `{"specversion":"1.0","id":"NP/26/090017","source":"urn:kith:agency:northshire-police","type":"uk.kith.police.missing-episode.v1","time":"2026-11-20T08:00:00Z","datacontenttype":"application/json","data":` + string(example) + `}`
	return map[string]asked{
		"POST /v1/events":                                              {"/v1/events", "police", eventType, event},
		"GET /v1/receipts":                                             {"/v1/receipts?source=urn:kith:agency:northshire-police&id=e1", "police", "", ""},
		"GET /v1/inbox":                                                {"/v1/inbox?after=0&wait=1ms", "health", "", ""},
		"POST /v1/concerns":                                            {"/v1/concerns", "dsl", jsonType, postedConcern},
		"GET /v1/concerns":                                             {"/v1/concerns", "socialworker", "", ""},
		"GET /v1/concerns/{reference}":                                 {"/v1/concerns/QX3M-7RTL-P2VA", "dsl", "", ""},
		"POST /v1/concerns/{reference}/decision":                       {"/v1/concerns/M4ZT-9KQW-H7NB/decision", "socialworker", jsonType, `{"decision":"family-help","rationale":"Ben’s father asked for help with meals.","nextStep":"A family help worker phones on Monday.","threshold":"Level 2"}`},
		"POST /v1/children/search":                                     {"/v1/children/search", "chair", jsonType, `{"name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09","purpose":"s47"}`},
		"GET /v1/children/{child}/view":                                {child + "/view?purpose=s47", "chair", "", ""},
		"GET /v1/children/{child}/protection":                          {child + "/protection?purpose=s47", "chair", "", ""},
		"GET /v1/children/{child}/changes":                             {child + "/changes", "chair", "", ""},
		"POST /v1/children/{child}/discussions":                        {child + "/discussions", "chair", jsonType, `{"at":"2026-11-24T14:00:00Z","reason":"A second injury that the account does not explain.","invited":["northshire-police","northshire-hospital"]}`},
		"POST /v1/children/{child}/discussions/{discussion}/attendees": {child + "/discussions/d1/attendees", "health", "", ""},
		"POST /v1/children/{child}/discussions/{discussion}/decision": {child + "/discussions/d1/decision", "chair", jsonType,
			`{"section47":true,"conduct":"joint","rationale":"Two incidents and an injury that is not explained.","actions":[{"what":"See Ava at school","owner":"Duty social worker","due":"2026-11-24"}]}`},
		"POST /v1/children/{child}/consents":                    {child + "/consents", "chair", jsonType, `{"by":"person-with-parental-responsibility","scope":"early-help","partners":["oakfield-school"],"until":"2027-03-31T12:00:00Z"}`},
		"POST /v1/children/{child}/consents/{consent}/withdraw": {child + "/consents/{consent}/withdraw", "chair", jsonType, `{"by":"person-with-parental-responsibility","reason":"Help is no longer needed."}`},
		"GET /v1/reviews":                            {"/v1/reviews", "police", "", ""},
		"POST /v1/reviews/{review}":                  {"/v1/reviews/{review}", "police", jsonType, `{"ruling":"share","reason":"The other child cannot be known from it."}`},
		"POST /v1/children/{child}/not-shared":       {child + "/not-shared", "health", jsonType, `{"with":"oakfield-school","why":"more-detrimental","what":"What the mother said on 12 November.","reason":"The father collects Ava and would learn of it."}`},
		"GET /v1/not-shared":                         {"/v1/not-shared", "governance", "", ""},
		"GET /v1/identity/candidates":                {"/v1/identity/candidates", "socialworker", "", ""},
		"POST /v1/identity/link":                     {"/v1/identity/link", "socialworker", jsonType, link},
		"POST /v1/identity/decline":                  {"/v1/identity/decline", "socialworker", jsonType, link},
		"POST /v1/identity/unlink":                   {"/v1/identity/unlink", "socialworker", jsonType, link},
		"GET /v1/erasures":                           {"/v1/erasures", "governance", "", ""},
		"POST /v1/erasures":                          {"/v1/erasures", "governance", jsonType, `{"child":"` + string(theChild) + `","agency":"oakfield-school","why":"unlawful","reference":"IG-2026-014"}`},
		"POST /v1/erasures/{erasure}/confirm":        {"/v1/erasures/e1/confirm", "chair", "", ""},
		"POST /v1/erasures/{erasure}/cancel":         {"/v1/erasures/e2/cancel", "governance", jsonType, `{"reference":"IG-2026-015"}`},
		"POST /v1/holds":                             {"/v1/holds", "governance", jsonType, `{"child":"` + string(theChild) + `","why":"court","reference":"LEGAL-2026-3"}`},
		"POST /v1/holds/{hold}/lift":                 {"/v1/holds/h1/lift", "chair", jsonType, `{"reference":"LEGAL-2026-9"}`},
		"POST /v1/conflicts":                         {"/v1/conflicts", "governance", jsonType, `{"actor":"actor-health","agency":"northshire-hospital","relation":"family","name":{"given":"Ben","family":"Sample"},"dateOfBirth":"2015-05-05"}`},
		"GET /v1/restrictions":                       {"/v1/restrictions", "governance", "", ""},
		"POST /v1/children/{child}/restrictions":     {child + "/restrictions", "chair", jsonType, `{"category":"high-risk","known":[{"actor":"actor-socialworker","agency":"northshire-council"}]}`},
		"POST /v1/restrictions/{restriction}/review": {"/v1/restrictions/{restriction}/review", "chair", "", ""},
		"POST /v1/lifts":                             {"/v1/lifts", "chair", jsonType, `{"restriction":"{restriction}","dangerToLife":true}`},
		"POST /v1/lifts/{lift}/approval":             {"/v1/lifts/{lift}/approval", "governance", "", ""},
		"POST /v1/break-glass":                       {"/v1/break-glass", "health", jsonType, `{"child":"` + string(theChild) + `","code":"out-of-hours-duty","words":"Brought in at night with an injury that nobody could explain.","case":"ED-26-118842"}`},
		"GET /v1/notices":                            {"/v1/notices", "governance", "", ""},
		"GET /v1/notices/{notice}":                   {"/v1/notices/{notice}", "governance", "", ""},
		"POST /v1/notices/{notice}/review":           {"/v1/notices/{notice}/review", "governance", jsonType, `{"outcome":"justified"}`},
		"GET /v1/ledger":                             {"/v1/ledger", "governance", "", ""},
		"GET /v1/ledger/unusual":                     {"/v1/ledger/unusual", "governance", "", ""},
		"POST /v1/ledger/unusual/{finding}":          {"/v1/ledger/unusual/at-night-17", "governance", jsonType, `{"outcome":"fine","note":"On call that night; the rota was not passed on."}`},
		"GET /v1/ledger/children/{child}":            {"/v1/ledger/children/" + string(theChild), "governance", "", ""},
		"GET /v1/ledger/children/{child}/release":    {"/v1/ledger/children/" + string(theChild) + "/release?to=child", "governance", "", ""},
	}
}

// keepExamples keeps what the hub really answers about invented people.
func keepExamples(t *testing.T) {
	for pattern, o := range operations() {
		if o.Answer.Media == streamType {
			continue
		}
		w := exampleWorld(t)
		a, rec := w.works(t, pattern)
		if rec.Code != o.Status {
			t.Errorf("%s: %d %s", pattern, rec.Code, rec.Body)
			continue
		}
		said := map[string]json.RawMessage{"response": rec.Body.Bytes()}
		if a.body != "" {
			said["request"] = json.RawMessage(a.body)
		}
		b, err := json.MarshalIndent(said, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		kept(t, "api/examples/"+o.ID+".json", string(without(b, w.policy(t)))+"\n")
	}
}

// exampleWorld has one child with a plan, whose view is short enough to read.
func exampleWorld(t *testing.T) *world {
	w := newWorld(t)
	w.change(func(p *events.Picture) {
		plan := social("2026-11-21T10:00:00Z", 0, events.Basis{Article6: events.PublicTask},
			events.ProtectionPlan{Reference: "CPP-1", Started: "2026-11-20", Category: events.Physical})
		plan.ID, plan.Label = "00000000-0000-4000-8000-000000000098", events.Core
		plan.Person.Identifiers.NHSNumber = &events.NHSNumber{Value: "9990001014", Status: events.NHSVerified}
		p.Items = append(p.Items[7:8:8], plan)
	})
	return w
}

// policy is the hash of the policies in force.
func (w *world) policy(t *testing.T) string {
	var v struct{ Policy string }
	if err := json.Unmarshal(w.get("/v1/children/"+string(theChild)+"/view?purpose=s47", "chair").Body.Bytes(), &v); err != nil || v.Policy == "" {
		t.Fatal(err)
	}
	return v.Policy
}

// askedAt is by the log's clock.
var askedAt = regexp.MustCompile(`"askedAt": "[^"]*"`)

// without blanks what changes with every word of a policy, and with every run.
func without(b []byte, hash string) []byte {
	b = bytes.ReplaceAll(b, []byte(hash), []byte(strings.Repeat("0", len(hash))))
	return askedAt.ReplaceAll(b, []byte(`"askedAt": "2026-11-23T10:30:00Z"`))
}
