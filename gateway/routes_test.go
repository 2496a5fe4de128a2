package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// who may use each route, by the first letters of the personas: dsl, other dsl,
// police, health, socialworker, chair, governance. "-" is somebody without an
// account.
var admitted = map[string]string{
	"GET /sign-in": "-dophscg", "POST /sign-in": "-dophscg", "POST /sign-out": "-dophscg",
	"GET /sign-in/{issuer}": "-dophscg", "GET /sign-in/{issuer}/back": "-dophscg", "POST /sign-in/{issuer}/ended": "-dophscg", "POST /sign-in/{issuer}/post": "-dophscg",
	"GET /sign-in/again": "dophscg", "POST /sign-in/again": "dophscg", "POST /sign-out/everywhere": "dophscg",
	"GET /about": "-dophscg", "GET /privacy": "-dophscg", "GET /accessibility": "-dophscg", "GET /policies": "-dophscg",
	"GET /problems": "-dophscg", "GET /problems/{kind}": "-dophscg", "GET /static/{file}": "-dophscg",
	"GET /catalogue": "-dophscg", "GET /catalogue/{type}": "-dophscg", "GET /catalogue/api": "-dophscg", "GET /catalogue/api/{operation}": "-dophscg",
	"GET /refusals/{code}": "-dophscg", "GET /schemas/{file...}": "-dophscg",
	"GET /openapi.yaml": "-dophscg", "GET /asyncapi.yaml": "-dophscg",
	"GET /livez": "-dophscg", "GET /readyz": "-dophscg",

	"POST /v1/events": "dophsc", "GET /v1/receipts": "dophsc", "GET /v1/inbox": "dophsc",

	"POST /v1/concerns": "do", "GET /v1/concerns": "dophsc", "GET /v1/concerns/{reference}": "dophsc",
	"POST /v1/concerns/{reference}/decision": "sc",
	"GET /concerns/new":                      "do", "POST /concerns": "do", "GET /concerns/{reference}": "dophsc",
	"GET /concerns/{reference}/decision": "sc", "POST /concerns/{reference}/decision": "sc",

	"POST /v1/children/search": "dophsc", "GET /v1/children/{child}/view": "dophsc", "GET /v1/children/{child}/changes": "dophsc",
	"GET /v1/children/{child}/protection": "dophsc",
	"GET /search":                         "dophsc", "POST /search": "dophsc", "GET /children/{child}": "dophsc",

	"POST /v1/children/{child}/discussions":                        "dophsc",
	"POST /v1/children/{child}/discussions/{discussion}/attendees": "dophsc",
	"POST /v1/children/{child}/discussions/{discussion}/decision":  "dophsc",
	"GET /children/{child}/discussions/new":                        "dophsc", "POST /children/{child}/discussions": "dophsc",
	"POST /children/{child}/discussions/{discussion}/attendees": "dophsc",
	"GET /children/{child}/discussions/{discussion}/decision":   "dophsc", "POST /children/{child}/discussions/{discussion}/decision": "dophsc",

	"POST /v1/children/{child}/consents": "dophsc", "POST /v1/children/{child}/consents/{consent}/withdraw": "dophsc",
	"GET /children/{child}/consents/new": "dophsc", "POST /children/{child}/consents": "dophsc",
	"GET /children/{child}/consents/{consent}/withdraw": "dophsc", "POST /children/{child}/consents/{consent}/withdraw": "dophsc",

	"GET /children/{child}/copies": "sc", "POST /children/{child}/copies": "sc", "GET /children/{child}/copies/{copy}": "sc",
	"POST /children/{child}/copies/{copy}/items": "sc", "POST /children/{child}/copies/{copy}/address": "sc", "POST /children/{child}/copies/{copy}/archive": "sc",
	"GET /v1/reviews": "dophcg", "POST /v1/reviews/{review}": "dophcg", "GET /reviews": "dophcg", "POST /reviews/{review}": "dophcg",
	"POST /v1/children/{child}/not-shared": "dophsc", "GET /children/{child}/not-shared/new": "dophsc", "POST /children/{child}/not-shared": "dophsc",
	"GET /v1/not-shared": "g", "GET /not-shared": "g",

	"GET /v1/identity/candidates": "s", "POST /v1/identity/link": "s", "POST /v1/identity/decline": "s", "POST /v1/identity/unlink": "s",
	"GET /identity": "s", "POST /identity/link": "s", "POST /identity/decline": "s", "POST /identity/unlink": "s",

	"GET /v1/ledger/children/{child}": "g", "GET /v1/ledger/children/{child}/release": "g",
	"GET /ledger/children/{child}": "g", "GET /ledger/children/{child}/release": "g", "GET /ledger/children/{child}/csv": "g", "GET /ledger/children/{child}/fhir": "g",
	"GET /v1/ledger/unusual": "g", "POST /v1/ledger/unusual/{finding}": "g", "GET /unusual": "g", "POST /unusual/{finding}": "g",
	"GET /v1/erasures": "cg", "POST /v1/erasures": "cg", "POST /v1/erasures/{erasure}/confirm": "cg", "POST /v1/erasures/{erasure}/cancel": "cg",
	"POST /v1/holds": "cg", "POST /v1/holds/{hold}/lift": "cg",
	"GET /erasures": "cg", "GET /erasures/new": "cg", "POST /erasures": "cg", "POST /erasures/{erasure}/confirm": "cg", "POST /erasures/{erasure}/cancel": "cg",
	"GET /holds/new": "cg", "POST /holds": "cg", "POST /holds/{hold}/lift": "cg",
	"POST /v1/conflicts": "g", "GET /v1/restrictions": "phscg", "POST /v1/children/{child}/restrictions": "dophsc",
	"POST /v1/restrictions/{restriction}/review": "phscg", "POST /v1/lifts": "phscg", "POST /v1/lifts/{lift}/approval": "phscg",
	"POST /v1/break-glass": "phsc", "GET /v1/notices": "g", "GET /v1/notices/{notice}": "g", "POST /v1/notices/{notice}/review": "g",
	"GET /conflicts/new": "g", "POST /conflicts": "g", "GET /restrictions": "phscg", "GET /children/{child}/restrictions/new": "dophsc",
	"POST /children/{child}/restrictions": "dophsc", "POST /restrictions/{restriction}/review": "phscg", "POST /lifts": "phscg",
	"POST /lifts/{lift}/approval": "phscg", "GET /break-glass": "phsc", "POST /break-glass": "phsc",
	"GET /notices": "g", "GET /notices/{notice}": "g", "POST /notices/{notice}/review": "g",

	"GET /v1/ledger": "g", "GET /{$}": "dophscg", "POST /alive": "dophscg",
}

