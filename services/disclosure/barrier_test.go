package disclosure

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

// bars are the ways in which the child of family comes to be kept from a reader.
// Each is tried on a gate of its own.
func bars() map[string]func(*testing.T, *Gate, events.Reader) {
	declares := func(f ConflictForm) func(*testing.T, *Gate, events.Reader) {
		return func(t *testing.T, g *Gate, r events.Reader) {
			f.Account = events.Account{Actor: r.Actor, Agency: r.Agency}
			if f.Relation == "" {
				f.Relation = events.RelationFamily
			}
			if _, err := g.DeclareConflict(t.Context(), reader("governance"), cause("declare"), f); err != nil {
				t.Fatal(err)
			}
		}
	}
	return map[string]func(*testing.T, *Gate, events.Reader){
		"a conflict with the child":          declares(ConflictForm{Child: wren}),
		"a conflict with one of that name":   declares(ConflictForm{Person: events.Person{Name: events.Name{Given: "given-h1", Family: "T"}, DateOfBirth: "2014-09-12"}}),
		"the reader is a parent in a report": declares(ConflictForm{Relation: events.RelationSelf, Person: mother()}),
		"the reader lives at the child's":    declares(ConflictForm{Relation: events.RelationSelf, Person: events.Person{Address: &events.Address{Lines: []string{"14 elm rd"}, Postcode: "zz91aa"}}}),
		"a conflict with a child that went on under another id": func(t *testing.T, g *Gate, r events.Reader) {
			record(t, g, events.ConflictDeclared{Person: g.person(r), Child: "what the child was called once", Subjects: []events.SubjectID{"s-" + events.SubjectID(school)}})
		},
		"a conflict with a child whose records were parted": func(t *testing.T, g *Gate, r events.Reader) {
			record(t, g, events.ConflictDeclared{Person: g.person(r), Child: wren, Subjects: []events.SubjectID{"gone"}})
		},
		"a restriction of a child whose records were parted": func(t *testing.T, g *Gate, _ events.Reader) {
			record(t, g, events.RestrictionPlaced{Restriction: "r", Child: wren, Subjects: []events.SubjectID{"gone"}, Category: events.ForWitness})
		},
		"a restriction that names others": func(t *testing.T, g *Gate, _ events.Reader) {
			restrictTo(t, g, events.Account{Actor: "somebody", Agency: council})
		},
		"a restriction that names a namesake": func(t *testing.T, g *Gate, r events.Reader) {
			restrictTo(t, g, events.Account{Actor: r.Actor, Agency: "elsewhere"})
		},
	}
}

func mother() events.Person {
	return events.Person{LocalID: "m", Role: events.RoleParent, Name: events.Name{Given: "Mary", Family: "T"}, DateOfBirth: "1988-01-02"}
}

// restrictTo restricts the child as a hub finds it that was restricted before.
func restrictTo(t *testing.T, g *Gate, known ...events.Account) {
	t.Helper()
	record(t, g, events.RestrictionPlaced{Restriction: "r", Child: "what the child was called once", Subjects: []events.SubjectID{"s-" + events.SubjectID(hospital)}, Category: events.ForWitness, Known: known})
}

// record adds to the restrictions what was decided before.
func record(t *testing.T, g *Gate, e events.Restriction) {
	t.Helper()
	if err := g.amend(t.Context(), cause("before"), func(book) ([]events.Restriction, error) { return []events.Restriction{e}, nil }); err != nil {
		t.Fatal(err)
	}
}

// barredGate is a gate over a real store, over the family or over nothing.
func barredGate(t *testing.T, w *world) *Gate {
	t.Helper()
	g := w.gate(t)
	g.Store = realStore(t)
	g.Marks = func(p events.Person) []string {
		if p.Name.Given == "" || p.DateOfBirth == "" {
			return nil
		}
		return []string{"name:" + g.Store.Pseudonym("name", p.Name.Given+p.Name.Family+string(p.DateOfBirth))}
	}
	g.Sources.People = func(_ context.Context, ids []events.SubjectID) ([]events.Person, error) {
		w.calls["people"]++
		if slices.Contains(ids, "s-mother") {
			return []events.Person{mother()}, nil
		}
		return nil, nil
	}
	g.Sources.ChildOf = func(_ context.Context, id events.SubjectID) (events.ChildID, bool, error) {
		is := len(w.pictures) > 0 && id == "s-"+events.SubjectID(hospital)
		return map[bool]events.ChildID{true: wren}[is], is, nil
	}
	t.Cleanup(g.Close)
	return g
}

