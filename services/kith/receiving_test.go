package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"kith/events"
	"kith/events/bus"
	"kith/services/internal/telemetry"
)

// inboxAnswer is one receipt or refusal as it is read over HTTP.
type inboxAnswer struct {
	ID, Type string
	Data     json.RawMessage
}

// An agency that has nothing but HTTP gets the receipt and the refusal of what it
// sent by long poll and by webhook: the same ones, under the same ids, with the
// data that went over NATS. What was refused and is accepted later, byte for byte,
// is told as two. The inbox built anew holds the same.
func TestReceiptsOverHTTP(t *testing.T) {
	s := newHookServer(t)
	tel, err := telemetry.Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Shutdown(t.Context())
	dir := t.TempDir()
	d, err := openNorthshire(t.Context(), dir, tel, func(p *partnership) {
		c := s.config()
		c.Answers = true
		p.origin, p.hooks = "hub.example", map[events.AgencyID]Webhook{"northshire-police": c}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	if err := d.serve("127.0.0.1:0", tel); err != nil {
		t.Fatal(err)
	}
	w := &world{demo: d, file: d.file, dir: dir}

	send := func(want int, body string) {
		t.Helper()
		if a := w.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", body); a.status != want {
			t.Fatalf("%d, want %d: %s", a.status, want, a.body)
		}
	}
	good, bad := policeEvent(w, "one", "core", ""), policeEvent(w, "two", "purple", "")
	for range 2 { // sent again it is answered again, and told once
		send(http.StatusAccepted, good)
		send(http.StatusUnprocessableEntity, bad)
	}

	polled, next := pollAnswers(t, w, "0", 2)
	if polled[0].Type != bus.TypeReceipt || polled[1].Type != bus.TypeRefusal {
		t.Fatalf("%+v", polled)
	}
	var r bus.Receipt
	if err := json.Unmarshal(polled[0].Data, &r); err != nil || r.ID != "one" || bus.Verify(w.file.Verifier, r) != nil {
		t.Errorf("the receipt does not verify: %s, %v", polled[0].Data, err)
	}
	var no bus.Refusal
	if err := json.Unmarshal(polled[1].Data, &no); err != nil || no.ID != "two" || len(no.Problems) == 0 || no.Problems[0].Pointer != "/data/label" {
		t.Errorf("the refusal: %s, %v", polled[1].Data, err)
	}
	overNATS(t, w, polled[:2])

	// Refused, and accepted when what it supersedes is there.
	correction := policeEvent(w, "four", "core", "three")
	publish(t, w, correction)
	more, next := pollAnswers(t, w, next, 1)
	send(http.StatusAccepted, policeEvent(w, "three", "core", ""))
	publish(t, w, correction)
	rest, _ := pollAnswers(t, w, next, 2)
	more = append(more, rest...)
	if more[0].ID == more[2].ID || strings.TrimSuffix(more[0].ID, "-refused") != more[2].ID {
		t.Errorf("refused as %s, then accepted as %s", more[0].ID, more[2].ID)
	}
	all := append(polled, more...)

	s.until(t, len(all))
	for i, body := range s.got() {
		var got inboxAnswer
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.ID != all[i].ID || got.Type != all[i].Type || string(got.Data) != string(all[i].Data) {
			t.Errorf("the webhook brought %s, long poll %+v", body, all[i])
		}
	}
	if a := w.get(t, "police", "/v1/inbox?after=0", http.StatusOK); !strings.Contains(a.body, `"messages":[]`) {
		t.Errorf("nobody asked for the answers: %s", a.body)
	}
	if a := w.get(t, "health", "/v1/inbox?include=answers", http.StatusOK); !strings.Contains(a.body, `"messages":[]`) {
		t.Errorf("another agency reads them: %s", a.body)
	}
	rebuilt(t, filepath.Join(dir, "hub"), "inbox")
	again, _ := pollAnswers(t, w, "0", len(all))
	if !slices.EqualFunc(again, all, func(a, b inboxAnswer) bool { return a.ID == b.ID && string(a.Data) == string(b.Data) }) {
		t.Errorf("built anew: %+v", again)
	}
}

// policeEvent is an event of the police; supersedes names an earlier one, if there is
// one.
func policeEvent(w *world, id, label, supersedes string) string {
	k := kid{given: "Wren", family: "Testerley", born: "2014-09-12"}
	body := string(cloudEvent(w.file.NATS["police"].Source, id, "uk.kith.police.domestic-abuse-incident.v1",
		shared(label, []any{k.person("nominal-77")}, map[string]any{"policeReference": "NP/2026/000123", "place": "the family home", "presence": "heard", "circumstances": "Shouting."})))
	if supersedes == "" {
		return body
	}
	return fmt.Sprintf(`{"supersedes":%q,`, supersedes) + body[1:]
}

func publish(t *testing.T, w *world, event string) {
	t.Helper()
	m := nats.NewMsg("events.police.domestic-abuse-incident")
	m.Header.Set("Content-Type", "application/cloudevents+json")
	m.Data = []byte(event)
	if _, err := w.client(t, "police").PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// pollAnswers asks as an agency does until it has n, and what to ask for next.
func pollAnswers(t *testing.T, w *world, after string, n int) (all []inboxAnswer, next string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(all) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d answers came", len(all), n)
		}
		a := into[struct {
			Messages []inboxAnswer
			Next     string
		}](t, w.get(t, "police", "/v1/inbox?include=answers&wait=5s&after="+after, http.StatusOK))
		all, after = append(all, a.Messages...), a.Next
	}
	if len(all) != n {
		t.Fatalf("%d answers, want %d", len(all), n)
	}
	return all, after
}

// overNATS expects that the same answers lie in the inbox there, a receipt under
// the same id.
func overNATS(t *testing.T, w *world, want []inboxAnswer) {
	t.Helper()
	for _, a := range want {
		var got inboxAnswer
		inbox(t, w.client(t, "police"), func(_ string, data []byte) bool {
			return json.Unmarshal(data, &got) == nil && got.Type == a.Type
		})
		if got.ID != strings.TrimSuffix(a.ID, "-refused") || string(got.Data) != string(a.Data) {
			t.Errorf("over NATS it is %+v, over HTTP %+v", got, a)
		}
	}
}