// Every route answers everyone as the table says, and the table has every route.
func TestRoutesAdmit(t *testing.T) {
	w := newWorld(t)
	seen := 0
	for _, rt := range w.routes() {
		who, ok := admitted[rt.pattern]
		if !ok {
			t.Errorf("%s is not in the table", rt.pattern)
			continue
		}
		seen++
		for _, persona := range []string{"-", "dsl", "otherdsl", "police", "health", "socialworker", "chair", "governance"} {
			var c *caller
			if persona != "-" {
				c = &caller{User: w.byPersona(persona)}
			}
			err := admits(w.Gateway, rt, c)
			if want := strings.Contains(who, persona[:1]); (err == nil) != want {
				t.Errorf("%s admits %s: %v, want %v", rt.pattern, persona, err == nil, want)
			}
		}
	}
	if seen != len(admitted) {
		t.Errorf("the table has %d routes, the gateway %d", len(admitted), seen)
	}
}

// Every route over HTTP: nobody without an account, no wrong role and no route
// with somebody else's child gets anything but a refusal.
func TestRoutesOverHTTP(t *testing.T) {
	w := newWorld(t)
	for _, rt := range w.routes() {
		if rt.guard == nil {
			continue
		}
		method, pattern, _ := strings.Cut(rt.pattern, " ")
		path := strings.NewReplacer("{$}", "", "{child}", string(theChild), "{reference}", "QX3M-7RTL-P2VA",
			"{discussion}", "d1", "{consent}", "k2", "{erasure}", "e1", "{hold}", "h1", "{restriction}", "r1", "{lift}", "l1", "{notice}", "n1").Replace(pattern)
		api := strings.HasPrefix(path, "/v1/")

		rec := w.ask(method, path, "", "", "")
		switch {
		case api && rec.Code != http.StatusUnauthorized,
			!api && method == "GET" && rec.Code != http.StatusSeeOther,
			!api && method == "POST" && rec.Code != http.StatusUnauthorized:
			t.Errorf("%s without an account: %d", rt.pattern, rec.Code)
		}
		if rec := w.ask(method, path, "nobody-knows", "", ""); api && rec.Code != http.StatusUnauthorized {
			t.Errorf("%s with an unknown token: %d", rt.pattern, rec.Code)
		}
		for _, u := range accounts() {
			if strings.Contains(admitted[rt.pattern], u.Persona[:1]) {
				continue
			}
			if rec := w.ask(method, path, u.Persona, "", ""); rec.Code != http.StatusForbidden {
				t.Errorf("%s as %s: %d, want 403", rt.pattern, u.Persona, rec.Code)
			}
		}
		if strings.Contains(pattern, "{child}") && strings.Contains(admitted[rt.pattern], "o") {
			target := path + "?purpose=s47"
			if rec := w.postOrGet(method, target, "otherdsl"); rec.Code != http.StatusNotFound {
				t.Errorf("%s as somebody without a relationship: %d, want 404", rt.pattern, rec.Code)
			}
		}
	}
	if len(w.acts) != 0 {
		t.Errorf("somebody did something: %q", w.acts)
	}
}

