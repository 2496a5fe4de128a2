package disclosure

import (
	"testing"

	"kith/events"
)

func TestSearch(t *testing.T) {
	for who, name := range map[string]string{
		"dsl": "given-e1", "police": "given-p2", "health": "given-h2", "socialworker": "given-e1", "chair": "given-e1",
		"otherdsl": "", "governance": "", "stranger": "",
	} {
		w := here(family())
		d, err := w.gate(t).Search(t.Context(), reader(who), events.Query{NHSNumber: "9434765919"}, events.PurposeSection47)
		if err != nil {
			t.Fatal(err)
		}
		if name == "" {
			if len(d.value) != 0 || text(t, d) != "[]" || w.ledger[0].Child != "" || w.ledger[0].What != "search" {
				t.Errorf("%s finds %s; the ledger says %+v", who, text(t, d), w.ledger)
			}
			continue
		}
		if len(d.value) != 1 || d.value[0].Child != wren || d.value[0].Name.Given != name || d.value[0].Born == "" {
			t.Errorf("%s finds %s", who, text(t, d))
		}
		if len(w.ledger) != 1 || w.ledger[0].Child != wren || len(w.ledger[0].Shown) != 1 {
			t.Errorf("%s: the ledger says %+v", who, w.ledger)
		}
	}
}

// Somebody who may know of the child and see nothing learns no name.
func TestSearchNamesOnlyFromWhatMayBeSeen(t *testing.T) {
	p := pictured(item("p1", police, events.MissingEpisode{}))
	p.Discussions = []events.Discussion{discussion(true)}
	d, err := here(p).gate(t).Search(t.Context(), reader("dsl"), events.Query{UPN: "x"}, events.PurposeSection47)
	if err != nil || len(d.value) != 1 || d.value[0].Name != (events.Name{}) || d.value[0].Born != "" {
		t.Errorf("%s %v", text(t, d), err)
	}
}

func TestSearchFindsSeveral(t *testing.T) {
	w := here(family())
	twin := pictured(item("t1", police, events.MissingEpisode{}))
	twin.Child = "twin"
	w.pictures["twin"] = twin
	w.found = append(w.found, "twin")
	d, err := w.gate(t).Search(t.Context(), reader("dsl"), events.Query{UPN: "x"}, events.PurposeSection47)
	if err != nil || len(d.value) != 1 || len(w.ledger) != 1 {
		t.Errorf("%s %v; the ledger says %+v", text(t, d), err, w.ledger)
	}
}
