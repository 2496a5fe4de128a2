package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"kith/events"
)

func aConcern() url.Values {
	return url.Values{"given": {"Dan"}, "family": {"Specimen"}, "born": {"2016-02-29"}, "observed": {"A burn on his hand."},
		"words": {"It was the iron."}, "heard": {"teaching assistant"}, "safe": {"unsure"}, "immediate": {"yes"}, "told": {"no"}, "why": {"It could put him at risk."},
		"harm": {"possible"}, "ground": {"obtaining-consent-would-prejudice-protection"}, "necessity": {"Social care has to see him."}, "protects": {"under-18"}, "policy": {"Safeguarding of pupils, version 3"},
		"occurred": {"2026-11-23T09:15"}, "once": {strings.Repeat("a1", 16)}}
}

// A safeguarding lead files a concern and reads what became of it.
func TestConcernOnPages(t *testing.T) {
	w := newWorld(t)
	rec := w.post("/concerns", "dsl", aConcern())
	if rec.Code != http.StatusOK {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	parse(t, rec).says("p.kith-sent__ref", "AB12-CD34-EF56")
	f := w.forms[0]
	if f.GivenName != "Dan" || f.Words != "It was the iron." || !f.Immediate || f.FamilyTold || f.WhyNotTold == "" || f.ObservedAt != "2026-11-23T09:15:00Z" {
		t.Errorf("the form became %+v", f)
	}
	if f.AuthorRole == "" || f.Contact.Phone != "01632 960 303" {
		t.Errorf("nobody can be called back: %+v", f.Contact)
	}
	status := parse(t, w.get("/concerns/AB12-CD34-EF56", "dsl"))
	status.says("ol.kith-steps", "To be decided by Tue 24 Nov 2026")
	if strings.Contains(saying(status.one("main")), "Decide on this concern") {
		t.Error("a school is offered to decide")
	}

	form := url.Values{"decision": {"assessment"}, "rationale": {"We visit today."}, "nextStep": {"Visit"}}
	if rec := w.post("/concerns/AB12-CD34-EF56/decision", "socialworker", form); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	parse(t, w.get("/concerns/AB12-CD34-EF56", "dsl")).says("section.kith-decision", "Assessment by children’s social care We visit today. Next step Visit")
}

// What is wrong is said at the top, in the order of the fields, and beside each
// field, and nothing that was typed is lost.
func TestWrongConcern(t *testing.T) {
	w := newWorld(t)
	form := aConcern()
	form.Set("born", "")
	form.Set("observed", " ")
	form.Set("why", "")
	form.Set("occurred", "2027-11-23T09:15")
	form.Del("immediate")
	p := parse(t, w.post("/concerns", "dsl", form))
	want := "Enter the child’s date of birth. Write what was seen, heard or said. Give a date and time that is not in the future, or leave it empty. " +
		"Say whether this is an immediate concern. Say why the family was not told."
	p.says("ul.govuk-error-summary__list", want)
	p.says("title", "Error:")
	for _, a := range (parsed{t, p.one("#error-summary")}).all("a") {
		if len(p.all(attr(a, "href"))) != 1 {
			t.Errorf("an error leads to %s, which is not there", attr(a, "href"))
		}
	}
	if attr(p.one("#given"), "value") != "Dan" || saying(p.one("#words")) != "It was the iron." {
		t.Error("what was typed is lost")
	}
	if id := attr(p.one("#observed"), "aria-describedby"); id != "observed-hint observed-error" {
		t.Errorf("the field is described by %q", id)
	}
	for _, i := range p.all("input.govuk-radios__input") {
		if attr(i, "value") == "unsure" && !has(i, "checked") {
			t.Error("what was chosen is lost")
		}
	}
	if len(w.forms) != 0 {
		t.Error("a wrong form was sent on")
	}
}

// Pressing the button twice files one concern.
func TestConcernIsFiledOnce(t *testing.T) {
	w := newWorld(t)
	c := w.signIn(t, url.Values{"persona": {"dsl"}})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { w.withCookie("POST", "/concerns", c, aConcern()) })
	}
	all.Wait()
	if len(w.forms) != 1 {
		t.Errorf("%d concerns were filed", len(w.forms))
	}
	again := w.withCookie("POST", "/concerns", c, aConcern())
	if again.Code != http.StatusSeeOther || again.Header().Get("Location") != "/concerns/AB12-CD34-EF56" {
		t.Errorf("%d %v", again.Code, again.Header())
	}
	other := aConcern()
	other.Set("once", strings.Repeat("b2", 16))
	w.withCookie("POST", "/concerns", c, other)
	if len(w.forms) != 2 {
		t.Error("another form was taken for the same")
	}
}

