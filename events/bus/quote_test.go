package bus

import (
	"encoding/json"
	"testing"
)

// An attribute is written as json.Marshal writes it: an event that was sent by an
// earlier release has the same bytes, and so the same digest, when it is sent again.
func TestQuote(t *testing.T) {
	for r := range rune(0x3000) {
		s := "a" + string(r) + "b"
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := quote(s); string(got) != string(want) {
			t.Errorf("%U is written %s, want %s", r, got, want)
		}
	}
}
