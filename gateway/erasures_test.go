package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/retention"
)

// keeps stands in for services/retention: one erasure that governance asked for,
// one pending, and a hold.
type keeps struct{ w *world }

func (k keeps) List(context.Context) (retention.Standing, error) {
	ig := events.Decider{Actor: "records-officer", Agency: council, Role: events.RoleGovernance}
	due := k.w.now.Add(30 * 24 * time.Hour)
	return retention.Standing{
		Erasures: []retention.Erasure{
			{ID: "e1", Stage: retention.Asked, Whom: events.Whom{Child: theChild}, Why: events.WrongChild, Reference: "IG-2026-1", AskedBy: ig, AskedAt: k.w.now},
			{ID: "e2", Stage: retention.Pending, Whom: events.Whom{Child: "chidden", Agency: school}, Why: events.Unlawful, Reference: "IG-2026-2", AskedBy: ig, AskedAt: k.w.now, Due: &due, Held: true},
		},
		Holds: []retention.Hold{{ID: "h1", Whom: events.Whom{Child: "chidden"}, Why: events.HoldCourt, Reference: "L-1", PlacedBy: ig, PlacedAt: k.w.now, LiftAskedBy: &ig}},
		Due:   []retention.Proposal{{Child: theChild, Since: "2026-11-01", Rule: "CP-35", Source: "Local schedules"}},
	}, k.w.broken
}

func (k keeps) act(what string, c store.Cause, role events.ReaderRole, more ...string) error {
	if k.w.broken != nil {
		return k.w.broken
	}
	k.w.did(what + " " + string(c.By) + " " + string(role) + " " + strings.Join(more, " "))
	return nil
}

func (k keeps) Ask(_ context.Context, c store.Cause, role events.ReaderRole, f retention.EraseForm) (events.ErasureID, error) {
	if f.Why == "" {
		return "", &fault.Error{Kind: fault.Invalid, Text: "x", At: []fault.Place{{Pointer: "why", Detail: "Choose one of the reasons."}}}
	}
	return "e3", k.act("ask", c, role, string(f.Child), string(f.Agency), string(f.Why), f.Reference)
}

func (k keeps) Confirm(_ context.Context, c store.Cause, role events.ReaderRole, id events.ErasureID) error {
	return k.act("confirm", c, role, string(id))
}

func (k keeps) Cancel(_ context.Context, c store.Cause, role events.ReaderRole, id events.ErasureID, ref string) error {
	return k.act("cancel", c, role, string(id), ref)
}

func (k keeps) Place(_ context.Context, c store.Cause, role events.ReaderRole, f retention.HoldForm) (events.HoldID, error) {
	return "h2", k.act("place", c, role, string(f.Child), string(f.Agency), string(f.Why), f.Reference)
}

func (k keeps) Lift(_ context.Context, c store.Cause, role events.ReaderRole, id events.HoldID, ref string) error {
	return k.act("lift", c, role, string(id), ref)
}

// What people do on the pages and over the API is done in their own name and role.
func TestErasureActs(t *testing.T) {
	for _, c := range []struct {
		name, persona, path, body string
		form                      url.Values
		want                      string
	}{
		{"ask", "governance", "/v1/erasures", `{"child":"` + string(theChild) + `","agency":"oakfield-school","why":"unlawful","reference":"IG-7"}`, nil,
			"ask actor-governance governance " + string(theChild) + " oakfield-school unlawful IG-7"},
		{"confirm", "chair", "/v1/erasures/e1/confirm", "", nil, "confirm actor-chair chair e1"},
		{"cancel", "chair", "/v1/erasures/e2/cancel", `{"reference":"IG-8"}`, nil, "cancel actor-chair chair e2 IG-8"},
		{"hold", "chair", "/v1/holds", `{"child":"` + string(theChild) + `","why":"court","reference":"L-2"}`, nil, "place actor-chair chair " + string(theChild) + "  court L-2"},
		{"hold what is listed", "chair", "/v1/holds", `{"child":"chidden","why":"court","reference":"L-2"}`, nil, "place actor-chair chair chidden  court L-2"},
		{"lift", "chair", "/v1/holds/h1/lift", `{"reference":"L-3"}`, nil, "lift actor-chair chair h1 L-3"},

		{"ask on the page", "governance", "/erasures", "", url.Values{"child": {string(theChild)}, "agency": {""}, "why": {"wrong-child"}, "reference": {" IG-7 "}},
			"ask actor-governance governance " + string(theChild) + "  wrong-child IG-7"},
		{"confirm on the page", "chair", "/erasures/e1/confirm", "", url.Values{}, "confirm actor-chair chair e1"},
		{"cancel on the page", "governance", "/erasures/e2/cancel", "", url.Values{"reference": {"IG-8"}}, "cancel actor-governance governance e2 IG-8"},
		{"hold on the page", "governance", "/holds", "", url.Values{"child": {"anybody"}, "why": {"court"}, "reference": {"L-2"}}, "place actor-governance governance anybody  court L-2"},
		{"lift on the page", "chair", "/holds/h1/lift", "", url.Values{"reference": {"L-3"}}, "lift actor-chair chair h1 L-3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			code := 0
			if c.form != nil {
				code = w.post(c.path, c.persona, c.form).Code
			} else {
				code = w.postJSON(c.path, c.persona, c.body).Code
			}
			if code >= 400 || len(w.acts) != 1 || w.acts[0] != c.want {
				t.Errorf("%d: %q, want %q", code, w.acts, c.want)
			}
		})
	}
}

// A chair may name a child that they may know of and no other: what is hidden from
// them and what is not there are the same.
func TestChairNamesWhomTheyKnow(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v1/erasures", "/v1/holds"} {
		for _, child := range []string{`"cnobodycnobodycnobody"`, `""`} {
			if rec := w.postJSON(path, "chair", `{"child":`+child+`,"why":"court","reference":"L-2"}`); rec.Code != http.StatusNotFound {
				t.Errorf("%s of %s: %d", path, child, rec.Code)
			}
		}
	}
	if len(w.acts) != 0 {
		t.Errorf("%q", w.acts)
	}
}

// The page says how everything stands, and offers each what they may do.
func TestErasuresPage(t *testing.T) {
	w := newWorld(t)
	for persona, want := range map[string][]string{
		"chair":      {"/erasures/e1/confirm", "/erasures/e1/cancel", "/erasures/e2/cancel", "/holds/h1/lift"},
		"governance": {"/erasures/e1/cancel", "/erasures/e2/cancel"},
	} {
		p := parse(t, w.get("/erasures", persona))
		var got []string
		for _, f := range p.all("form") {
			if a := attr(f, "action"); strings.HasPrefix(a, "/erasures/") || strings.HasPrefix(a, "/holds/") {
				got = append(got, a)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s is offered %q, want %q", persona, got, want)
		}
	}
	body := w.get("/erasures", "governance").Body.String()
	for _, words := range []string{"Waiting for a second person", "Hidden", "Held", "then destroyed", "what Oakfield School shared", "asks that it be lifted", "1 Nov 2026", "Local schedules"} {
		if !strings.Contains(body, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	rec := w.post("/erasures", "governance", url.Values{"child": {string(theChild)}})
	if rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "Choose one of the reasons.") {
		t.Errorf("an incomplete form: %d", rec.Code)
	}
}
