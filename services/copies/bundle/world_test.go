package bundle

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/childview"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// words are those that the hub uses.
func words(f events.Fact) (string, []Line) {
	var ls []Line
	for _, l := range childview.Detail(f) {
		ls = append(ls, Line{l.Label, l.Text})
	}
	return childview.Title(f), ls
}

const (
	police   = events.AgencyID("northshire-police")
	hospital = events.AgencyID("northshire-hospital")
	school   = events.AgencyID("oakfield-school")
	council  = events.AgencyID("northshire-council")
)

func register() []events.Involved {
	return []events.Involved{{Agency: police, Kind: events.KindPolice, Name: "Northshire Police"}, {Agency: hospital, Kind: events.KindHealth, Name: "Larkspur Hospital"},
		{Agency: school, Kind: events.KindEducation, Name: "Oakfield School"}, {Agency: council, Kind: events.KindSocialCare, Name: "Northshire Council"}}
}

// item is one about the child alone, with change made to it.
func item(id string, k events.AgencyKind, f events.Fact, change ...func(*events.ShownItem)) events.ShownItem {
	a := map[events.AgencyKind]events.AgencyID{events.KindPolice: police, events.KindHealth: hospital, events.KindEducation: school, events.KindSocialCare: council}[k]
	i := events.ShownItem{Held: events.Held{Item: events.Item{ID: events.ItemID(id), Agency: a, Kind: k, Fact: f,
		Person: events.Person{LocalID: "L-" + id, Role: events.RoleChild, Name: events.Name{Given: "Amelia", Family: "Exmoor"}},
		Shared: events.Shared{OccurredAt: noon().AddDate(0, -1, 0), Label: events.Core, Contact: events.Contact{Team: "The team"}}}}}
	for _, c := range change {
		c(&i)
	}
	return i
}

func labelled(l events.Label) func(*events.ShownItem) {
	return func(i *events.ShownItem) { i.Label = l }
}

func caveat(c events.Caveat) func(*events.ShownItem) {
	return func(i *events.ShownItem) { i.Caveats = append(i.Caveats, c) }
}

func with(r events.Role) func(*events.ShownItem) {
	return func(i *events.ShownItem) { i.With = append(i.With, events.Companion{Subject: "s", Role: r}) }
}

func said(w string) func(*events.ShownItem) {
	return func(i *events.ShownItem) { i.Voice = &events.Voice{Words: w} }
}

// plain is an item of which all may be told to anybody who may ask.
func plain(id string) events.ShownItem {
	return item(id, events.KindSocialCare, events.InvolvementChanged{Service: "early help", Team: "the team for the north", Since: "2026-10-01"})
}

func asks(k events.RecipientKind, change ...func(*events.CopyRequested)) Request {
	r := Request{Made: noon(), Words: words, Judged: map[events.ItemID]Judged{}}
	r.CopyRequested = events.CopyRequested{Copy: "5b2f8c1e-7d40-4f6a-9a3c-1e9d2b7c6f05", Child: "c", For: events.ForSubjectAccess,
		Recipient: events.CopyRecipient{Kind: k, ParentalResponsibility: k == events.RecipientParent, Name: events.Name{Given: "Martin", Family: "Exmoor"}, Born: "1984-02-11", SendTo: []string{"3 Invented Row"}}}
	if k == events.RecipientChild {
		r.Recipient.Name, r.Recipient.Born = events.Name{Given: "Amelia", Family: "Exmoor"}, "2012-03-04"
	}
	for _, c := range change {
		c(&r.CopyRequested)
	}
	return r
}

func noContact(r *events.CopyRequested) { r.Recipient.NoContact = true }

// archive is all that would be handed out.
func archive(t testing.TB, b Bundle) string {
	t.Helper()
	var all bytes.Buffer
	if err := (Archive{}).Execute(&all, b); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

var notALetter = regexp.MustCompile(`[^a-z0-9]+`)

// holds reports whether a secret stands in a text, however it is spaced or written.
func holds(text, secret string) bool {
	bare := func(s string) string { return notALetter.ReplaceAllString(strings.ToLower(s), "") }
	return strings.Contains(bare(text), bare(secret))
}

func ids(b Bundle) (all []string) {
	for _, e := range b.Entries {
		all = append(all, string(e.item))
	}
	return all
}
