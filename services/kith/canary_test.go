package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kith/services/internal/telemetry"
)

// TestCanaries plants a word in every personal field, sends them in by every
// way there is, good and broken, and looks for the word in all that may not hold
// it: logs, traces, metrics, answers that say no, and files that are not sealed.
func TestCanaries(t *testing.T) {
	var logs lockedBuffer
	tel, spans := telemetry.StartForTest("kith-test", &logs)
	w := startWorld(t, t.TempDir(), tel)
	k := kid{given: canary(1), family: canary(2), born: "2012-02-03"}
	full := shared("core", []any{withAddress(k.person(canary(3)))}, map[string]any{
		"policeReference": canary(4), "place": canary(5), "presence": "heard", "circumstances": canary(6)})
	full["voice"] = map[string]any{"words": canary(7), "heardBy": canary(8)}
	full["contact"] = map[string]any{"team": canary(9), "name": canary(10), "phone": canary(11), "email": canary(12) + "@example.test"}
	full["informed"] = map[string]any{"told": false, "why": canary(13)}
	const typ = "uk.kith.police.domestic-abuse-incident.v1"
	source := w.file.NATS["police"].Source
	send := func(body string, want int) answer {
		return w.want(t, want, w.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", body), "events")
	}
	good := string(cloudEvent(source, "canary-14-", typ, full))
	send(good, http.StatusAccepted)
	var said bytes.Buffer
	for i, bad := range []string{
		strings.Replace(good, `"heard"`, `"`+canary(15)+`"`, 1),
		strings.Replace(good, `"2012-02-03"`, `"`+canary(16)+`"`, 1),
		strings.Replace(good, `"occurredAt":"`, `"occurredAt":"`+canary(17), 1),
		strings.Replace(good, `"given"`, `"`+canary(18)+`"`, 1),
		strings.Replace(good, typ, "uk.kith.police."+strings.ToLower(canary(20))+".v1", 1),
		good[:len(good)/2],
	} {
		a := w.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", strings.Replace(bad, "canary-14-", fmt.Sprint("canary-14-", i), 1))
		if a.status < 400 {
			t.Errorf("a broken event was accepted: %s", a.body)
		}
		said.WriteString(a.body)
	}
	for _, ask := range []struct{ persona, path, body string }{
		{"dsl", "/v1/concerns", `{"givenName":"` + canary(21) + `","safeNow":"` + canary(22) + `"}`},
		{"dsl", "/v1/concerns", `{"givenName":1,"observed":"` + canary(23) + `"}`},
		{"chair", "/v1/children/search", `{"nhsNumber":"` + canary(24) + `"}`},
		{"health", "/agencies/northshire-hospital/fhir", `{"resourceType":"` + canary(25) + `"}`},
		{"police", "/agencies/northshire-police/encompass", `{"occurredAt":"` + canary(26) + `","` + canary(27) + `":2}`},
		{"socialworker", "/v1/concerns/" + canary(28) + "/decision", `{"decision":"` + canary(29) + `"}`},
	} {
		a := w.ask(t, ask.persona, "POST", ask.path, "application/json", ask.body)
		if a.status >= 400 {
			said.WriteString(a.body)
		}
	}
	w.findOne(t, "police", k)
	metrics, err := http.Get(w.file.Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Body.Close()
	m, _ := io.ReadAll(metrics.Body)
	if len(spans.All()) == 0 || len(m) == 0 {
		t.Fatal("there is no telemetry to search")
	}
	for name, text := range map[string]string{"an answer": said.String(), "the log": logs.String(), "a trace": told(spans), "a metric": string(m)} {
		sing(t, name, text)
	}
	sealed(t, filepath.Join(w.dir, "hub"))
}

// canary is a word that occurs nowhere else.
func canary(i int) string { return fmt.Sprintf("Kanarie%02dQzx", i) }

func withAddress(p map[string]any) map[string]any {
	p["address"] = map[string]any{"lines": []any{canary(30)}, "postcode": "ZZ99 3VZ", "label": "core"}
	return p
}

// sing fails if a canary is heard.
func sing(t *testing.T, where, text string) {
	t.Helper()
	low := strings.ToLower(text)
	for i := range 40 {
		if at := strings.Index(low, strings.ToLower(canary(i))); at >= 0 {
			t.Errorf("%s holds canary %d: …%s…", where, i, text[max(0, at-120):min(len(text), at+60)])
		}
	}
}

// sealed looks through the hub's files: the event log, the ledger, the keys and
// the read models. The outboxes are the agencies' own and are not among them.
func sealed(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(path, "outbox") {
			return err
		}
		b, err := os.ReadFile(path)
		sing(t, filepath.Base(path), string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// told is all that the spans would have told a collector.
func told(spans *telemetry.Spans) string {
	var b strings.Builder
	for _, s := range spans.All() {
		fmt.Fprintln(&b, s.Name(), s.Status(), s.SpanContext().TraceState())
		for _, kv := range s.Attributes() {
			fmt.Fprintln(&b, kv.Key, kv.Value.String())
		}
		for _, e := range s.Events() {
			fmt.Fprintln(&b, e.Name, e.Attributes)
		}
	}
	return b.String()
}

// lockedBuffer is a buffer that many goroutines log to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Len()
}
