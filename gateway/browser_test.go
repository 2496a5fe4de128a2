package gateway

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/gateway/browsertest"
)

// A safeguarding lead and a chair do their work in a real browser, with a
// content security policy that it enforces, and axe finds nothing in their way.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no browser")
	}
	b := browsertest.Start(t)
	w := newWorld(t)
	u := w.listen(t)

	b.Open(u + "/sign-in")
	b.Axe()
	b.Picture("sign-in")
	b.SignIn(u, "dsl")
	b.Axe()
	b.Picture("home-dsl")

	b.Press(`a[href="/concerns/new"]`)
	b.Axe()
	b.Press("main form .kith-primary")
	if got := b.Text("#error-summary"); !strings.Contains(got, "Enter the child’s given name.") {
		t.Errorf("a wrong form says %q", got)
	}
	if !browsertest.Eval[bool](b, `document.activeElement.id === "error-summary"`) {
		t.Error("the errors are not in focus")
	}
	b.Axe()
	b.Picture("concern-wrong")
	for field, value := range map[string]string{"given": "Dan", "family": "Specimen", "born": "2016-02-29", "observed": "A burn on his hand.", "words": "It was the iron.", "heard": "class teacher", "why": "It could put him at risk."} {
		b.Fill("#"+field, value)
	}
	b.Click("label[for=safe-2]")
	b.Click("label[for=immediate]")
	b.Click("label[for=told-1]")
	guided(t, b)
	b.Press("main form .kith-primary")
	ref := b.Text(".kith-sent__ref strong")
	b.Axe()
	b.Press(`a[href="/concerns/` + ref + `"]`)
	if got := b.Text(".kith-steps"); !strings.Contains(got, "To be decided") {
		t.Errorf("the concern says %q", got)
	}
	b.Axe()
	b.Picture("concern")
	b.SignOut()

	b.SignIn(u, "chair")
	b.Axe()
	b.Picture("home-chair")
	b.Open(u + viewOfChild)
	b.Axe()
	b.Picture("view")
	b.Click("tr.kith-entry details summary")
	b.Axe()
	chronology(t, b)
	announced(t, b, w)
	if pdf := b.Print(); !bytes.HasPrefix(pdf, []byte("%PDF")) || !bytes.Contains(pdf, []byte("/MarkInfo")) {
		t.Error("the printed page is not a tagged PDF")
	}
	b.Narrow()
	if wide := browsertest.Eval[string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 321 && !e.closest(".kith-scroll")).map(e => e.outerHTML.slice(0, 90)).join(" ")`); wide != "" {
		t.Errorf("wider than 320 pixels: %s", wide)
	}
	b.Axe()
	b.Picture("view-narrow")
	b.Wide()
}

// guided: plain questions lead to a lawful basis, which is explained before
// anything is sent. Consent is chosen by nobody but the person.
func guided(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	if chosen := browsertest.Eval[string](b, `[...document.querySelectorAll("[name=harm]:checked, [name=agreed]:checked, [name=ground]:checked")].map(e => e.name).join(" ")`); chosen != "" {
		t.Errorf("chosen before anybody answered: %s", chosen)
	}
	b.Click("label[for=harm-2]")
	b.Click("label[for=agreed]")
	b.Press("button[name=show]")
	if got := b.Text(".kith-lawful"); !strings.Contains(got, "You share this on: Consent") || !strings.Contains(got, "They may change their mind") {
		t.Errorf("who answers that they agreed is told %q", got)
	}
	b.Axe()
	b.Picture("concern-consent")
	b.Click("label[for=harm-1]")
	b.Click("label[for=ground]")
	b.Fill("#necessity", "Social care can see him today, and we cannot.")
	b.Fill("#policy", "Safeguarding of pupils, version 3")
	b.Press("button[name=show]")
	if got := b.Text(".kith-lawful"); !strings.Contains(got, "You share this on: Public task") || !strings.Contains(got, "Education Act 2002") {
		t.Errorf("who fears harm is told %q", got)
	}
	if typed := browsertest.Eval[string](b, `document.querySelector("#observed").value`); typed != "A burn on his hand." {
		t.Errorf("what was typed became %q", typed)
	}
	b.Axe()
	b.Picture("concern-lawful-basis")
}

// chronology: every mark can be hit, and leads to its row.
func chronology(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	small := browsertest.Eval[int](b, `[...document.querySelectorAll("a.kith-mark")].filter(a => {
		const r = a.getBoundingClientRect(); return r.width < 24 || r.height < 24 }).length`)
	if small != 0 {
		t.Errorf("%d marks are smaller than 24 pixels", small)
	}
	b.Click("a.kith-mark")
	b.WaitFor(`document.querySelector("tr.kith-entry:target") !== null`)
}

// announced: what is new is announced politely, and shown when the reader asks.
func announced(t *testing.T, b *browsertest.Browser, w *world) {
	t.Helper()
	rows := `document.querySelectorAll("tr.kith-entry").length`
	before := browsertest.Eval[int](b, rows)
	w.change(func(p *events.Picture) {
		i := p.Items[len(p.Items)-1]
		i.ID, i.OccurredAt = "00000000-0000-4000-8000-000000000077", i.OccurredAt.Add(time.Hour)
		p.Items = append(p.Items, i)
	})
	w.announce()
	b.Wait("#live button")
	if got := b.Text("#live"); !strings.Contains(got, "Something new was recorded") {
		t.Errorf("it is announced as %q", got)
	}
	if now := browsertest.Eval[int](b, rows); now != before {
		t.Error("a row was put under the reader")
	}
	b.Axe()
	b.Press("#live button")
	if now := browsertest.Eval[int](b, rows); now != before+1 {
		t.Errorf("%d rows after asking, want %d", now, before+1)
	}
}

// The other pages, once each.
func TestAxeOnEveryPage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no browser")
	}
	b := browsertest.Start(t)
	w := newWorld(t)
	u := w.listen(t)
	at := "/children/" + string(theChild)
	for _, visit := range []struct {
		persona string
		paths   []string
	}{
		{"chair", []string{"/search", at, at + "?purpose=s47&asKnownAt=2026-06-01T09:00", at + "/discussions/new", at + "/discussions/d1/decision", at + "/consents/new", at + "/consents/k2/withdraw", "/nowhere"}},
		{"socialworker", []string{"/concerns/M4ZT-9KQW-H7NB/decision", "/identity"}},
		{"dsl", []string{at + "?purpose=early-help", "/concerns/QX3M-7RTL-P2VA"}},
		{"police", []string{"/"}},
		{"governance", []string{"/", "/about", "/privacy", "/accessibility", "/problems", "/problems/not-found", "/policies", "/catalogue", "/catalogue/uk.kith.police.missing-episode.v1", "/catalogue/api", "/catalogue/api/getView", "/catalogue/api/postEvents", "/refusals/schema"}},
	} {
		b.SignIn(u, visit.persona)
		for _, path := range visit.paths {
			b.Open(u + path)
			b.Axe()
			b.Picture(strings.NewReplacer("/", "_", "?", "_", string(theChild), "child").Replace(visit.persona + path))
		}
		b.SignOut()
	}
}
