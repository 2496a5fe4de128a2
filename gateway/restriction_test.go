package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kith/events"
)

const absentChild = "cnobodycnobodycnobody"

// TestConflictOverHTTP: once governance has declared a conflict, every route that
// speaks of a child answers that member of staff, to the byte, as for a child that
// is not there; lists are shorter; and governance gets a notice that says nothing.
func TestConflictOverHTTP(t *testing.T) {
	w := newWorld(t)
	const persona = "socialworker"
	if rec := w.get("/identity", persona); !strings.Contains(rec.Body.String(), "/identity/link") {
		t.Fatal("no possible match before")
	}
	if rec := w.get("/v1/concerns", persona); !strings.Contains(rec.Body.String(), string(theChild)) {
		t.Fatal("no concern before")
	}
	rec := w.postJSON("/v1/conflicts", "governance", `{"actor":"actor-socialworker","agency":"northshire-council","relation":"family","child":"`+string(theChild)+`"}`)
	if rec.Code != http.StatusCreated {
		t.Fatal(rec.Code, rec.Body)
	}
	compared := 0
	for _, rt := range w.routes() {
		method, pattern, _ := strings.Cut(rt.pattern, " ")
		if !strings.Contains(pattern, "{child}") || !strings.Contains(admitted[rt.pattern], "s") {
			continue
		}
		path := strings.NewReplacer("{discussion}", "d1", "{consent}", "k2").Replace(pattern)
		hidden := w.postOrGet(method, strings.ReplaceAll(path, "{child}", string(theChild))+"?purpose=s47", persona)
		absent := w.postOrGet(method, strings.ReplaceAll(path, "{child}", absentChild)+"?purpose=s47", persona)
		if hidden.Code != http.StatusNotFound || whole(hidden) != whole(absent) {
			t.Errorf("%s: %d\n%s\n%s", rt.pattern, hidden.Code, whole(hidden), whole(absent))
		}
		compared++
	}
	if compared < 15 {
		t.Errorf("only %d routes were compared", compared)
	}
	for _, list := range []string{"/v1/concerns", "/v1/identity/candidates", "/", "/identity", "/v1/restrictions"} {
		if rec := w.get(list, persona); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), string(theChild)) {
			t.Errorf("%s: %d %s", list, rec.Code, rec.Body)
		}
	}
	found := w.postJSON("/v1/children/search", persona, `{"name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09","purpose":"s47"}`)
	if found.Code != http.StatusOK || strings.Contains(found.Body.String(), string(theChild)) {
		t.Errorf("search: %d %s", found.Code, found.Body)
	}
	for _, verb := range []string{"link", "decline", "unlink"} {
		if rec := w.postJSON("/v1/identity/"+verb, persona, `{"child":"`+string(theChild)+`","subject":"s9","reason":"x"}`); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", verb, rec.Code)
		}
	}
	if rec := w.postJSON("/v1/break-glass", persona, `{"child":"`+string(theChild)+`","code":"other","words":"x","case":"1"}`); rec.Code != http.StatusNotFound {
		t.Errorf("break-glass: %d", rec.Code)
	}
	w.Gate.Close()
	notices := w.get("/notices", "governance").Body.String()
	if !strings.Contains(notices, "and was shown nothing") || strings.Contains(notices, string(theChild)) || strings.Contains(notices, "actor-socialworker") {
		t.Errorf("%s", notices)
	}
}

// TestGlassByPage: an officer opens a record in an emergency, governance looks into
// it and finds that it was misused, and it is closed.
func TestGlassByPage(t *testing.T) {
	w := newWorld(t)
	p := w.pictures[theChild]
	p.Agencies = []events.AgencyID{council}
	p.Discussions = nil
	w.pictures[theChild] = p
	view := "/children/" + string(theChild) + "?purpose=s47"
	if rec := w.get(view, "police"); rec.Code != http.StatusNotFound {
		t.Fatal(rec.Code)
	}
	parse(t, w.post("/break-glass", "police", url.Values{"given": {"Ava"}})).says("#error-summary", "Say what the emergency is")
	rec := w.post("/break-glass", "police", url.Values{"code": {"missing-child"}, "words": {"She did not come home."}, "case": {"NP-1"}, "given": {"Ava"}, "family": {"Example"}, "born": {"2017-03-09"}})
	if rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), string(theChild)) {
		t.Fatal(rec.Code, rec.Body)
	}
	if rec := w.get(view, "police"); rec.Code != http.StatusOK {
		t.Errorf("the view: %d", rec.Code)
	}
	list := parse(t, w.get("/notices", "governance"))
	list.says("main", "Emergency access")
	list.says("main", "1 of 1 views since this hub started")
	at := ""
	for _, a := range list.all("a.govuk-link") {
		if strings.HasPrefix(attr(a, "href"), "/notices/") {
			at = attr(a, "href")
		}
	}
	parse(t, w.get(at, "governance")).says("main", "She did not come home.")
	if rec := w.post(at+"/review", "governance", url.Values{"outcome": {"misused"}}); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code, rec.Body)
	}
	parse(t, w.get(at, "governance")).says("main", "Reviewed: Misused")
	if rec := w.get(view, "police"); rec.Code != http.StatusNotFound {
		t.Errorf("after the review: %d", rec.Code)
	}
}

