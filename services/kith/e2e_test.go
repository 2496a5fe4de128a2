package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"kith/events/bus"
)

// The seven things that a person can do in the demonstration, each through real
// NATS and real HTTP, one after the other on one demonstration.
func TestMainJob(t *testing.T) {
	w := newWorld(t)
	wren := kid{given: "Wren", family: "Testerley", born: "2014-09-12"}
	wren.nhs, wren.upn = validNHS(t, "999000099"), validUPN("801200005991")
	var reference, child string

	t.Run("1 a DSL raises a concern and learns what became of it", func(t *testing.T) {
		reference = raiseConcern(t, w, wren)
		before := into[concernSeen](t, w.get(t, "dsl", "/v1/concerns/"+reference, http.StatusOK))
		if before.Decided != nil {
			t.Fatal("decided before anybody decided")
		}
		w.get(t, "otherdsl", "/v1/concerns/"+reference, http.StatusNotFound)
		w.post(t, "socialworker", "/v1/concerns/"+reference+"/decision",
			`{"decision":"strategy-discussion","rationale":"Bruising that is not explained.","nextStep":"A strategy discussion today."}`, http.StatusAccepted)
		after := into[concernSeen](t, w.get(t, "dsl", "/v1/concerns/"+reference, http.StatusOK))
		if after.Decided == nil || after.Decided.Decision != "strategy-discussion" || after.Decided.Rationale == "" {
			t.Errorf("the school sees %+v", after)
		}
	})

	t.Run("2 police publish over NATS and hold a receipt", func(t *testing.T) { policePublish(t, w, wren) })
	t.Run("3 a hospital posts a FHIR bundle, and national events come as they are", func(t *testing.T) { hospitalPosts(t, w, wren) })

	t.Run("4 social care posts its involvement and the chair convenes a discussion", func(t *testing.T) {
		ev := cloudEvent("urn:kith:agency:northshire-council", "inv-1", "uk.kith.socialcare.involvement.v1",
			shared("involvement", []any{wren.person("LCS-1001")}, map[string]any{"service": "assessment", "team": "Assessment team", "since": "2026-11-20"}))
		w.want(t, http.StatusAccepted, w.ask(t, "socialworker", "POST", "/v1/events", "application/cloudevents+json", string(ev)), "involvement")
		child = w.findOne(t, "chair", wren)
		a := w.post(t, "chair", "/v1/children/"+child+"/discussions",
			fmt.Sprintf(`{"at":%q,"reason":"Reasonable cause to suspect significant harm.","invited":["northshire-police","northshire-hospital","oakfield-school"]}`,
				time.Now().UTC().Format(time.RFC3339)), http.StatusCreated)
		if into[struct{ Discussion string }](t, a).Discussion == "" {
			t.Error("no discussion id")
		}
	})

	t.Run("4a the school and the police find in their inboxes what concerns them", func(t *testing.T) { readInboxes(t, w, reference, child) })
	t.Run("5 the chair reads the shared view", func(t *testing.T) { chairReads(t, w, wren, child) })
	t.Run("5a the police correct one event and withdraw another; the chair is told", func(t *testing.T) { policeCorrect(t, w, wren, child) })
	t.Run("6 consent comes and goes; public task stays", func(t *testing.T) { consentComesAndGoes(t, w, wren, child) })
	t.Run("7 others see less, or nothing", func(t *testing.T) { othersSeeLess(t, w, child) })
}

// readInboxes: by long poll and on NATS, thin, once, and nobody else's.
func readInboxes(t *testing.T, w *world, reference, child string) {
	type polled struct {
		Messages []struct {
			ID, Type string
			Data     struct{ Reference, Child string }
		}
		Next string
	}
	at, seen := "0", map[string]int{}
	for seen["uk.kith.hub.referral-feedback.v1"+reference] == 0 || seen["uk.kith.hub.discussion-invitation.v1"+child] == 0 {
		p := into[polled](t, w.get(t, "dsl", "/v1/inbox?wait=20s&after="+at, http.StatusOK))
		if len(p.Messages) == 0 {
			t.Fatalf("the school was told only of %v", seen)
		}
		for _, m := range p.Messages {
			seen[m.Type+m.Data.Reference+m.Data.Child]++
		}
		at = p.Next
	}
	for what, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", what, n)
		}
	}
	inbox(t, w.client(t, "police"), func(subject string, data []byte) bool {
		return subject == bus.SubjectMessages && strings.Contains(string(data), child)
	})
	if a := w.get(t, "otherdsl", "/v1/inbox", http.StatusOK); strings.Contains(a.body, child) || strings.Contains(a.body, reference) {
		t.Error("another school was told of it")
	}
}

