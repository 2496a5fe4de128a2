package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
	"kith/services/intake"
)

const canary = "Zebedee Quillfeather"

func TestProblems(t *testing.T) {
	for _, tc := range []struct {
		name, method, target, persona, contentType, body string
		status                                           int
		kind, pointer                                    string
	}{
		{"no account", "GET", "/v1/concerns", "", "", "", 401, "unsigned", ""},
		{"wrong role", "GET", "/v1/ledger", "dsl", "", "", 403, "refused", ""},
		{"no purpose", "GET", "/v1/children/" + string(theChild) + "/view", "chair", "", "", 400, "invalid", "purpose"},
		{"no such purpose", "GET", "/v1/children/" + string(theChild) + "/view?purpose=" + "curiosity", "chair", "", "", 400, "invalid", "purpose"},
		{"no such time", "GET", "/v1/children/" + string(theChild) + "/view?purpose=s47&asKnownAt=yesterday", "chair", "", "", 400, "invalid", "asKnownAt"},
		{"no such child", "GET", "/v1/children/c0/view?purpose=s47", "chair", "", "", 404, "not-found", ""},
		{"not JSON", "POST", "/v1/children/search", "chair", "application/json", `{"name": "` + canary, 400, "invalid", ""},
		{"a form", "POST", "/v1/children/search", "chair", "application/x-www-form-urlencoded", "x=" + canary, 400, "invalid", ""},
		{"two documents", "POST", "/v1/children/search", "chair", "application/json", `{} {"x":"` + canary + `"}`, 400, "invalid", ""},
		{"unknown field", "POST", "/v1/children/search", "chair", "application/json", `{"surname":"` + canary + `"}`, 400, "invalid", "/surname"},
		{"a name for a field", "POST", "/v1/children/search", "chair", "application/json", `{"` + canary + `":1}`, 400, "invalid", "/"},
		{"wrong type", "POST", "/v1/children/search", "chair", "application/json", `{"name":{"given":["` + canary + `"]}}`, 400, "invalid", "/name/given"},
		{"wrong time", "POST", "/v1/children/" + string(theChild) + "/discussions", "chair", "application/json", `{"at":"` + canary + `"}`, 400, "invalid", ""},
		{"no agency", "POST", "/v1/children/" + string(theChild) + "/discussions", "chair", "application/json", `{"reason":"r","invited":["` + canary + `"]}`, 400, "invalid", "invited/0"},
		{"too large", "POST", "/v1/children/search", "chair", "application/json", `{"upn":"` + strings.Repeat("x", smallBody) + `"}`, 413, "too-large", ""},
		{"incomplete", "POST", "/v1/concerns", "dsl", "application/json", `{"givenName":"` + canary + `"}`, 400, "invalid", "/familyName"},
		{"no event", "POST", "/v1/events", "police", "application/cloudevents-batch+json", `{"` + canary + `"`, 400, "invalid", ""},
		{"an event too large", "POST", "/v1/events", "police", "application/cloudevents+json", `{"x":"` + strings.Repeat("x", intake.MaxMessage) + `"}`, 413, "too-large", ""},
		{"one of two events too large", "POST", "/v1/events", "police", "application/cloudevents-batch+json", `[{},{"x":"` + strings.Repeat("x", intake.MaxMessage) + `"}]`, 413, "too-large", "/1"},
		{"no route", "GET", "/v1/" + "nothing", "chair", "", "", 404, "not-found", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rec := newWorld(t).ask(tc.method, tc.target, tc.persona, tc.contentType, tc.body)
			if got := rec.Header().Get("Content-Type"); rec.Code != tc.status || got != "application/problem+json" {
				t.Fatalf("%d %s: %s", rec.Code, got, rec.Body)
			}
			var p problem
			if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if p.Type != "https://kith.uk/problems/"+tc.kind || p.Status != tc.status || p.Title == "" || p.Detail == "" {
				t.Errorf("%+v", p)
			}
			if tc.pointer != "" && !strings.Contains(rec.Body.String(), `"pointer":"`+tc.pointer+`"`) {
				t.Errorf("no pointer %s in %s", tc.pointer, rec.Body)
			}
			if strings.Contains(rec.Body.String(), canary) {
				t.Errorf("the problem repeats what was sent: %s", rec.Body)
			}
		})
	}
}

