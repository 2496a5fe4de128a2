package bus

import (
	"encoding/json"
	"testing"
	"time"

	"kith/events"
)

// TestHubReadsWhatItTold: the creds files that are written for the hub let it ask
// for the last message of an inbox, without which nothing is delivered there.
func TestHubReadsWhatItTold(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	if n, err := h.LastTold(t.Context(), police); err != nil || n != 0 {
		t.Fatalf("of an empty inbox: %d %v", n, err)
	}
	e := TellEvent(police, events.Told{Seq: 7, Type: events.TypeReferralFeedback, At: time.Unix(1, 0), Detail: json.RawMessage(`{}`)})
	if err := h.Deliver(t.Context(), police, "messages", e); err != nil {
		t.Fatal(err)
	}
	if n, err := h.LastTold(t.Context(), police); err != nil || n != 7 {
		t.Errorf("the last message is %d, want 7: %v", n, err)
	}
}
