package disclosure

import (
	"strings"
	"testing"

	"kith/events"
	"kith/services/fault"
)

func raised() *world {
	decided := &events.ReferralDecided{Reference: "C1", Decision: events.DecideAssessment, Rationale: "r", NextStep: "n"}
	child := events.Person{Name: events.Name{Given: "Wren"}, Address: &events.Address{Lines: []string{"refuge"}, Label: events.Restricted}}
	return &world{concerns: []events.ConcernStatus{
		{Reference: "C1", Agency: school, Child: wren, Item: "e1", Person: child, Decided: decided},
		{Reference: "C2", Agency: elmtree, Item: "e9"},
	}}
}

func TestConcern(t *testing.T) {
	w := raised()
	g := w.gate(t)
	d, err := g.Concern(t.Context(), reader("dsl"), "C1")
	if err != nil || d.value.Decided == nil || d.value.Decided.NextStep != "n" || d.value.Person.Address == nil {
		t.Errorf("%s %v", text(t, d), err)
	}
	d, err = g.Concern(t.Context(), reader("socialworker"), "C1")
	if err != nil || d.value.Person.Address != nil || d.value.Person.Name.Given != "Wren" {
		t.Errorf("the authority sees %s %v", text(t, d), err)
	}
	if w.concerns[0].Person.Address == nil {
		t.Error("the source was changed")
	}
	if e := w.ledger[1]; e.Child != wren || e.What != "concern" || len(e.Shown) != 1 || e.Withheld != 1 {
		t.Errorf("the ledger says %+v", e)
	}
}

func TestConcerns(t *testing.T) {
	for who, want := range map[string]string{"dsl": "C1", "otherdsl": "C2", "socialworker": "C1 C2", "chair": "C1 C2"} {
		w := raised()
		d, err := w.gate(t).Concerns(t.Context(), reader(who))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range d.value {
			got = append(got, c.Reference)
		}
		if strings.Join(got, " ") != want || len(w.ledger) != 1 || len(w.ledger[0].Shown) != len(got) {
			t.Errorf("%s lists %v; the ledger says %+v", who, got, w.ledger)
		}
	}
	for _, who := range []string{"police", "health", "governance", "stranger"} {
		w := raised()
		if _, err := w.gate(t).Concerns(t.Context(), reader(who)); kind(err) != fault.Refused || len(w.calls) != 0 {
			t.Errorf("%s: %v, asked %v", who, err, w.calls)
		}
	}
}
