package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kith/gateway/browsertest"
)

// The main job in a real browser on the whole demonstration: a lead raises a
// concern, social care decides, the chair reads the shared view, and what a
// police system publishes meanwhile is announced on the open page.
func TestMainJobInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: drives a browser; run without -short")
	}
	b := browsertest.Start(t)
	w := newWorld(t)
	u := w.file.URL
	amara := kid{given: "Amara", family: "Okafor-Wells", born: "2017-03-09", nhs: "9990002010", upn: "A999400121101"}

	b.SignIn(u, "dsl")
	b.Press(`a[href="/concerns/new"]`)
	for field, value := range map[string]string{"given": amara.given, "family": amara.family, "born": amara.born, "upn": amara.upn,
		"observed": "Amara came in with a burn on her left hand and would not say how.", "words": "I am not supposed to tell.",
		"heard": "class teacher", "why": "It could put her at risk.", "necessity": "Social care can see her today, and we cannot."} {
		b.Fill("#"+field, value)
	}
	b.Click("label[for=safe-2]")
	b.Click("label[for=immediate]")
	b.Click("label[for=told-1]")
	b.Click("label[for=harm-1]")
	b.Click("label[for=ground]")
	b.Picture("tour-1-concern")
	b.Axe()
	b.Press("main form .kith-primary")
	ref := b.Text(".kith-sent__ref strong")
	b.SignOut()

	b.SignIn(u, "socialworker")
	b.Picture("tour-2-social-care")
	b.Axe()
	w.post(t, "socialworker", "/v1/concerns/"+ref+"/decision", `{"decision":"strategy-discussion","rationale":"An unexplained burn and two police incidents.","nextStep":"A strategy discussion today."}`, http.StatusAccepted)
	b.SignOut()

	b.SignIn(u, "dsl")
	b.Open(u + "/concerns/" + ref)
	if got := b.Text("main"); !strings.Contains(got, "An unexplained burn") {
		t.Errorf("the school is told %q", got)
	}
	b.Picture("tour-3-what-became-of-it")
	b.Axe()
	b.SignOut()

	child := w.findOne(t, "chair", amara)
	b.SignIn(u, "chair")
	b.Open(u + "/children/" + child + "?purpose=s47")
	got := b.Text("main")
	for _, want := range []string{"Northshire Police", "Northshire Hospital", "Oakfield School", "I am not supposed to tell."} {
		if !strings.Contains(got, want) {
			t.Errorf("the view lacks %q", want)
		}
	}
	b.Picture("tour-4-view")
	b.Axe()
	rows := browsertest.Eval[int](b, `document.querySelectorAll("tr.kith-entry").length`)
	publishMissing(t, w, amara, "browser-1")
	b.Wait("#live button")
	if now := browsertest.Eval[int](b, `document.querySelectorAll("tr.kith-entry").length`); now != rows {
		t.Error("something was put under the reader")
	}
	b.Picture("tour-5-announced")
	b.Press("#live button")
	b.WaitFor(fmt.Sprintf(`document.querySelectorAll("tr.kith-entry").length === %d`, rows+1))
}