type concernSeen struct {
	Reference string `json:"reference"`
	Decided   *struct{ Decision, Rationale, NextStep string }
}

func raiseConcern(t *testing.T, w *world, k kid) string {
	t.Helper()
	a := w.post(t, "dsl", "/v1/concerns", fmt.Sprintf(`{"givenName":%q,"familyName":%q,"dateOfBirth":%q,"upn":%q,
		"observed":"A bruise on the left arm, about 4 cm. The explanation changed twice.","words":"I am not allowed to say.","heardBy":"class teacher",
		"safeNow":"unsure","immediate":false,"familyTold":false,"whyNotTold":"Telling the family could put the child at risk."}`,
		k.given, k.family, k.born, k.upn), http.StatusAccepted)
	got := into[struct {
		Reference string
		Receipts  []bus.Receipt
	}](t, a)
	if got.Reference == "" || len(got.Receipts) != 1 {
		t.Fatalf("answer: %s", a.body)
	}
	if err := bus.Verify(w.file.Verifier, got.Receipts[0]); err != nil {
		t.Error("the receipt does not verify: ", err)
	}
	return got.Reference
}

func policePublish(t *testing.T, w *world, k kid) {
	js := w.client(t, "police")
	ev := cloudEvent(w.file.NATS["police"].Source, "NP/2026/000123", "uk.kith.police.domestic-abuse-incident.v1",
		shared("core", []any{k.person("nominal-77"), map[string]any{"localId": "nominal-78", "role": "victim", "name": map[string]any{"given": "Morgan", "family": "Testerley"}}},
			map[string]any{"policeReference": "NP/2026/000123", "place": "the family home", "presence": "heard", "circumstances": "Shouting; a door was broken."}))
	msg := nats.NewMsg("events.police.domestic-abuse-incident")
	msg.Header.Set("Content-Type", "application/cloudevents+json")
	msg.Data = ev
	if _, err := js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	receipt := receiptFor(t, w, js, "NP/2026/000123")
	if receipt.Position == 0 || receipt.AcceptedAt.IsZero() {
		t.Errorf("receipt: %+v", receipt)
	}
	again := into[bus.Receipt](t, w.get(t, "police", "/v1/receipts?"+url.Values{"source": {receipt.Source}, "id": {receipt.ID}}.Encode(), http.StatusOK))
	if again.Note != receipt.Note {
		t.Error("the receipt by HTTP is another one")
	}
	w.get(t, "health", "/v1/receipts?"+url.Values{"source": {receipt.Source}, "id": {receipt.ID}}.Encode(), http.StatusNotFound)
	othersCannot(t, w, ev)
}

// receiptFor reads the agency's inbox until the receipt of an event is there.
func receiptFor(t *testing.T, w *world, from inboxReader, id string) bus.Receipt {
	t.Helper()
	var r bus.Receipt
	inbox(t, from, func(_ string, data []byte) bool {
		var e struct {
			Type string
			Data bus.Receipt
		}
		if json.Unmarshal(data, &e) != nil || e.Type != bus.TypeReceipt || e.Data.ID != id {
			return false
		}
		r = e.Data
		return true
	})
	if err := bus.Verify(w.file.Verifier, r); err != nil {
		t.Error("the receipt does not verify: ", err)
	}
	return r
}

