package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events/bus"
)

// What an agency said of a record before does not stand beside what it says of it
// now: through each kind of door, the outbox, NATS and the hub, up to the view.
func TestLaterVersionsSupersede(t *testing.T) {
	w := newWorld(t)
	wren := kid{given: "Wren", family: "Testerley", born: "2014-09-12"}
	wren.nhs, wren.upn = validNHS(t, "999000099"), validUPN("801200005991")
	raiseConcern(t, w, wren)
	policePublish(t, w, wren) // by which the hub knows that both numbers are hers
	child := w.findOne(t, "chair", wren)
	shows := func(typ, want string) {
		t.Helper()
		var ids []string
		for _, i := range w.view(t, "chair", child, "purpose=s47").Items {
			if strings.Contains(i.Type, typ) {
				ids = append(ids, i.EventID)
			}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("the view shows of %s %q, want %q", typ, got, want)
		}
	}
	give := func(persona, door, record string, status int) string {
		t.Helper()
		a := w.want(t, status, w.ask(t, persona, "POST", "/agencies/"+door, "application/octet-stream", record), door)
		if status != http.StatusAccepted {
			return a.body
		}
		got := into[struct {
			Receipts []bus.Receipt
			Waiting  int
		}](t, a)
		if got.Waiting > 0 || len(got.Receipts) != 1 {
			t.Fatalf("%s: %s", door, a.body)
		}
		return got.Receipts[0].ID
	}

	t.Run("police: a revision", func(t *testing.T) {
		const door = "northshire-police/missing-episodes"
		one, two := missingRecord(wren, 1, "Not home."), missingRecord(wren, 2, "Not home since six.")
		give("police", door, one, http.StatusAccepted)
		shows("missing-episode", "missing:NP-2025-7")
		give("police", door, two, http.StatusAccepted)
		shows("missing-episode", "missing:NP-2025-7:2")
		give("police", door, one, http.StatusAccepted) // as it was
		shows("missing-episode", "missing:NP-2025-7:2")
		give("police", door, missingRecord(wren, 4, "Not home since five."), http.StatusAccepted)
		if said := give("police", door, missingRecord(wren, 3, "Late."), http.StatusBadRequest); !strings.Contains(said, `"/revision"`) {
			t.Errorf("an older revision: %s", said)
		}
		shows("missing-episode", "missing:NP-2025-7:4")
	})
	t.Run("police: withdrawn and corrected by hand", func(t *testing.T) { byHand(t, w, wren, shows) })
	t.Run("health: a resource", func(t *testing.T) {
		const door = "northshire-hospital/fhir"
		if said := give("health", door, encounter(wren, "entered-in-error", 12), http.StatusBadRequest); !strings.Contains(said, `"/status"`) || !strings.Contains(said, "knows of nothing") {
			t.Errorf("entered in error and never said: %s", said)
		}
		give("health", door, encounter(wren, "in-progress", 10), http.StatusAccepted)
		finished := give("health", door, encounter(wren, "finished", 11), http.StatusAccepted)
		shows("emergency-attendance", finished)
		for range 2 {
			if got := give("health", door, encounter(wren, "entered-in-error", 12), http.StatusAccepted); got != "withdrawal:"+finished {
				t.Errorf("withdrawn by %s", got)
			}
		}
		shows("emergency-attendance", "")
	})
	t.Run("social care: a row", func(t *testing.T) {
		const door = "northshire-council/ssd/cin-episodes"
		row := func(day string) string {
			return "cine_referral_id,cine_person_id,pers_forename,pers_surname,pers_dob,pers_upn,cine_referral_date,cine_cin_primary_need_code,cine_referral_source_code,cine_referral_nfa,cine_close_reason,cine_close_date\n" +
				fmt.Sprintf("R-9,LA-9,%s,%s,%s,%s,%s,N1,2A,N,,\n", wren.given, wren.family, wren.born, wren.upn, day)
		}
		for i, want := range []string{"ssd-referral:R-9:N1", "ssd-referral:R-9:N1:2", "ssd-referral:R-9:N1:3"} {
			for range 2 {
				give("socialworker", door, row([]string{"2025-11-12", "2025-11-13", "2025-11-12"}[i]), http.StatusAccepted)
				shows("socialcare.referral.", want)
			}
		}
	})
}

