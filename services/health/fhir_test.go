package health

import (
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/internal/native/nativetest"
)

func TestWhatIsWrongWithAResource(t *testing.T) {
	const team = `"display": "Northshire community paediatrics"`
	for _, c := range []spoilt{
		{"fhir-observation.json", `"Observation"`, `"Xyzzy"`, "/resourceType"},
		{"fhir-observation.json", `"Observation"`, `"Patient"`, "/resourceType"},
		{"fhir-observation.json", `"status": "preliminary"`, `"xyzzy": "preliminary"`, ""}, // the place is the whole resource
		{"fhir-observation.json", `"preliminary"`, `"xyzzy"`, "/status"},
		{"fhir-observation.json", `"preliminary"`, `"registered"`, "/status"},
		{"fhir-observation.json", `"exam"`, `"laboratory"`, "/category"},
		{"fhir-observation.json", `"2026-11-18T10:40:00+00:00"`, `"18/11/2026"`, "/effectiveDateTime"},
		{"fhir-observation.json", `"2026-11-18T10:40:00+00:00"`, `"2026-11-18T10:40:00"`, "/effectiveDateTime"},
		{"fhir-observation.json", `"2026-11-18T10:40:00+00:00"`, `"2026-11"`, "/effectiveDateTime"},
		{"fhir-observation.json", `"2026-11-18T10:40:00+00:00"`, `"2026-02-31"`, "/effectiveDateTime"},
		{"fhir-observation.json", `"2026-11-18T10:50:00+00:00"`, `"2026-11-18"`, "/issued"},
		{"fhir-observation.json", `"reference": "#p"`, `"reference": "#xyz"`, "/subject"},
		{"fhir-observation.json", `"reference": "#p"`, `"reference": "#team"`, "/subject"},
		{"fhir-observation.json", `"reference": "#team"`, `"reference": "#xyz"`, "/performer"},
		{"fhir-observation.json", `"value": 2.5`, `"value": "2.5"`, "/component/0/valueQuantity/value"},
		{"fhir-observation.json", `"Round, yellow"`, `""`, "/valueString"},
		{"fhir-observation.json", `"2026-02-08"`, `"1986-02-08"`, "/contained/0/birthDate"},
		{"fhir-observation.json", `"9990001014"`, `"9990001015"`, "/contained/0/identifier/0/value"},
		{"fhir-observation.json", `"use": "old"`, `"use": "usual"`, "/contained/0/identifier/1"},
		{"fhir-observation.json", `"birthDate": "2026-02-08"`, `"birthDate": "2026-02-08", "link": [{"other": {"display": "xyz"}, "type": "replaced-by"}]`, "/contained/0/link/0"},
		{"fhir-observation.json", `"birthDate": "2026-02-08"`, `"birthDate": "2026-02-08", "multipleBirthInteger": 1.5`, "/contained/0"},
		{"fhir-observation.json", `"id": "team"`, `"id": "team", "contained": [{"resourceType": "Practitioner", "id": "xyz"}]`, "/contained/2/contained"},
		{"fhir-flag.json", `"status": "active",`, ``, "/status"},
		{"fhir-flag.json", `"code": {`, `"note": {`, "/code "}, // and what stands there instead
		{"fhir-flag.json", `"9990001014"`, `"9990001015"`, "/subject/identifier/value"},
		{"fhir-flag.json", `"https://fhir.nhs.uk/Id/nhs-number"`, `"xyzzy"`, "/subject/identifier"},
		{"fhir-flag.json", `"2026-11-02"`, `"2026"`, "/period/start"},
		{"fhir-flag.json", `"start"`, `"end"`, "/period/start"},
		{"fhir-flag.json", team, `"reference": "Organization/xyz"`, "/author"},
		{"fhir-flag-ended.json", `"lastUpdated": "2026-11-20T09:00:00Z"`, `"versionId": "1"`, "/period/end"},
		{"fhir-flag-ended.json", `"Interpreter needed"`, `"  "`, "/code/text"},
		{"fhir-consent.json", `"patient-privacy"`, `"research"`, "/scope"},
		{"fhir-consent.json", `"active"`, `"draft"`, "/status"},
		{"fhir-consent.json", `"dateTime": "2026-11-12"`, `"dateTime": "2026-11"`, "/dateTime"},
		{"fhir-consent-refused.json", `"Sharing with early help"`, `" "`, "/category"},
		{"fhir-questionnaire.json", `"completed"`, `"in-progress"`, "/status"},
		{"fhir-questionnaire.json", `"text": "How many times this year?"`, `"text": " "`, "/item/0/item/2/text"},
		{"fhir-questionnaire.json", `"questionnaire": "https://northshire-hospital.example/Questionnaire/ed-safeguarding-screen|2.1",`, ``, "/questionnaire"},
		{"fhir-questionnaire-concern.json", `"child-seen"`, `"xyz"`, "/item"},
		{"fhir-questionnaire-concern.json", `"concern"`, `"xyz"`, "/item"},
		{"fhir-questionnaire-concern.json", `"practitioner"`, `"xyz"`, "/item"},
		{"fhir-questionnaire-concern.json", `"family-why-not"`, `"xyz"`, "/item"},
		{"bundle-safeguarding.json", `"searchset"`, `"history"`, "/type"},
		{"bundle-safeguarding.json", `"searchset"`, `"xyzzy"`, "/type"},
		{"bundle-safeguarding.json", `"id": "77"`, `"id": "78"`, "/entry/2/resource/subject/reference /entry/3/resource/subject/reference"},
		{"bundle-safeguarding.json", `"resourceType": "Condition"`, `"resource": "xyz"`, "/entry/5/resource/resourceType"},
	} {
		t.Run(c.sample+c.want, c.check)
	}
}