func TestConcernOverTheAPI(t *testing.T) {
	w := newWorld(t)
	rec := w.postJSON("/v1/concerns", "dsl", `{"givenName":"Dan","familyName":"Specimen","dateOfBirth":"2016-02-29","observed":"A burn.","safeNow":"no","immediate":true,"familyTold":true}`)
	var got submitted
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusAccepted || got.Reference != "AB12-CD34-EF56" || len(got.Receipts) != 1 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if rec.Header().Get("Location") != "/v1/concerns/AB12-CD34-EF56" {
		t.Errorf("%v", rec.Header())
	}
	if rec := w.postJSON("/v1/concerns/AB12-CD34-EF56/decision", "socialworker", `{"decision":"family-help","rationale":"Help is wanted."}`); rec.Code != http.StatusAccepted {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	var status events.ConcernStatus
	rec = w.get("/v1/concerns/AB12-CD34-EF56", "dsl")
	if err := json.Unmarshal(rec.Body.Bytes(), &status); err != nil || status.Decided == nil || status.Decided.Decision != events.DecideFamilyHelp {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	w.refuse = true
	if rec := w.postJSON("/v1/concerns", "dsl", `{"givenName":"D","familyName":"S","dateOfBirth":"2016-02-29","observed":"x","safeNow":"no","familyTold":true}`); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("refused by the hub: %d %s", rec.Code, rec.Body)
	}
}

func TestViewOverTheAPI(t *testing.T) {
	rec := newWorld(t).get("/v1/children/"+string(theChild)+"/view?purpose=s47&asKnownAt=2026-11-20T12:00:00Z", "chair")
	var v map[string]json.RawMessage
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil || rec.Code != http.StatusOK {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for _, name := range []string{"items", "withheld", "agencies", "clocks", "voice", "discussions", "consents", "child", "asKnownAt", "purpose"} {
		if v[name] == nil {
			t.Errorf("the view has no %s", name)
		}
	}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(v["items"], &items); err != nil || len(items) == 0 {
		t.Fatal(err)
	}
	for _, name := range []string{"item", "agency", "kind", "type", "source", "occurredAt", "recordedAt", "hubRecordedAt", "basis", "label", "caveats", "grounds", "fact", "person", "contact", "late"} {
		if items[0][name] == nil {
			t.Errorf("an item has no %s", name)
		}
	}
}

func TestSearchNeverPutsNamesInAddresses(t *testing.T) {
	w := newWorld(t)
	rec := w.post("/search", "chair", url.Values{"purpose": {"s47"}, "given": {"Ava"}, "family": {"Example"}, "born": {"2017-03-09"}})
	p := parse(t, rec)
	p.says("h1", "1 child found")
	if href := attr(p.one("a.kith-found__name"), "href"); href != viewOfChild {
		t.Errorf("it leads to %s", href)
	}
	none := parse(t, w.post("/search", "otherdsl", url.Values{"purpose": {"s47"}, "given": {"Ava"}, "family": {"Example"}, "born": {"2017-03-09"}}))
	none.says("h1", "Nobody was found")
	if rec := w.postJSON("/v1/children/search", "chair", `{"purpose":"s47","name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09"}`); !strings.Contains(rec.Body.String(), `{"matches":[{"child":"`+string(theChild)) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.postJSON("/v1/children/search", "otherdsl", `{"purpose":"s47","name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09"}`); strings.TrimSpace(rec.Body.String()) != `{"matches":[]}` {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	p = parse(t, w.post("/search", "chair", url.Values{"purpose": {"s47"}}))
	p.says("#nhs-error", "Give a number")
}

// A discussion from being called to its decision, and consent, on pages.
func TestDiscussionAndConsent(t *testing.T) {
	w := newWorld(t)
	at := "/children/" + string(theChild)
	w.change(func(p *events.Picture) { p.Discussions = nil })
	p := parse(t, w.post(at+"/discussions", "chair", url.Values{"at": {"2026-11-24T10:00"}, "invited": {"northshire-police"}}))
	p.says("#reason-error", "Say why.")
	if !has(p.one("#invited"), "checked") {
		t.Error("what was chosen is lost")
	}
	form := url.Values{"at": {"2026-11-24T10:00"}, "reason": {"Cause"}, "invited": {"northshire-police", "northshire-hospital"}}
	if rec := w.post(at+"/discussions", "chair", form); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != viewOfChild {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	d := w.pictures[theChild].Discussions[0]
	if d.Chair != "actor-chair" || !d.At.Equal(w.now.Truncate(24*3600e9).Add(34*3600e9)) || len(d.Invited) != 2 {
		t.Errorf("%+v", d)
	}
	if rec := w.post(at+"/discussions/d2/attendees", "health", nil); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	p = parse(t, w.post(at+"/discussions/d2/decision", "chair", url.Values{"what-2": {"Visit"}}))
	p.says("ul.govuk-error-summary__list", "Say whether a section 47 enquiry is initiated.")
	if attr(p.one("#what-2"), "value") != "Visit" {
		t.Error("an action is lost")
	}
	if rec := w.post(at+"/discussions/d2/decision", "chair", url.Values{"section47": {"yes"}, "conduct": {"joint"}, "rationale": {"Cause"}}); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if len(w.acts) != 3 || w.acts[1] != "attend d2 as practitioner" || w.acts[2] != "decide d2" {
		t.Errorf("%q", w.acts)
	}

	p = parse(t, w.post(at+"/consents", "chair", url.Values{}))
	p.says("#by-error", "Say who decided")
	rec := w.postJSON("/v1"+at+"/consents", "chair", `{"by":"young-person-with-capacity","scope":"early-help"}`)
	var got done
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusCreated || got.Consent == "" {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.post(at+"/consents/"+string(got.Consent)+"/withdraw", "chair", url.Values{"by": {"young-person-with-capacity"}}); rec.Code != http.StatusSeeOther {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.post(at+"/consents/none/withdraw", "chair", url.Values{"by": {"young-person-with-capacity"}}); rec.Code != http.StatusNotFound {
		t.Errorf("a consent that is not there: %d", rec.Code)
	}
}

// The same form and the same Idempotency-Key are one cause, of this actor only.
func TestCauseIsTheSameForTheSameRequest(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"at": {"2026-11-24T10:00"}, "reason": {"Cause"}, "invited": {"northshire-police"}, "once": {strings.Repeat("c3", 16)}}
	w.post("/children/"+string(theChild)+"/discussions", "chair", form)
	w.post("/children/"+string(theChild)+"/discussions", "chair", form)
	w.post("/children/"+string(theChild)+"/discussions", "socialworker", form)
	if len(w.acts) != 3 || w.acts[0] != w.acts[1] || w.acts[1] == w.acts[2] {
		t.Errorf("%q", w.acts)
	}
}

func TestCandidatesAndLedger(t *testing.T) {
	w := newWorld(t)
	p := parse(t, w.get("/identity", "socialworker"))
	if strings.Contains(saying(p.one("main")), "Ava") {
		t.Error("a name is on the page")
	}
	if rec := w.post("/identity/link", "socialworker", url.Values{"child": {"c"}, "subject": {"s9"}, "reason": {"Same UPN on paper"}}); rec.Code != http.StatusSeeOther {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.postJSON("/v1/identity/decline", "socialworker", `{"child":"c","subject":"s9","reason":"Twins"}`); rec.Code != http.StatusOK {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.postJSON("/v1/identity/unlink", "socialworker", `{"child":"c","subject":"s9"}`); rec.Code != http.StatusBadRequest {
		t.Errorf("without a reason: %d %s", rec.Code, rec.Body)
	}
	if len(w.acts) != 2 || w.acts[0] != "link s9" || w.acts[1] != "decline s9" {
		t.Errorf("%q", w.acts)
	}
	w.get(viewOfChild, "chair")
	ledger := parse(t, w.get("/", "governance"))
	ledger.says("tbody", "actor-chair")
	ledger.says("tbody", string(theChild))
	if rec := w.get("/v1/ledger", "governance"); !strings.Contains(rec.Body.String(), `"purpose":"s47"`) || strings.Contains(rec.Body.String(), "Ava") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
