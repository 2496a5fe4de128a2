package events_test

import (
	"testing"

	"kith/events"
)

func TestEveryTypeHasItsExampleInTheProgram(t *testing.T) {
	for typ := range events.Types() {
		if b, ok := events.Example(typ); !ok || len(b) == 0 {
			t.Errorf("no example of %s; write events/testdata/%s.json", typ, typ)
		}
	}
	if _, ok := events.Example("../released"); ok {
		t.Error("it reads what is no example")
	}
}