// What an answer says, a developer can act on.
func TestAnswersSayWhatToGive(t *testing.T) {
	for _, c := range []struct{ sample, old, new, want string }{
		{"fhir-flag.json", `"active"`, `"on"`, "Give one of active, inactive, entered-in-error."},
		{"fhir-flag.json", `"active"`, `"entered-in-error"`, "Give another status, or the resource with the id that it has at your server: what was entered in error is not shared, and without that nobody can tell what to withdraw."},
		{"fhir-flag.json", `"2026-11-02"`, `"02/11/2026"`, "Give a date, such as 2016-04-30, or a date and time with seconds and zone, such as 2026-11-23T08:30:00Z."},
		{"fhir-flag.json", `"9990001014"`, `"9990001015"`, "Give ten digits with the right check digit."},
		{"fhir-flag.json", `"start": "2026-11-02"`, `"from": "2026-11-02"`, "Give only elements that FHIR R4 has here: end, extension, id, start."},
		{"fhir-flag.json", `"resourceType": "Flag",`, ``, "Give one of Bundle, Consent, Encounter, Flag, Observation, QuestionnaireResponse."},
		{"fhir-consent.json", `"dateTime": "2026-11-12",`, ``, "Give a date and time with its zone, such as 2026-11-23T08:30:00Z."},
		{"fhir-observation.json", `"value": 2.5`, `"value": "2.5"`, "Give a number."},
	} {
		raw := string(nativetest.File(t, "testdata/"+c.sample))
		bad := strings.ReplaceAll(raw, c.old, c.new)
		if _, err := FHIR([]byte(bad)); bad == raw || reasonsOf(err) != c.want {
			t.Errorf("%s: %q, want %q", c.sample, reasonsOf(err), c.want)
		}
	}
}

// Two patients with one id, for example of two servers, are not taken for one.
func TestAmbiguousReference(t *testing.T) {
	raw := string(nativetest.File(t, "testdata/bundle-safeguarding.json"))
	twin := strings.Replace(raw, `"entry": [`, `"entry": [{"fullUrl": "https://other.example/Patient/77",
		"resource": {"resourceType": "Patient", "id": "77", "name": [{"family": "Other"}], "identifier": [{"value": "X-1"}]}},`, 1)
	_, err := FHIR([]byte(twin))
	if got := strings.Join(nativetest.Places(err), " "); got != "/entry/3/resource/subject/reference /entry/4/resource/subject/reference" {
		t.Errorf("got %q", got)
	}
	full := strings.ReplaceAll(strings.ReplaceAll(twin, `"Patient/77/_history/3"`, `"https://other.example/Patient/77"`),
		`"reference": "Patient/77"`, `"reference": "https://fhir.northshire-hospital.example/Patient/77"`)
	ns, err := FHIR([]byte(full))
	if err != nil {
		t.Fatal(err, nativetest.Places(err))
	}
	if a, b := ns[0].Report.About[0].LocalID, ns[1].Report.About[0].LocalID; a != "X-1" || b == "X-1" {
		t.Error("the attendance and the observation are of the wrong patients")
	}
}