// known is the family with what may give a conflict away: a companion in a report,
// and an address.
func known() events.Picture {
	p := family()
	for i := range p.Items {
		if p.Items[i].ID == "p1" {
			p.Items[i].With = []events.Companion{{Subject: "s-mother", Role: events.RoleParent}}
		}
		if p.Items[i].ID == "s2" {
			p.Items[i].Person.Address = &events.Address{Lines: []string{"14 Elm Road"}, Postcode: "ZZ9 1AA", Label: events.Core}
		}
	}
	p.Discussions = []events.Discussion{discussion(true, "police", "health", "dsl", "socialworker")}
	return p
}

// barredWays are all ways through the gate by which something may be learnt of a
// child; for lists of others' see TestAmong and TestInboxLeavesOut.
func barredWays() []way {
	return append(ways(), way{"restrict", func(ctx context.Context, g *Gate, r events.Reader) (any, error) {
		return g.Restrict(ctx, r, cause("again"), RestrictionForm{Child: wren, Category: events.ForHighRisk})
	}})
}

// TestBarredIsAbsent: every reader, by every way, with everything that would
// connect them to the child, and something between them. Answer, error, what the
// sources are asked and what the ledger says are those of a hub without the child.
func TestBarredIsAbsent(t *testing.T) {
	compared, before := 0, 0
	for name, bar := range bars() {
		for _, r := range readers()[:7] { // but for who is of no agency
			there, absent := here(known()), &world{}
			there.past = map[events.ChildID]events.Picture{wren: known()}
			there.concerns = []events.ConcernStatus{{Reference: "C1", Agency: r.Agency, Child: wren, Item: "e1", Person: family().Items[0].Person}}
			open, gh, ga := barredGate(t, here(known())), barredGate(t, there), barredGate(t, absent)
			open.Sources.Concern, open.Sources.Concerns = there.concern, there.listed
			bar(t, gh, r)
			bar(t, ga, r)
			for _, wy := range barredWays() {
				for _, w := range []*world{there, absent} {
					clear(w.calls)
					w.ledger = nil
				}
				vh, eh := wy.ask(t.Context(), gh, r)
				gh.Close()
				va, ea := wy.ask(t.Context(), ga, r)
				at := fmt.Sprintf("%s, %s, %s", name, r.Actor, wy.name)
				if eh != ea && !reflect.DeepEqual(eh, ea) || (eh == fault.NotFound) != (ea == fault.NotFound) {
					t.Errorf("%s: %v and %v", at, eh, ea)
				}
				if !reflect.DeepEqual(vh, va) {
					t.Errorf("%s: the answers differ: %s and %s", at, text(t, vh), text(t, va))
				}
				if wy.name != "concerns" && !maps.Equal(there.calls, absent.calls) {
					t.Errorf("%s: the sources were asked %v and %v", at, there.calls, absent.calls)
				}
				if !reflect.DeepEqual(there.ledger, absent.ledger) {
					t.Errorf("%s: the ledgers say %v and %v", at, there.ledger, absent.ledger)
				}
				compared++
				if vo, eo := wy.ask(t.Context(), open, r); eo == nil && !reflect.DeepEqual(vo, vh) {
					before++ // they would have learnt something
				}
			}
		}
	}
	t.Logf("%d pairs of worlds compared; in %d of them the reader would otherwise have learnt something", compared, before)
	if compared < 800 || before < 200 {
		t.Error("too little was compared")
	}
}

// TestAmong: what shows of a child only that it is there is left out of lists too.
func TestAmong(t *testing.T) {
	for name, bar := range bars() {
		g, r := barredGate(t, here(known())), reader("socialworker")
		if stays, err := g.Among(t.Context(), r, "another", wren); err != nil || !stays[1] {
			t.Fatalf("%s: %v %v before anything was declared", name, stays, err)
		}
		bar(t, g, r)
		if stays, err := g.Among(t.Context(), r, "another", wren); err != nil || !stays[0] || stays[1] {
			t.Errorf("%s: %v %v", name, stays, err)
		}
		if err := g.MayPlace(t.Context(), r, "another", "s-"+events.SubjectID(hospital)); err != fault.NotFound {
			t.Errorf("%s: may place %v", name, err)
		}
	}
}