// othersCannot: health's credentials open health's account only. What health
// publishes under the name of the police is refused, and what the police hold
// is not there for health.
func othersCannot(t *testing.T, w *world, ev []byte) {
	health := w.client(t, "health")
	msg := nats.NewMsg("events.police.domestic-abuse-incident")
	msg.Header.Set("Content-Type", "application/cloudevents+json")
	msg.Data = []byte(strings.Replace(string(ev), `"id":"NP/2026/000123"`, `"id":"forged-1"`, 1))
	if _, err := health.PublishMsg(t.Context(), msg); err == nil { // its own account's stream takes it; the hub does not
		inbox(t, health, func(subject string, data []byte) bool {
			return subject == bus.SubjectRefusals && strings.Contains(string(data), "wrong-source")
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	c, err := health.OrderedConsumer(ctx, "INBOX", inboxConfig)
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := c.Next(fetchBriefly)
		if err != nil {
			return
		}
		if m.Subject() == bus.SubjectReceipts && strings.Contains(string(m.Data()), "NP/2026/000123") {
			t.Fatal("health reads the receipt of the police")
		}
	}
}

func hospitalPosts(t *testing.T, w *world, k kid) {
	arrived := time.Now().UTC().Add(-26 * time.Hour).Format(time.RFC3339)
	bundle := fmt.Sprintf(`{"resourceType":"Bundle","type":"collection","entry":[
	 {"resource":{"resourceType":"Patient","id":"p1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q,
	   "extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
	     "valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"01"}]}}]},
	   {"system":"https://fhir.northshire-hospital.example/mrn","value":"H-5512"}],
	   "name":[{"family":%q,"given":[%q]}],"birthDate":%q}},
	 {"resource":{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"EMER"},"subject":{"reference":"Patient/p1"},
	   "period":{"start":%q,"end":%q},"reasonCode":[{"text":"Painful left arm after a fall"}],
	   "serviceProvider":{"reference":"https://fhir.northshire-hospital.example/Organization/ED1","display":"Northshire Hospital, emergency department"}}}]}`,
		k.nhs, k.family, k.given, k.born, arrived, arrived)
	w.want(t, http.StatusAccepted, w.ask(t, "health", "POST", "/agencies/northshire-hospital/fhir", "application/fhir+json", bundle), "FHIR bundle")
	for i, raw := range nationalEvents {
		w.want(t, http.StatusAccepted, w.ask(t, "health", "POST", "/v1/events", "application/cloudevents+json", raw), fmt.Sprint("national event ", i))
		w.want(t, http.StatusAccepted, w.ask(t, "health", "POST", "/agencies/northshire-hospital/mns", "application/json", raw), fmt.Sprint("national event at the door ", i))
	}
	if a := w.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", nationalEvents[0]); a.status == http.StatusAccepted {
		t.Error("a national health event was accepted from the police")
	}
}

// nationalEvents have the shapes that NHS England's Multicast Notification
// Service sends: CloudEvents, and an older form that is none.
var nationalEvents = []string{
	`{"specversion":"1.0","id":"236a1d4a-5d69-4fa9-9c7f-e72bf505aa5b","source":"uk.nhs.personal-demographics-service","type":"pds-change-of-gp-2","time":"2020-06-01T13:00:00Z","dataref":"https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/9912003888","subject":"9912003888"}`,
	`{"specversion":"1.0","id":"236a1d4a-5d69-4fa9-9c7f-e72bf505aa5b","source":"uk.nhs.register-with-a-gp-surgery-service","type":"gpreg-change-gp-req-1","time":"2020-06-01T13:00:00Z","dataref":"https://api.service.nhs.uk/register-with-a-gp-surgery/applications/236a1d4a-5d69-4fa9-9c7f-e72bf505aa5b","subject":"9912003888"}`,
	`{"specversion":"1.0","id":"236a1d4a-5d69-4fa9-9c7f-e72bf505aa5b","source":"https://fhir.nhs.uk/Id/nhsSpineASID/477121000324","type":"pds-change-of-gp-2","time":"2020-06-01T13:00:00Z","dataref":"https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/9912003888","subject":"9912003888"}`,
	`{"specversion":"1.0","id":"16dbfb42-b5c0-4831-8258-f1a4d2491748","source":"uk.nhs.patient-flags-service","type":"patientflags-change-1","time":"2020-06-01T13:00:00Z","dataref":"https://api.service.nhs.uk/patient-flags-api/PatientFlag?patient=9912003888&code=NRAF","subject":"9912003888"}`,
	`{"id":"1dd1f17a-599d-40b8-9ee9-2c92756e2bc9","type":"nhs-number-change-1","subject":{"dob":"2017-10-02","familyName":"DAWKINS","nhsNumber":"9912003888"},"source":{"name":"NHS DIGITAL","identifier":{"system":"https://fhir.nhs.uk/Id/nhsSpineASID","value":"477121000324"}},"time":"2022-04-05T17:31:00.000Z","data":{"versionId":"W/\"16\"","fullUrl":"https://int.api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/9912003888","nhsNumberStatus":"I","provenance":{"name":"The GP Practice","identifier":{"system":"https://fhir.nhs.uk/Id/nhsSpineASID","value":"477121000323"}}}}`,
}

func chairReads(t *testing.T, w *world, k kid, child string) {
	v := w.view(t, "chair", child, "purpose=s47")
	for _, kind := range []string{"police", "health", "education", "socialcare"} {
		if v.kind(kind) == 0 {
			t.Errorf("nothing from %s: %+v; withheld %+v", kind, v.Items, v.Withheld)
		}
	}
	if len(v.Agencies) != 4 || v.Agencies[0].Contact.Team == "" {
		t.Errorf("who is involved: %+v", v.Agencies)
	}
	if len(v.Voice) == 0 || v.Voice[0].Words != "I am not allowed to say." {
		t.Errorf("the child's voice: %+v", v.Voice)
	}
	for _, i := range v.Items {
		if i.OccurredAt.IsZero() || i.RecordedAt.IsZero() || i.HubRecordedAt.IsZero() || i.Source == "" || i.Basis.Article6 == "" || len(i.Grounds) == 0 || i.Grounds[0].Basis == "" {
			t.Errorf("an item lacks something: %+v", i)
		}
	}
	asKnownAt(t, w, k, child, v)
	announced(t, w, k, child)
}

// asKnownAt: what the hub learns later is not in a view of an earlier moment.
func asKnownAt(t *testing.T, w *world, k kid, child string, before seenView) {
	time.Sleep(20 * time.Millisecond)
	at := time.Now().UTC()
	publishMissing(t, w, k, "as-known-at-1")
	now := w.view(t, "chair", child, "purpose=s47")
	then := w.view(t, "chair", child, "purpose=s47&asKnownAt="+url.QueryEscape(at.Format(time.RFC3339Nano)))
	if len(now.Items) != len(before.Items)+1 || len(then.Items) != len(before.Items) || then.has("missing-episode") {
		t.Errorf("before %d, as known then %d, now %d items", len(before.Items), len(then.Items), len(now.Items))
	}
}

func publishMissing(t *testing.T, w *world, k kid, id string) {
	t.Helper()
	ev := cloudEvent(w.file.NATS["police"].Source, id, "uk.kith.police.missing-episode.v1",
		shared("core", []any{k.person("nominal-77")}, map[string]any{"policeReference": id, "missingSince": "2026-11-21T20:00:00Z",
			"foundAt": "2026-11-21T23:10:00Z", "missingFrom": "home", "circumstances": "Found at the bus station."}))
	w.want(t, http.StatusAccepted, w.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", string(ev)), "missing episode")
}

// announced: an open page is told that there is something new, and nothing else.
func announced(t *testing.T, w *world, k kid, child string) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", w.file.URL+"/v1/children/"+child+"/changes", nil)
	req.Header.Set("Authorization", "Bearer "+w.file.Tokens["chair"])
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", res, err)
	}
	defer res.Body.Close()
	var published sync.WaitGroup
	defer published.Wait()
	published.Go(func() { publishMissing(t, w, k, "announced-1") })
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		if strings.Contains(s.Text(), k.given) || strings.Contains(s.Text(), "missing") {
			t.Fatalf("the announcement says %q", s.Text())
		}
		if strings.HasPrefix(s.Text(), "event: changed") {
			return
		}
	}
	t.Error("nothing was announced")
}