// Every way in which FHIR says yes, no and no longer.
func TestWhatWasSaid(t *testing.T) {
	for _, c := range []struct {
		old, new string
		want     events.ConsentDecision
	}{
		{`"status": "active"`, `"status": "active"`, events.DecisionGiven},
		{`"status": "active"`, `"status": "inactive"`, events.DecisionWithdrawn},
		{`"status": "active"`, `"status": "rejected"`, events.DecisionRefused},
		{`"OPTIN"`, `"OPTOUT"`, events.DecisionRefused},
		{`"provision": {`, `"provision": {"type": "deny",`, events.DecisionRefused},
		{`"provision": {`, `"provision": {"type": "permit",`, events.DecisionGiven},
	} {
		raw := strings.Replace(string(nativetest.File(t, "testdata/fhir-consent.json")), c.old, c.new, 1)
		ns, err := FHIR([]byte(raw))
		if err != nil {
			t.Fatal(err, nativetest.Places(err))
		}
		if f, ok := ns[0].Report.Fact.(events.SharingConsent); !ok || f.Decision != c.want {
			t.Errorf("%s: %s, want %s", c.new, f.Decision, c.want)
		}
	}
}

// A practitioner is no team: whom to call is then the provider of the encounter,
// or the organization that looks after the patient.
func TestTeamOfAPractitioner(t *testing.T) {
	const (
		alone     = `"performer": [{"display": "Northshire Hospital emergency department"}], "dataAbsent`
		byDoctor  = `"performer": [{"reference": "Practitioner/1", "display": "Dana Example"}], "dataAbsent`
		within    = `"encounter": {"reference": "Encounter/e"}, ` + byDoctor
		provider  = `"serviceProvider": {"display": "Northshire Hospital emergency department"}`
		looksOver = `"managingOrganization": {"display": "Northgate surgery"}, "birthDate"`
	)
	raw := strings.Join(strings.Fields(string(nativetest.File(t, "testdata/bundle-safeguarding.json"))), " ")
	raw = strings.NewReplacer(`[ `, `[`, ` ]`, `]`, `{ `, `{`, ` }`, `}`).Replace(raw)
	for _, c := range []struct {
		performer, patient string
		want               events.Contact
		places             string
	}{
		{byDoctor, `"birthDate"`, events.Contact{}, "/entry/3/resource/performer"},
		{byDoctor, looksOver, events.Contact{Team: "Northgate surgery", Name: "Dana Example"}, ""},
		{within, looksOver, events.Contact{Team: "Northshire Hospital emergency department", Name: "Dana Example"}, ""},
	} {
		doc := strings.Replace(strings.Replace(raw, alone, c.performer, 1), `"birthDate"`, c.patient, 1)
		if !strings.Contains(doc, provider) || doc == raw {
			t.Fatal("the case changes nothing")
		}
		ns, err := FHIR([]byte(doc))
		if got := strings.Join(nativetest.Places(err), " "); got != c.places {
			t.Errorf("got places %q, want %q", got, c.places)
		}
		if err == nil && ns[1].Report.Contact != c.want {
			t.Errorf("the team is not the one that was meant")
		}
	}
}

// A record as deep as its reader allows costs no more than one that is as long.
func TestDepthIsCheap(t *testing.T) {
	const levels = 4900
	for _, c := range []struct{ begin, level, innermost, back, end string }{
		{"", `{"resourceType":"Flag","contained":[`, "", "]}", ""},
		{`{"resourceType":"QuestionnaireResponse","status":"completed",`, `"item":[{"linkId":"1",`, `"text":"x"`, "}]", "}"},
		{`{"resourceType":"Flag",`, `"extension":[{"url":"x",`, `"valueBoolean":true`, "}]", "}"},
	} {
		raw := c.begin + strings.Repeat(c.level, levels) + c.innermost + strings.Repeat(c.back, levels) + c.end
		begun := time.Now()
		if _, err := FHIR([]byte(raw)); nativetest.Places(err) == nil {
			t.Errorf("%s: %v", c.level, err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: %d bytes took %v", c.level, len(raw), took)
		}
	}
}
