package main

import (
	"io"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"kith/services/internal/telemetry"
)

// One trace leads from the moment a police system publishes, through intake, to
// the read model in which the event can be seen.
func TestTraceFromPublishToView(t *testing.T) {
	tel, spans := telemetry.StartForTest("kith-test", io.Discard)
	w := startWorld(t, t.TempDir(), tel)
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	js := w.client(t, "police")
	msg := nats.NewMsg("events.police.missing-episode")
	msg.Header.Set("Content-Type", "application/cloudevents+json")
	msg.Header.Set("traceparent", "00-"+id+"-00f067aa0ba902b7-01")
	msg.Data = cloudEvent(w.file.NATS["police"].Source, "traced-1", "uk.kith.police.missing-episode.v1",
		shared("core", []any{kid{given: "Lark", family: "Testerley", born: "2013-01-01"}.person("nominal-lark")},
			map[string]any{"policeReference": "traced-1", "missingSince": "2026-11-21T20:00:00Z", "missingFrom": "home", "circumstances": "Not home."}))
	if _, err := js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	receiptFor(t, w, js, "traced-1")
	want := map[string]bool{"process event": false, "project event identity": false, "project event childview": false}
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		left := 0
		for _, s := range spans.All() {
			name := s.Name()
			for _, kv := range s.Attributes() {
				if kv.Key == "kith.projection" {
					name += " " + kv.Value.AsString()
				}
			}
			if _, wanted := want[name]; wanted && s.SpanContext().TraceID().String() == id {
				want[name] = true
			}
		}
		for _, seen := range want {
			if !seen {
				left++
			}
		}
		if left == 0 {
			return
		}
	}
	t.Errorf("spans of the trace: %v", want)
}
