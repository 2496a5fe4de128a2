package disclosure

import (
	"context"
	"slices"
	"testing"

	"kith/events"
	"kith/services/fault"
)

// TestCopy: while a copy is asked for, whoever prepares it at the authority sees what
// may leave its agency, and nobody else sees anything for that purpose. Everybody of
// the same reports and every address goes to the search, also what nobody is shown.
func TestCopy(t *testing.T) {
	refuge := &events.Address{Lines: []string{"refuge"}, Label: events.Restricted}
	p := events.Picture{Child: wren, Agencies: []events.AgencyID{council, police}, Subjects: []events.SubjectID{"s-police"}, Items: []events.Held{
		item("core", police, events.MissingEpisode{}, func(i *events.Item) { i.With = []events.Companion{{Subject: "s-mother"}, {Subject: "s-police"}} }),
		item("sensitive", hospital, events.WasNotBrought{}, func(i *events.Item) { i.Label = events.Sensitive }),
		item("intelligence", police, events.PublicProtectionNotice{}, func(i *events.Item) {
			i.Caveats, i.Person.Address = []events.Caveat{events.PoliceIntelligence}, refuge
		}),
	}}
	w := &world{pictures: map[events.ChildID]events.Picture{wren: p}}
	g := w.gate(t)
	open := true
	g.Sources.Copying = func(context.Context, events.ChildID) (bool, error) { return open, nil }
	g.Sources.People = func(_ context.Context, ids []events.SubjectID) (ps []events.Person, _ error) {
		for _, id := range ids {
			ps = append(ps, events.Person{LocalID: string(id)})
		}
		return ps, nil
	}
	look := func(who string, child events.ChildID) (c events.Copyable, err error) {
		_, err = Copy(t.Context(), g, reader(who), child, nil, func(x events.Copyable) (int, error) { c = x; return 0, nil })
		return c, err
	}
	c, err := look("socialworker", wren)
	if err != nil || !slices.Equal(ids(c.Shown), []events.ItemID{"core", "sensitive"}) {
		t.Fatalf("whoever prepares it sees %v, %v", ids(c.Shown), err)
	}
	if len(c.Others) != 1 || c.Others[0].LocalID != "s-mother" || len(c.Addresses) != 1 || c.Addresses[0].Lines[0] != "refuge" {
		t.Error("the search lacks somebody, or an address")
	}
	if e := w.ledger[len(w.ledger)-1]; e.What != "copy" || e.Purpose != events.PurposeSubjectAccess || !slices.Contains(e.Ties, events.TieCopying) || len(e.Shown) != 2 {
		t.Error("the ledger does not have it")
	}
	for _, who := range []string{"dsl", "otherdsl", "police", "health", "governance", "stranger"} {
		if _, err := look(who, wren); err != fault.NotFound {
			t.Errorf("%s prepares a copy: %v", who, err)
		}
	}
	if _, err := look("socialworker", "nobody"); err != fault.NotFound {
		t.Errorf("a child that is not there: %v", err)
	}
	open = false
	if c, err := look("socialworker", wren); err != nil || len(c.Shown.Items) != 0 {
		t.Errorf("nobody asked for a copy, and %d are shown, %v", len(c.Shown.Items), err)
	}
	open, w.broken = true, true
	if _, err := look("socialworker", wren); err == nil {
		t.Error("the ledger is down and a copy is laid out")
	}
}