// policeCorrect: the view shows what is right, an earlier moment what was known
// then, and whoever was shown what was wrong is told, once.
func policeCorrect(t *testing.T, w *world, k kid, child string) {
	then := time.Now().UTC()
	before := w.view(t, "chair", child, "purpose=s47")
	time.Sleep(20 * time.Millisecond)
	source := w.file.NATS["police"].Source
	inPlaceOf := func(old, id, typ string, fact map[string]any) {
		e := cloudEvent(source, id, "uk.kith.police."+typ+".v1", shared("core", []any{k.person("nominal-77")}, fact))
		e = []byte(strings.Replace(string(e), "{", fmt.Sprintf(`{"supersedes":%q,`, old), 1))
		w.want(t, http.StatusAccepted, w.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", string(e)), typ)
	}
	inPlaceOf("as-known-at-1", "as-known-at-2", "missing-episode", map[string]any{"policeReference": "as-known-at-1", "missingSince": "2026-11-21T20:00:00Z",
		"foundAt": "2026-11-22T01:10:00Z", "missingFrom": "home", "circumstances": "Found in a car."})
	inPlaceOf("announced-1", "announced-2", "withdrawal", map[string]any{"reason": "duplicate"})
	now := w.view(t, "chair", child, "purpose=s47")
	if len(now.Items) != len(before.Items)-1 || !strings.Contains(fmt.Sprint(now.Items), "as-known-at-2") || strings.Contains(fmt.Sprint(now.Items), "announced") {
		t.Errorf("%d items before, now %d: %+v", len(before.Items), len(now.Items), now.Items)
	}
	past := w.view(t, "chair", child, "purpose=s47&asKnownAt="+url.QueryEscape(then.Format(time.RFC3339Nano)))
	if fmt.Sprint(past.Items) != fmt.Sprint(before.Items) {
		t.Error("what was known before is not what it was")
	}
	told := map[string]int{}
	for at := "0"; len(told) < 2; {
		p := into[struct {
			Messages []struct {
				Type string
				Data struct{ Item, Read string }
			}
			Next string
		}](t, w.get(t, "chair", "/v1/inbox?wait=20s&after="+at, http.StatusOK))
		if len(p.Messages) == 0 {
			t.Fatalf("the chair was told only of %v", told)
		}
		for _, m := range p.Messages {
			if strings.HasPrefix(m.Type, "uk.kith.hub.item-") {
				told[m.Type+" "+m.Data.Read]++
			}
		}
		at = p.Next
	}
	if told["uk.kith.hub.item-corrected.v1 /v1/children/"+child+"/view"] != 1 || told["uk.kith.hub.item-withdrawn.v1 "] != 1 {
		t.Errorf("the chair was told %v", told)
	}
	if a := w.get(t, "police", "/v1/inbox", http.StatusOK); strings.Contains(a.body, "item-corrected") {
		t.Error("the police are told of their own correction")
	}
}

func consentComesAndGoes(t *testing.T, w *world, k kid, child string) {
	report := shared("core", []any{k.person("nominal-1")}, map[string]any{"from": "2026-09-01", "to": "2026-10-23", "percent": 71, "percentBefore": 95, "unauthorised": 18})
	report["basis"] = map[string]any{"article6": "consent", "consentScope": "early-help"}
	report["informed"] = map[string]any{"told": true}
	ev := cloudEvent("urn:kith:agency:oakfield-school", "att-1", "uk.kith.education.attendance-fall.v1", report)
	w.want(t, http.StatusAccepted, w.ask(t, "dsl", "POST", "/v1/events", "application/cloudevents+json", string(ev)), "attendance")
	sees := func(purpose, typ string) bool {
		return w.view(t, "socialworker", child, "purpose="+purpose).has(typ)
	}
	if sees("early-help", "attendance-fall") {
		t.Error("seen before consent was given")
	}
	a := w.post(t, "socialworker", "/v1/children/"+child+"/consents", `{"scope":"early-help","by":"person-with-parental-responsibility"}`, http.StatusCreated)
	id := into[struct{ Consent string }](t, a).Consent
	if !sees("early-help", "attendance-fall") {
		t.Error("not seen although consent was given")
	}
	w.post(t, "socialworker", "/v1/children/"+child+"/consents/"+id+"/withdraw", `{"by":"person-with-parental-responsibility","reason":"The parent changed their mind."}`, http.StatusOK)
	if sees("early-help", "attendance-fall") {
		t.Error("still seen although consent was withdrawn")
	}
	v := w.view(t, "socialworker", child, "purpose=early-help")
	if !strings.Contains(fmt.Sprint(v.Withheld), "withdrawn") {
		t.Errorf("it is not said why it is withheld: %+v", v.Withheld)
	}
	for _, i := range w.view(t, "chair", child, "purpose=s47").Items {
		if strings.Contains(i.Type, "domestic-abuse-incident") {
			if !strings.Contains(fmt.Sprint(i.Grounds), "aragraph 18") {
				t.Errorf("the grounds do not name the safeguarding condition: %+v", i.Grounds)
			}
			return
		}
	}
	t.Error("what rests on public task did not stay")
}

func othersSeeLess(t *testing.T, w *world, child string) {
	for _, purpose := range []string{"s47", "early-help"} {
		v := w.view(t, "dsl", child, "purpose="+purpose)
		if v.kind("police")+v.kind("health") > 0 {
			t.Errorf("a DSL sees %+v", v.Items)
		}
		if v.kind("education") == 0 {
			t.Error("a DSL does not see what the school itself shared")
		}
	}
	absent := "zzzzzzzzzzzzzzzzzzzzzzzzzz"
	for _, persona := range []string{"otherdsl", "governance"} {
		for _, path := range []string{"/view?purpose=s47", "/changes"} {
			hidden, none := w.ask(t, persona, "GET", "/v1/children/"+child+path, "", ""), w.ask(t, persona, "GET", "/v1/children/"+absent+path, "", "")
			if hidden.status != none.status || hidden.body != none.body {
				t.Errorf("%s can tell hidden from absent: %d %s / %d %s", persona, hidden.status, hidden.body, none.status, none.body)
			}
			if persona == "otherdsl" && hidden.status != http.StatusNotFound {
				t.Errorf("status %d", hidden.status)
			}
		}
	}
}
