package gateway

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"kith/events"
)

const viewOfChild = "/children/" + string(theChild) + "?purpose=s47"

// What agencies and people write is shown as they wrote it and is never markup.
func TestHTMLInjection(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	w := newWorld(t)
	w.change(func(p *events.Picture) {
		for n := range p.Items {
			i := &p.Items[n]
			i.Contact.Team, i.Source = evil, evil
			i.Voice = &events.Voice{Words: evil, HeardBy: evil}
			i.Informed = &events.Informed{Why: evil}
			i.Person.Name = events.Name{Given: evil, Family: evil}
			i.Fact = events.PublicProtectionNotice{PoliceReference: evil, Circumstances: evil, Grade: events.Grade(evil)}
			i.Caveats, i.Label = []events.Caveat{events.ThirdParty}, events.Core
		}
		p.Discussions[0].Reason = evil
		p.Clocks[0].What, p.Clocks[0].Rule = evil, evil
	})
	w.concerns[1].Concern.Observed, w.concerns[1].Person.Name.Given, w.concerns[1].DecideBy = evil, evil, events.Date(evil)
	for path, rec := range map[string]parsed{
		"the view":      parse(t, w.get(viewOfChild, "chair")),
		"a concern":     parse(t, w.get("/concerns/M4ZT-9KQW-H7NB", "dsl")),
		"deciding":      parse(t, w.get("/concerns/M4ZT-9KQW-H7NB/decision", "socialworker")),
		"the start":     parse(t, w.get("/", "socialworker")),
		"a search":      parse(t, w.post("/search", "chair", url.Values{"purpose": {evil}, "given": {evil}, "nhs": {evil}})),
		"what is found": parse(t, w.post("/search", "chair", url.Values{"purpose": {"s47"}, "given": {"Ava"}, "family": {"Example"}, "born": {"2017-03-09"}})),
		"a wrong form":  parse(t, w.post("/concerns", "dsl", url.Values{"given": {evil}, "observed": {evil}, "safe": {evil}, "once": {evil}})),
		"a decision":    parse(t, w.post("/children/"+string(theChild)+"/discussions/d1/decision", "chair", url.Values{"what-1": {evil}, "section47": {evil}})),
		"the filter":    parse(t, w.get(viewOfChild+"&agency="+url.QueryEscape(evil)+"&order="+url.QueryEscape(evil), "chair")),
		"signing in":    parse(t, w.get("/sign-in?next="+url.QueryEscape("/"+evil), "")),
		"no such page":  parse(t, w.get("/"+url.PathEscape(evil), "chair")),
	} {
		for _, s := range rec.all("script") {
			if attr(s, "src") == "" || s.FirstChild != nil {
				t.Errorf("%s has a script of its own", path)
			}
		}
		for n := range rec.root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
					t.Errorf("%s: <%s %s>", path, n.Data, a.Key)
				}
			}
			if n.Data == "img" {
				t.Errorf("%s has an image that nobody drew", path)
			}
		}
	}
}

