package disclosure

import (
	"errors"
	"testing"

	"kith/events"
	"kith/services/fault"
)

func TestMayAct(t *testing.T) {
	p := family()
	p.Discussions = []events.Discussion{discussion(true)} // police and the school are invited
	w := here(p)
	g := w.gate(t)
	for who, want := range map[string]string{ // open convene attend decide consent
		"dsl": "y-y-y", "otherdsl": "00000", "police": "y-y-y", "health": "y---y",
		"socialworker": "yyy-y", "chair": "yyyyy", "governance": "00000", "stranger": "00000",
	} {
		got := ""
		for _, act := range []string{"open", "convene", "attend", "decide", "consent"} {
			switch err := g.MayAct(t.Context(), reader(who), wren, act); {
			case err == nil:
				got += "y"
			case errors.Is(err, fault.NotFound):
				got += "0"
			case kind(err) == fault.Refused:
				got += "-"
			}
		}
		if got != want {
			t.Errorf("%s may %s, want %s", who, got, want)
		}
	}
	if err := g.MayAct(t.Context(), reader("chair"), wren, "see"); kind(err) != fault.Invalid {
		t.Error(err)
	}
	if len(w.ledger) != 0 {
		t.Error("an act is not a read")
	}
}