// TestRestrictByPage: a chair restricts a record, a social worker finds nothing any
// more, and two people who wait a day lift it.
func TestRestrictByPage(t *testing.T) {
	w := newWorld(t)
	view := "/children/" + string(theChild) + "?purpose=s47"
	form := "/children/" + string(theChild) + "/restrictions"
	parse(t, w.get(form+"/new", "chair")).says("h1", "Restrict this record")
	parse(t, w.post(form, "chair", url.Values{})).says("#error-summary", "Say why")
	if rec := w.post(form, "chair", url.Values{"category": {"witness-protection"}, "known": {"actor-police northshire-police"}}); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code, rec.Body)
	}
	for persona, want := range map[string]int{"chair": 200, "police": 200, "socialworker": 404, "health": 404} {
		if rec := w.get(view, persona); rec.Code != want {
			t.Errorf("%s: %d", persona, rec.Code)
		}
	}
	list := parse(t, w.get("/restrictions", "chair"))
	list.says("main", "2 may know")
	if parse(t, w.get("/restrictions", "socialworker")).one("p.kith-empty") == nil {
		t.Error("a social worker hears of it")
	}
	id := ""
	for _, i := range list.all("input") {
		if attr(i, "name") == "restriction" {
			id = attr(i, "value")
		}
	}
	if rec := w.post("/restrictions/"+id+"/review", "socialworker", nil); rec.Code != http.StatusNotFound {
		t.Errorf("a review by who may not know: %d", rec.Code)
	}
	if rec := w.post("/restrictions/"+id+"/review", "chair", nil); rec.Code != http.StatusSeeOther {
		t.Errorf("a review: %d", rec.Code)
	}
	if rec := w.post("/lifts", "chair", url.Values{"restriction": {id}}); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code, rec.Body)
	}
	lifts := w.get("/v1/restrictions", "chair").Body.String()
	_, lift, _ := strings.Cut(lifts, `"lift":"`)
	lift, _, _ = strings.Cut(lift, `"`)
	for _, persona := range []string{"chair", "police"} {
		if rec := w.postJSON("/v1/lifts/"+lift+"/approval", persona, ""); rec.Code != http.StatusForbidden {
			t.Errorf("%s approves at once: %d", persona, rec.Code)
		}
	}
	w.wait(24 * 60 * 60 * 1e9)
	if rec := w.postJSON("/v1/lifts/"+lift+"/approval", "police", ""); rec.Code != http.StatusOK {
		t.Errorf("an officer approves a day later: %d %s", rec.Code, rec.Body)
	}
	if rec := w.get(view, "socialworker"); rec.Code != http.StatusOK {
		t.Errorf("after that: %d", rec.Code)
	}
}

// TestDeclareByPage: the form takes a description, and keeps hashes of it.
func TestDeclareByPage(t *testing.T) {
	w := newWorld(t)
	parse(t, w.post("/conflicts", "governance", url.Values{"account": {"actor-health"}, "agency": {"northshire-hospital"}, "relation": {"self"}, "given": {""}})).says("#error-summary", "Give a number")
	rec := w.post("/conflicts", "governance", url.Values{"account": {"actor-health"}, "agency": {"northshire-hospital"}, "relation": {"family"}, "given": {"Ava"}, "family": {"Example"}, "born": {"2017-03-09"}})
	if rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code, rec.Body)
	}
	parse(t, w.get("/restrictions", "governance")).says("main", "a member of staff of Northshire Hospital")
	if rec := w.get("/children/"+string(theChild)+"?purpose=s47", "health"); rec.Code != http.StatusNotFound {
		t.Errorf("the nurse sees the child: %d", rec.Code)
	}
}