// TestInboxLeavesOut: an agency's message about a child is not shown to one of its
// people who is related to the child, and waits for the others.
func TestInboxLeavesOut(t *testing.T) {
	g := barredGate(t, here(known()))
	bars()["a conflict with the child"](t, g, reader("police"))
	ms := []events.Told{{Seq: 7, Child: wren}, {Seq: 8, Child: "another"}}
	write := func(_ events.AgencyID, m events.Told) (json.RawMessage, error) { return json.RawMessage(m.Child), nil }
	for who, want := range map[string]int{"police": 1, "health": 2} {
		d, err := g.Inbox(t.Context(), reader(who), ms, events.InboxMark{}, write)
		if err != nil || len(d.value.Messages) != want || d.value.Next != "8" {
			t.Errorf("%s: %d messages, next %s, %v", who, len(d.value.Messages), d.value.Next, err)
		}
	}
	d, err := g.Inbox(t.Context(), reader("police"), ms[:1], events.InboxMark{Seq: 6}, write)
	if err != nil || len(d.value.Messages) != 0 || d.value.Next != "6" {
		t.Errorf("%d messages, next %s, %v", len(d.value.Messages), d.value.Next, err)
	}
}

// TestConflictIsTold: one notice a day, without a word to anybody but governance.
func TestConflictIsTold(t *testing.T) {
	g, r := barredGate(t, here(known())), reader("health")
	bars()["a conflict with the child"](t, g, r)
	for range 3 {
		if _, err := g.Child(t.Context(), r, wren, events.PurposeSection47, nil); err != fault.NotFound {
			t.Fatal(err)
		}
		g.Close()
	}
	w, err := g.book(t.Context())
	if err != nil || len(w.met) != 1 {
		t.Fatalf("%d notices, %v", len(w.met), err)
	}
	g.Now = func() time.Time { return noon().Add(24 * time.Hour) }
	_, _ = g.Search(t.Context(), r, events.Query{NHSNumber: "9434765919"}, events.PurposeSection47)
	g.Close()
	if w, err = g.book(t.Context()); err != nil || len(w.met) != 2 {
		t.Fatalf("%d notices, %v", len(w.met), err)
	}
}

// TestPlace: addresses as two clerks write them are one place; neighbours are not.
func TestPlace(t *testing.T) {
	at := func(code string, lines ...string) string { return place(&events.Address{Lines: lines, Postcode: code}) }
	home := at("ZZ9 1AA", "Flat 2", "14 Elm Road", "Northshire")
	for _, same := range []string{at("zz91aa", "flat 2, 14 Elm Rd."), at("ZZ9 1AA", "2", "14 elm road, ZZ9 1AA")} {
		if same != home {
			t.Errorf("%q is not %q", same, home)
		}
	}
	for _, other := range []string{at("ZZ9 1AA", "Flat 3", "14 Elm Road"), at("ZZ9 1AB", "Flat 2", "14 Elm Road"), at("", "Flat 2"), ""} {
		if other == home {
			t.Errorf("%q is taken for it", other)
		}
	}
	if place(nil) != "" || at("ZZ9 1AA") != "" {
		t.Error("nothing is a place")
	}
}

// TestDeclareIsForGovernance: of the agency of the member of staff, or of the
// authority; what is wrong with a form is said by place.
func TestDeclareIsForGovernance(t *testing.T) {
	g := barredGate(t, here(known()))
	form := ConflictForm{Account: events.Account{Actor: "police", Agency: police}, Relation: events.RelationFamily, Child: wren}
	for name, r := range map[string]events.Reader{"a chair": reader("chair"), "governance of another agency": {Actor: "x", Agency: hospital, Role: events.RoleGovernance}} {
		if _, err := g.DeclareConflict(t.Context(), r, cause("d"), form); kind(err) != fault.Refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	own := events.Reader{Actor: "x", Agency: police, Role: events.RoleGovernance}
	for want, spoil := range map[string]func(*ConflictForm){
		"actor":    func(f *ConflictForm) { f.Account.Actor = "" },
		"relation": func(f *ConflictForm) { f.Relation = "cousin" },
		"child":    func(f *ConflictForm) { f.Child = "" },
	} {
		f := form
		spoil(&f)
		_, err := g.DeclareConflict(t.Context(), own, cause("d"), f)
		wrongAt(t, err, want)
	}
	id, err := g.DeclareConflict(t.Context(), own, cause("d"), form)
	again, err2 := g.DeclareConflict(t.Context(), own, cause("d"), form)
	if err != nil || err2 != nil || id != again {
		t.Errorf("%s %s %v %v", id, again, err, err2)
	}
	if w, err := g.book(t.Context()); err != nil || len(w.conflicts) != 1 || len(w.conflicts[g.person(reader("police"))]) != 1 {
		t.Errorf("%+v %v", w.conflicts, err)
	}
}
