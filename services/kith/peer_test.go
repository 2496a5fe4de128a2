package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events"
	"kith/events/bus"
)

// The peer is the JavaScript SDK of CloudEvents, which shares no code with what
// is used here.
const peerPackage = "cloudevents@10.0.0"

// peer is a folder in which the SDK is installed. It is kept in the user's cache;
// a machine without Node or without its registry skips the test, loudly.
func peer(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: no %s here; the independent CloudEvents peer was not asked", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("SKIPPED: no cache folder here; the independent CloudEvents peer was not asked")
	}
	dir := filepath.Join(cache, "kith-test", strings.ReplaceAll(peerPackage, "@", "-"))
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "cloudevents", "package.json")); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, peerPackage)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: %s cannot be installed here; the independent CloudEvents peer was not asked: %v\n%s", peerPackage, err, out)
	}
	return dir
}

// asPeer runs a script beside the SDK with something on its standard input.
func asPeer(t *testing.T, script string, in, out any) {
	t.Helper()
	dir := peer(t)
	file := filepath.Join(dir, t.Name()+".js")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", file)
	cmd.Stdin = bytes.NewReader(b)
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, said.String(), text)
	}
}

const readInput = `const { CloudEvent, HTTP, emitterFor } = require("cloudevents");
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
`

// TestPeerSends: the SDK sends events in each mode of the HTTP binding, and each
// is accepted; what it sends malformed is refused.
func TestPeerSends(t *testing.T) {
	peer(t)
	w := newWorld(t)
	data, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", "uk.kith.police.missing-episode.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct {
		Mode   string
		Status int
		Body   string
	}
	asPeer(t, readInput+`
const event = (id, more) => new CloudEvent({ id, source: "urn:kith:agency:northshire-police", type: "uk.kith.police.missing-episode.v1",
  datacontenttype: "application/json", subject: "Euro € 😀 100%", time: "2026-11-06T22:30:00Z", data: input.data, ...more });
const send = async (mode, message) => {
  const r = await fetch(input.url, { method: "POST", headers: { ...message.headers, authorization: "Bearer " + input.token }, body: message.body });
  return { mode, status: r.status, body: await r.text() };
};
const latin = (m) => { // as the binding asks for, which this SDK leaves to its user
  m.headers["ce-subject"] = encodeURIComponent("Euro € 😀 100%"); return m;
};
(async () => {
  const out = [];
  out.push(await send("binary", latin(HTTP.binary(event("peer-binary", { partitionkey: "x" })))));
  out.push(await send("structured", HTTP.structured(event("peer-structured", { severitynumber: 7, sampled: true }))));
  const batch = [event("peer-batch-1"), event("peer-batch-2")].map((e) => e.toJSON());
  out.push(await send("batch", { headers: { "content-type": "application/cloudevents-batch+json" }, body: JSON.stringify(batch) }));
  out.push(await send("structured again", HTTP.structured(event("peer-structured", { severitynumber: 7, sampled: true }))));
  const wrong = new CloudEvent({ id: "peer-wrong", source: "urn:kith:agency:oakfield-school", type: "uk.kith.police.missing-episode.v1", data: input.data });
  out.push(await send("wrong source", HTTP.structured(wrong)));
  console.log(JSON.stringify(out));
})();
`, map[string]any{"url": w.file.URL + "/v1/events", "token": w.file.Tokens["police"], "data": json.RawMessage(data)}, &answers)
	want := map[string]struct{ status, receipts int }{"binary": {202, 1}, "structured": {202, 1}, "batch": {202, 2}, "structured again": {202, 1}, "wrong source": {422, 0}}
	for _, a := range answers {
		var got struct{ Receipts []bus.Receipt }
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != want[a.Mode].status || len(got.Receipts) != want[a.Mode].receipts {
			t.Errorf("%s: %d %s", a.Mode, a.Status, a.Body)
		}
		for _, r := range got.Receipts {
			if err := bus.Verify(w.file.Verifier, r); err != nil || !strings.HasPrefix(r.ID, "peer-") {
				t.Errorf("%s: %+v %v", a.Mode, r, err)
			}
		}
	}
	if len(answers) != len(want) {
		t.Errorf("%d answers, want %d", len(answers), len(want))
	}
}

// TestPeerReads: what is put into an inbox, what an edge publishes, and what the
// codec writes in either mode, the SDK reads, and finds valid.
func TestPeerReads(t *testing.T) {
	peer(t)
	w := newWorld(t)
	sent := map[string]event.Event{}
	type message struct {
		Name    string
		Headers map[string]string
		Body    string
	}
	var ms []message
	add := func(name string, e event.Event, m bus.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		flat := map[string]string{}
		for k, vs := range m.Header {
			flat[strings.ToLower(k)] = vs[0]
		}
		if ct := flat["ce-datacontenttype"]; ct != "" { // over HTTP it has the header of HTTP
			delete(flat, "ce-datacontenttype")
			flat["content-type"] = strings.ReplaceAll(ct, "%20", " ")
		}
		sent[name] = e
		ms = append(ms, message{name, flat, string(m.Body)})
	}
	e, err := bus.NewEvent("urn:kith:agency:northshire-police", benchNotice(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	e.SetSubject("Zoe100-x")
	m, err := bus.Structured(e)
	add("structured", e, m, err)
	m, err = bus.Binary(e)
	add("binary", e, m, err)
	for i, e := range w.inbox(t, 2) {
		m, err := bus.Structured(e)
		add([]string{"an answer in the inbox", "another answer"}[i], e, m, err)
	}
	var read []struct {
		Name, ID, Source, Type, Subject string
		Valid                           bool
		Data                            json.RawMessage
	}
	asPeer(t, readInput+`
console.log(JSON.stringify(input.map((m) => {
  const e = HTTP.toEvent({ headers: m.Headers, body: m.Body });
  return { name: m.Name, id: e.id, source: e.source, type: e.type, subject: e.subject || "", valid: e.validate(), data: e.data };
})));
`, ms, &read)
	if len(read) != len(sent) || len(sent) != 4 {
		t.Fatalf("%d of %d were read", len(read), len(sent))
	}
	for _, r := range read {
		e := sent[r.Name]
		var a, b any
		if json.Unmarshal(r.Data, &a) != nil || json.Unmarshal(e.Data(), &b) != nil {
			t.Fatalf("%s: data %s", r.Name, r.Data)
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if !r.Valid || r.ID != e.ID() || r.Source != e.Source() || r.Type != e.Type() || r.Subject != e.Subject() || !bytes.Equal(x, y) {
			t.Errorf("%s came out as %+v", r.Name, r)
		}
	}
}

// inbox reads what the police find in theirs.
func (w *world) inbox(t *testing.T, n int) (es []event.Event) {
	t.Helper()
	user := w.file.NATS["police"]
	a, err := bus.Connect(t.Context(), bus.Link{URL: user.URL, Creds: user.Creds, Agency: events.AgencyID(user.Agency)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	_ = a.Inbox(ctx, "peer-test", func(e event.Event) error {
		if es = append(es, e); len(es) == n {
			stop()
		}
		return nil
	})
	if len(es) < n {
		t.Fatalf("%d messages in the inbox", len(es))
	}
	return es[:n]
}