func (w *world) postOrGet(method, target, persona string) *httptest.ResponseRecorder {
	if method == "GET" {
		return w.get(target, persona)
	}
	if strings.HasPrefix(target, "/v1/") {
		return w.postJSON(target, persona, "{}")
	}
	return w.post(target, persona, nil)
}

// A record that is hidden and one that is not there give the same answer, to the
// byte: status, headers and body, over the API and on pages.
func TestHiddenIsAbsent(t *testing.T) {
	w := newWorld(t)
	const absent = "cnobodycnobodycnobody"
	for _, pair := range []struct{ method, hidden, absent, persona, body string }{
		{"GET", "/v1/children/" + string(theChild) + "/view?purpose=s47", "/v1/children/" + absent + "/view?purpose=s47", "otherdsl", ""},
		{"GET", "/v1/children/" + string(theChild) + "/protection?purpose=s47", "/v1/children/" + absent + "/protection?purpose=s47", "otherdsl", ""},
		{"GET", "/v1/children/" + string(theChild) + "/changes", "/v1/children/" + absent + "/changes", "otherdsl", ""},
		{"GET", "/children/" + string(theChild) + "?purpose=s47", "/children/" + absent + "?purpose=s47", "otherdsl", ""},
		{"POST", "/v1/children/" + string(theChild) + "/discussions", "/v1/children/" + absent + "/discussions", "otherdsl", "{}"},
		{"POST", "/v1/children/" + string(theChild) + "/consents", "/v1/children/" + absent + "/consents", "otherdsl", "{}"},
		{"POST", "/v1/children/" + string(theChild) + "/discussions/d1/attendees", "/v1/children/" + absent + "/discussions/d1/attendees", "otherdsl", "{}"},
		{"GET", "/v1/concerns/QX3M-7RTL-P2VA", "/v1/concerns/AAAA-BBBB-CCCC", "otherdsl", ""},
		{"GET", "/concerns/QX3M-7RTL-P2VA", "/concerns/AAAA-BBBB-CCCC", "otherdsl", ""},
		{"GET", "/v1/children/" + string(theChild) + "/view?purpose=s47", "/v1/nothing/of/the/kind", "otherdsl", ""},
		{"GET", "/v1/receipts?source=urn:kith:agency:oakfield-school&id=e1", "/v1/receipts?source=urn:kith:agency:oakfield-school&id=e2", "otherdsl", ""},
	} {
		a, b := w.ask(pair.method, pair.hidden, pair.persona, "application/json", pair.body), w.ask(pair.method, pair.absent, pair.persona, "application/json", pair.body)
		if a.Code != http.StatusNotFound || whole(a) != whole(b) {
			t.Errorf("%s %s and %s differ:\n%s\n%s", pair.method, pair.hidden, pair.absent, whole(a), whole(b))
		}
	}
}

func whole(r *httptest.ResponseRecorder) string {
	return fmt.Sprint(r.Code, r.Header(), r.Body.String())
}

// admits asks the guard alone.
func admits(g *Gateway, rt route, c *caller) error {
	if rt.guard == nil || c != nil && rt.guard(g, c.Reader) {
		return nil
	}
	return fmt.Errorf("not admitted")
}