func missingRecord(k kid, revision int, circumstances string) string {
	return fmt.Sprintf(`{"policeReference":"NP-2025-7","revision":%d,"recordedAt":"2025-11-20T02:10:00Z","missingSince":"2025-11-19T18:00:00Z","missingFrom":"home",
		"circumstances":%q,"family":{"told":true},"team":{"team":"Missing persons desk"},
		"people":[{"nominal":"N-9","role":"child","surname":%q,"forenames":%q,"dateOfBirth":%q,"upn":%q}]}`, revision, circumstances, k.family, k.given, k.born, k.upn)
}

func encounter(k kid, status string, hour int) string {
	return fmt.Sprintf(`{"resourceType":"Encounter","id":"e-9","meta":{"lastUpdated":"2025-11-20T%d:00:00Z"},"status":%q,"class":{"code":"EMER"},"subject":{"reference":"#p"},
	  "period":{"start":"2025-11-20T09:00:00Z"},"reasonCode":[{"text":"Painful left arm after a fall"}],"serviceProvider":{"display":"Northshire Hospital, emergency department"},
	  "contained":[{"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":%q,
	   "extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
	     "valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"01"}]}}]}],
	   "name":[{"family":%q,"given":[%q]}],"birthDate":%q}]}`, hour, status, k.nhs, k.family, k.given, k.born)
}

// byHand: kith outbox at the agency, on the outbox that its edge has open.
func byHand(t *testing.T, w *world, wren kid, shows func(typ, want string)) {
	data := t.TempDir()
	if err := os.Symlink(filepath.Join(w.dir, "hub", "outbox", "northshire-police.db"), filepath.Join(data, "outbox.db")); err != nil {
		t.Fatal(err)
	}
	file := func(name, text string) string {
		path := filepath.Join(data, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fixed := cloudEvent(w.file.NATS["police"].Source, "put-right", "uk.kith.police.missing-episode.v1", shared("core", []any{wren.person("N-9")},
		map[string]any{"policeReference": "NP-2025-7", "missingSince": "2025-11-19T18:00:00Z", "missingFrom": "home", "circumstances": "Put right."}))
	better, why := file("better.json", string(fixed)), file("why.txt", "It was her sister Ash.\n")
	others := file("others.json", strings.ReplaceAll(string(fixed), "N-9", "N-8"))
	const id = "missing:NP-2025-7:4"
	for _, c := range []struct {
		code int
		args []string
		says string
	}{
		{0, []string{"list"}, id + "  accepted 20"},
		{0, []string{"list", "-json"}, `"accepted":[{"id":"` + id},
		{1, []string{"correct", id, others}, "everybody whom"},
		{1, []string{"correct", "no-such-event", better}, "no event of that id"},
		{1, []string{"correct", "missing:NP-2025-7:2", better}, "no event of that id"}, // superseded before
		{0, []string{"correct", id, better}, "in place of the one that was accepted"},
		{1, []string{"withdraw", id, "-reason", "not-true"}, "no event of that id"},
		{2, []string{"withdraw", "put-right"}, "-reason"},
		{2, []string{"withdraw", "put-right", "-reason", "It was her sister"}, "one of wrong-person"},
		{2, []string{"withdraw", "put-right", "-reason", "other"}, "-note"},
		{1, []string{"withdraw", "put-right", "-reason", "other", "-note", file("blank", " \n")}, "has to be text"},
	} {
		code, out, errs := runKith(t, append([]string{"outbox", c.args[0], "-data", data}, c.args[1:]...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) || strings.Contains(out+errs, "sister Ash") {
			t.Errorf("%v: exit %d: %s%s", c.args, code, out, errs)
		}
	}
	until(t, func() bool { return listed(t, data).Depth == 0 })
	until(t, func() bool {
		_, _, errs := runKith(t, "outbox", "withdraw", "-data", data, "put-right", "-reason", "wrong-person", "-note", why)
		return errs == ""
	})
	until(t, func() bool { return listed(t, data).Depth == 0 })
	if s := listed(t, data); len(s.Refused) > 0 {
		t.Fatalf("refused: %+v", s.Refused)
	}
	until(t, func() bool {
		return !w.view(t, "chair", w.findOne(t, "chair", wren), "purpose=s47").has("missing-episode")
	})
	shows("missing-episode", "")
}

// What only an outbox can make an event of is sent back by the tools that have none,
// with its place.
func TestEnteredInErrorWithoutAnOutbox(t *testing.T) {
	code, out, errs := runKith(t, "validate", "-kind", "health", "-door", "/fhir", "../health/testdata/fhir-withdrawn-observation.json")
	if code != 1 || !strings.Contains(out, "/status") || !strings.Contains(out, "Hand this in at your edge") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
