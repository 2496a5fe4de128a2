package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kith/events"
)

// What the answers of the form lead to is what is asserted, and the item that is
// sent holds the four answers of paragraph 18, word for word.
func TestGuidedBasis(t *testing.T) {
	for _, tc := range []struct {
		harm, agreed string
		body         events.Body
		want         events.Basis
	}{
		{"possible", "", "", guidedTo(events.PublicTask)},
		{"possible", "yes", "", guidedTo(events.PublicTask)}, // to be at risk is no choice
		{"none", "no", "", guidedTo(events.PublicTask)},
		{"life", "", "", guidedTo(events.VitalInterests)},
		{"none", "yes", "", events.Basis{Article6: events.ByConsent, Article9: events.ExplicitConsent, Scope: events.EarlyHelp}},
		{"possible", "", events.IndependentBody, guidedTo(events.RecognisedLegitimateInterest)},
	} {
		w := newWorld(t)
		w.body(school, tc.body)
		form := aConcern()
		form.Set("harm", tc.harm)
		form.Set("agreed", tc.agreed)
		if rec := w.post("/concerns", "dsl", form); rec.Code != http.StatusOK || len(w.forms) != 1 {
			t.Fatalf("%+v: %d %s", tc, rec.Code, rec.Body)
		}
		n, err := w.forms[0].Notice("AB12-CD34-EF56", time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		got, p := n.Report.Basis, tc.want.Paragraph18
		if (got.Paragraph18 == nil) != (p == nil) || p != nil && *got.Paragraph18 != *p {
			t.Errorf("%+v: paragraph 18 became %#v", tc, got.Paragraph18 == nil)
		}
		if got.Paragraph18, tc.want.Paragraph18 = nil, nil; got != tc.want {
			t.Errorf("%+v: became %+v", tc, got)
		}
		if wrong := (events.Sharing{Kind: events.KindEducation, Body: tc.body, Type: events.Concern{}.Type(), On: "2026-11-23"}).Unlawful(got); len(wrong) > 0 {
			t.Errorf("%+v: intake would refuse it: %+v", tc, wrong)
		}
	}
}

func guidedTo(condition events.Article6) events.Basis {
	return events.Basis{Article6: condition, Article9: events.SubstantialPublicInterest, Paragraph18: &events.Paragraph18{
		Ground: events.WouldPrejudiceSafety, Necessity: "Social care has to see him.", Subject: events.SubjectUnder18, PolicyDocument: "Safeguarding of pupils, version 3"}}
}

// Each answer that is missing is named beside its question, and only those are
// asked for to which the others lead.
func TestGuidedBasisIsComplete(t *testing.T) {
	for _, tc := range []struct{ field, value, want string }{
		{"harm", "", "Say whether somebody could come to harm."},
		{"harm", "perhaps", "Say whether somebody could come to harm."},
		{"harm", "none", "Say whether the family agreed that you share it."},
		{"ground", "", "Say why you do not rest on consent."},
		{"ground", "they said yes once", "Give one of"},
		{"necessity", " ", "Say why it is necessary to share this."},
		{"necessity", strings.Repeat("x", 2001), "Give at most 2000 characters"},
		{"protects", "", "Say whom it protects."},
		{"protects", "me", "Give one of"},
		{"policy", "", "Name the policy document and its version"},
		{"policy", "Safeguarding of pupils", "Name the policy document and its version"},
		{"policy", "3", "Name the policy document and its version"},
	} {
		w := newWorld(t)
		form := aConcern()
		form.Set(tc.field, tc.value)
		rec := w.post("/concerns", "dsl", form)
		if rec.Code != http.StatusBadRequest || len(w.forms) != 0 {
			t.Fatalf("%+v: %d, %d sent", tc, rec.Code, len(w.forms))
		}
		p := parse(t, rec)
		if got := saying(p.one("ul.govuk-error-summary__list")); !strings.HasPrefix(got, tc.want) || strings.Count(got, ".") > 1 && tc.want == "Give one of" {
			t.Errorf("%s=%.20q: says %q", tc.field, tc.value, got)
		}
	}
}

// To ask which basis it would be sends nothing, and loses nothing.
func TestBasisIsExplainedFirst(t *testing.T) {
	w := newWorld(t)
	form := aConcern()
	form.Set("show", "basis")
	form.Del("given") // not complete yet, and that is no question now
	rec := w.post("/concerns", "dsl", form)
	if rec.Code != http.StatusOK || len(w.forms) != 0 {
		t.Fatalf("%d, %d sent", rec.Code, len(w.forms))
	}
	p := parse(t, rec)
	got := saying(p.one(".kith-lawful"))
	for _, want := range []string{"You share this on: Public task", "What has to be true:", "paragraph 18", "Education Act 2002 sections 157 and 175"} {
		if !strings.Contains(got, want) {
			t.Errorf("the explanation lacks %q: %s", want, got)
		}
	}
	if saying(p.one("#observed")) != "A burn on his hand." || len(p.all("#error-summary")) != 0 {
		t.Error("what was typed is lost, or complained of")
	}
	form.Del("harm")
	if p := parse(t, w.post("/concerns", "dsl", form)); len(p.all(".kith-lawful")) != 0 {
		t.Error("explains a basis to which no answer led")
	}
}

// Consent is the default nowhere: no form has an answer about it chosen, and the
// questions that lead to it come with nothing chosen at all.
func TestConsentIsNoDefault(t *testing.T) {
	w := newWorld(t)
	at := "/children/" + string(theChild)
	forms := 0
	for persona, paths := range map[string][]string{
		"dsl":          {"/concerns/new"},
		"chair":        {"/search", at + "/discussions/new", at + "/discussions/d1/decision", at + "/consents/new", at + "/consents/k2/withdraw"},
		"socialworker": {"/concerns/M4ZT-9KQW-H7NB/decision", "/identity"},
	} {
		for _, path := range paths {
			p := parse(t, w.get(path, persona))
			forms += len(p.all("form"))
			for _, in := range append(p.all("input"), p.all("option")...) {
				chosen := has(in, "checked") || has(in, "selected")
				name := attr(in, "name")
				if chosen && name != "protects" && name != "purpose" {
					t.Errorf("%s: %s=%s is chosen before anybody chose it", path, name, attr(in, "value"))
				}
				if chosen && strings.Contains(attr(in, "value"), "consent") {
					t.Errorf("%s: consent is the default", path)
				}
			}
		}
	}
	if forms < 7 {
		t.Errorf("only %d forms were looked at", forms)
	}
}

// body registers an agency as a body.
func (w *world) body(id events.AgencyID, b events.Body) {
	for i, a := range w.Agencies {
		if a.ID == id {
			w.Agencies[i].Body = b
		}
	}
}
