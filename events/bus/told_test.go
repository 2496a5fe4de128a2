package bus

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"kith/events"
)

// An answer read over HTTP says what the one on NATS says. A receipt has the same
// id there; a refusal has one that the receipt of the same bytes never has.
func TestToldAnswer(t *testing.T) {
	at := time.Unix(1, 0).UTC()
	for _, a := range []Answer{
		{Digest: "d", Receipt: &Receipt{Agency: police, Digest: "d", Position: 7, AcceptedAt: at, Note: "signed"}},
		{Digest: "d", Refusal: &Refusal{Agency: police, Digest: "d", Problems: []events.Complaint{{Code: "schema", Detail: "is missing"}}}},
	} {
		m, err := ToldAnswer(a, at, 7)
		_, over, err2 := a.event()
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		e := TellEvent(police, m)
		if e.Type() != over.Type() || e.Source() != over.Source() || string(e.Data()) != string(over.Data()) || !e.Time().Equal(at) || e.Extensions()["sequence"] != nil {
			t.Errorf("%s\nis not what comes over NATS\n%s", e, over)
		}
		if same := e.ID() == over.ID(); same != (a.Receipt != nil) {
			t.Errorf("%s has the id %s", e.Type(), e.ID())
		}
		if again, err := AnswerOf(e); err != nil || !reflect.DeepEqual(again, a) {
			t.Errorf("%+v is read as %+v: %v", a, again, err)
		}
	}
}

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