// The view is in the order in which it is needed, and says all that was
// disclosed: three times, source, basis and grounds of every item.
func TestViewPage(t *testing.T) {
	w := newWorld(t)
	p := parse(t, w.get(viewOfChild, "chair"))
	var order []string
	for _, h := range p.all("h2") {
		order = append(order, saying(h))
	}
	want := []string{"Who is involved, and how to reach them", "In the child’s own words", "Not shown to you", "Consent to share",
		"What must happen by when", "Strategy discussions", "Chronology"}
	if !slices.Equal(order, want) {
		t.Errorf("sections are %q", order)
	}
	if title := saying(p.all("title")[0]); strings.Contains(title, "Ava") {
		t.Errorf("the title holds a name: %s", title)
	}
	p.says("h1", "Ava Exampel")
	p.says("p.kith-child__also", "also recorded as Ava Example")
	if n := len(p.all("li.kith-card")); n != 4 {
		t.Errorf("%d agencies, want 4", n)
	}
	rows := p.all("tr.kith-entry")
	if len(rows) != 12 {
		t.Fatalf("%d items, want 12", len(rows))
	}
	marks := map[string]bool{}
	for _, a := range p.all("a.kith-mark") {
		marks[strings.TrimPrefix(attr(a, "href"), "#")] = true
	}
	for _, r := range rows {
		row := parsed{t, r}
		if len(row.all("time")) != 3 {
			t.Errorf("item %s has %d times, want 3", attr(r, "id"), len(row.all("time")))
		}
		row.says("details", "Why you may see it")
		row.says("details", "urn:kith:agency:")
		if saying(row.one("p.kith-entry__short")) == "" {
			t.Error("an item has no basis")
		}
	}
	for m := range marks {
		if len(p.all("#"+m)) != 1 {
			t.Errorf("a mark of the picture leads to %s, which is not there", m)
		}
	}
	late := 0
	for _, f := range p.all("span.kith-entry__flag") {
		if saying(f) == "Late" {
			late++
		}
	}
	if late != 1 {
		t.Errorf("%d items are marked late, want 1", late)
	}
	if !strings.Contains(saying(p.one("#who").Parent), "01632 960 101") {
		t.Error("the page does not say how to reach the police")
	}
	if strings.Contains(saying(p.root), "Refuge") {
		t.Error("a protected address is on the page")
	}
}

// What a school sees of police and health is that they are not named.
func TestViewPageOfASchool(t *testing.T) {
	p := parse(t, newWorld(t).get("/children/"+string(theChild)+"?purpose=s47", "dsl"))
	all := saying(p.one("ul.kith-cards")) + saying(p.one("table.kith-table")) + saying(p.one("svg.kith-picture"))
	for _, secret := range []string{"stairs", "wrist, said", "Northshire Police", "Northshire Hospital", "NP/26"} {
		if strings.Contains(all, secret) {
			t.Errorf("a school reads %q", secret)
		}
	}
	if n := len(p.all("tr.kith-entry")); n != 3 {
		t.Errorf("a school reads %d items, want its own 3", n)
	}
}

func TestViewSifting(t *testing.T) {
	w := newWorld(t)
	one := parse(t, w.get(viewOfChild+"&agency="+string(school), "chair"))
	if n := len(one.all("tr.kith-entry")); n != 3 {
		t.Errorf("%d rows of one agency, want 3", n)
	}
	latest := parse(t, w.get(viewOfChild+"&order=latest", "chair")).all("tr.kith-entry")
	if got := saying(latest[0]); !strings.Contains(got, "20 Nov 2026") {
		t.Errorf("latest first begins with %q", got)
	}
	then := parse(t, w.get(viewOfChild+"&asKnownAt=2026-01-01T00:00:00Z", "chair"))
	if n := len(then.all("tr.kith-entry")); n != 4 {
		t.Errorf("%d items as known at the new year, want 4", n)
	}
	then.says("div.kith-asknown", "This is what the hub knew at Thu 1 Jan 2026, 00:00.")
	if len(then.all("a.kith-button"))+len(then.all("form")) != 2 { // signing out, and asking again
		t.Error("somebody can act in the past")
	}
}

// Without a purpose nobody is looked at and nothing is written down; with one,
// what is shown is.
func TestPurposeFirst(t *testing.T) {
	w := newWorld(t)
	p := parse(t, w.get("/children/"+string(theChild), "chair"))
	p.says("h1", "Why are you looking?")
	if len(w.reads) != 0 {
		t.Error("asking for a purpose is no look")
	}
	w.get(viewOfChild, "chair")
	if len(w.reads) != 1 || w.reads[0].What != "view" || len(w.reads[0].Shown) != 12 {
		t.Errorf("the ledger says %+v", w.reads)
	}
}