// Every kind that a caller can act on has a status, and a page that explains it.
func TestEveryKindHasAPage(t *testing.T) {
	w := newWorld(t)
	for _, k := range []fault.Kind{fault.Invalid, fault.Hidden, fault.Refused, fault.Conflict, fault.Unsigned, fault.Unavailable, fault.Internal} {
		if _, ok := kindOf(k); !ok {
			t.Errorf("kind %s has no status", k)
		}
	}
	for _, k := range kinds {
		rec := w.get("/problems/"+string(k.Kind), "")
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), k.Title) {
			t.Errorf("/problems/%s: %d", k.Kind, rec.Code)
		}
	}
}

// An agency that sends more than was agreed is told when to come back, and
// nobody else is.
func TestTooManyEvents(t *testing.T) {
	w := newWorld(t)
	w.Limits = bus.Limits{Of: map[events.AgencyID]bus.Limit{"northshire-police": {EventsPerSecond: 5}}}
	const one = `{"specversion":"1.0","id":"e1","source":"urn:kith:agency:northshire-police","type":"uk.kith.police.missing-episode.v1","data":{}}`
	const batch = "[" + one + "," + one + "," + one + "," + one + "]"
	for i := range 3 {
		rec := w.ask("POST", "/v1/events", "police", "application/cloudevents-batch+json", batch)
		left := []string{`"events";r=6;t=0`, `"events";r=2;t=0`, `"events";r=0;t=0`}[i]
		if rec.Code != http.StatusAccepted || rec.Header().Get("RateLimit") != left || rec.Header().Get("RateLimit-Policy") != `"events";q=10;w=2` {
			t.Errorf("%d %v", rec.Code, rec.Header())
		}
	}
	rec := w.ask("POST", "/v1/events", "police", "application/cloudevents-batch+json", batch)
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") != "1" || rec.Header().Get("RateLimit") != `"events";r=0;t=1` ||
		!strings.Contains(rec.Body.String(), "problems/too-many") {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	if len(w.sent) != 12 {
		t.Errorf("%d events came through", len(w.sent))
	}
	if rec := w.ask("POST", "/v1/events", "health", "application/cloudevents+json", one); rec.Code != http.StatusAccepted || rec.Header().Get("RateLimit") != "" {
		t.Errorf("another agency: %d %v", rec.Code, rec.Header())
	}
}

// The text of an error that nobody foresaw is for the log alone.
func TestUnforeseenErrorIsHidden(t *testing.T) {
	w := newWorld(t)
	w.broken = errors.New("disk of " + canary)
	rec := w.ask("POST", "/v1/events", "police", "application/cloudevents+json", `{"specversion":"1.0"}`)
	var p problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if rec.Code != http.StatusInternalServerError || len(p.Reference) != 32 || strings.Contains(rec.Body.String(), canary) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if !strings.Contains(w.log.String(), p.Reference) {
		t.Error("the reference is not in the log")
	}
	if rec := w.get("/readyz", ""); rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), canary) {
		t.Errorf("/readyz: %d %s", rec.Code, rec.Body)
	}
	if rec := w.get("/livez", ""); rec.Code != http.StatusOK {
		t.Errorf("/livez: %d", rec.Code)
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	const one = `{"specversion":"1.0","id":"e1","source":"urn:kith:agency:northshire-police","type":"uk.kith.police.missing-episode.v1","data":{}}`
	rec := w.ask("POST", "/v1/events", "police", "application/cloudevents-batch+json", "["+one+","+one+"]")
	var got submitted
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusAccepted || len(got.Receipts) != 2 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if len(w.sent) != 2 || got.Receipts[0].Agency != "northshire-police" {
		t.Errorf("%+v", got.Receipts)
	}
	w.refuse = true
	rec = w.ask("POST", "/v1/events", "police", "application/cloudevents-batch+json", "["+one+","+one+"]")
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"pointer":"/1/data/basis"`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	rec = w.ask("POST", "/v1/events", "police", "application/cloudevents+json", one)
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `"pointer":"/data/basis"`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	w.refuse = false
	if rec := w.get("/v1/receipts?source=urn:kith:agency:northshire-police&id=e1", "police"); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"position":42`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
