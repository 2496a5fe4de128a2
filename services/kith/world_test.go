package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kith/events"
	"kith/schemas/apitest"
	"kith/services/internal/telemetry"
)

// world is the demonstration, whole, as a stranger meets it: an address, tokens
// and credentials out of demo.json. Nothing of it is replaced.
type world struct {
	demo *demonstration
	file demoFile
	dir  string
}

// newWorld starts a demonstration for one test.
func newWorld(t *testing.T) *world {
	t.Helper()
	tel, _ := telemetry.StartForTest("kith-test", io.Discard)
	return startWorld(t, t.TempDir(), tel)
}

func startWorld(t *testing.T, dir string, tel *telemetry.Telemetry) *world {
	t.Helper()
	d, err := openDemo(t.Context(), dir, "127.0.0.1:0", tel, func(s string) { t.Log(s) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	w := &world{demo: d, dir: dir}
	b, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err == nil {
		err = json.Unmarshal(b, &w.file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// answer is an HTTP response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as a persona and returns what came back.
func (w *world) ask(t *testing.T, persona, method, path, contentType, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.file.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.file.Tokens[persona])
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(b)}
	asPublished(t, method, path, contentType, body, a)
	return a
}

// published is openapi.yaml.
var published = sync.OnceValues(apitest.Open)

// asPublished complains where the API answers, or takes, what openapi.yaml does
// not tell of.
func asPublished(t *testing.T, method, target, contentType, body string, a answer) {
	t.Helper()
	if !strings.HasPrefix(target, "/v1/") {
		return
	}
	c, err := published()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Answer(method, target, a.status, a.header, []byte(a.body)); err != nil {
		t.Errorf("not as openapi.yaml says: %v\n%.400s", err, a.body)
	}
	if a.status < 300 {
		if err := c.Request(method, target, contentType, []byte(body)); err != nil {
			t.Errorf("taken, and not as openapi.yaml says: %v", err)
		}
	}
}

// get and post want a status, and say what came instead.
func (w *world) get(t *testing.T, persona, path string, want int) answer {
	t.Helper()
	return w.want(t, want, w.ask(t, persona, "GET", path, "", ""), path)
}

func (w *world) post(t *testing.T, persona, path, body string, want int) answer {
	t.Helper()
	return w.want(t, want, w.ask(t, persona, "POST", path, "application/json", body), path)
}

func (w *world) want(t *testing.T, want int, a answer, path string) answer {
	t.Helper()
	if a.status != want {
		t.Fatalf("%s: %d, want %d: %s", path, a.status, want, a.body)
	}
	return a
}

// into reads an answer's JSON.
func into[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// seenView is the shared view as an integrator would read it.
type seenView struct {
	Child    string     `json:"child"`
	Agencies []involved `json:"agencies"`
	Voice    []struct {
		Words  string `json:"words"`
		Agency string `json:"agency"`
	} `json:"voice"`
	Items    []seenItem `json:"items"`
	Withheld []struct {
		Agency string `json:"agency"`
		What   string `json:"what"`
		Reason string `json:"reason"`
	} `json:"withheld"`
	Clocks      []struct{ Rule, Due string } `json:"clocks"`
	Discussions []struct {
		Discussion string `json:"discussion"`
		Open       bool   `json:"open"`
	} `json:"discussions"`
}

type involved struct {
	Agency  string                       `json:"agency"`
	Contact struct{ Team, Phone string } `json:"contact"`
}

type seenItem struct {
	Item          string    `json:"item"`
	Agency        string    `json:"agency"`
	Kind          string    `json:"kind"`
	EventID       string    `json:"eventId"`
	Type          string    `json:"type"`
	Source        string    `json:"source"`
	OccurredAt    time.Time `json:"occurredAt"`
	RecordedAt    time.Time `json:"recordedAt"`
	HubRecordedAt time.Time `json:"hubRecordedAt"`
	Basis         struct {
		Article6 string `json:"article6"`
	} `json:"basis"`
	Grounds []struct{ Policy, Basis string } `json:"grounds"`
}

// view reads a child's view; kinds and types are those of its items.
func (w *world) view(t *testing.T, persona, child, query string) seenView {
	t.Helper()
	return into[seenView](t, w.get(t, persona, "/v1/children/"+child+"/view?"+query, http.StatusOK))
}

func (v seenView) has(typ string) bool {
	for _, i := range v.Items {
		if strings.Contains(i.Type, typ) {
			return true
		}
	}
	return false
}

func (v seenView) kind(kind string) (n int) {
	for _, i := range v.Items {
		if i.Kind == kind {
			n++
		}
	}
	return n
}

// find searches for a child by name and date of birth.
func (w *world) find(t *testing.T, persona string, k kid) []string {
	t.Helper()
	a := w.post(t, persona, "/v1/children/search",
		fmt.Sprintf(`{"name":{"given":%q,"family":%q},"dateOfBirth":%q,"purpose":"s47"}`, k.given, k.family, k.born), http.StatusOK)
	var ids []string
	for _, m := range into[struct {
		Matches []struct{ Child string }
	}](t, a).Matches {
		ids = append(ids, m.Child)
	}
	return ids
}

// findOne wants exactly one.
func (w *world) findOne(t *testing.T, persona string, k kid) string {
	t.Helper()
	ids := w.find(t, persona, k)
	if len(ids) != 1 {
		t.Fatalf("%s found %d children, want one", persona, len(ids))
	}
	return ids[0]
}

// kid is an invented child of a test, known to every agency by its own numbers.
type kid struct{ given, family, born, nhs, upn string }

// client connects as an agency would that has nothing of ours: a plain NATS
// client with a credentials file.
func (w *world) client(t *testing.T, name string) jetstream.JetStream {
	t.Helper()
	u := w.file.NATS[name]
	nc, err := nats.Connect(u.URL, nats.UserCredentials(u.Creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// inbox waits for the next message of an agency's inbox that want accepts.
func inbox(t *testing.T, js jetstream.JetStream, want func(subject string, data []byte) bool) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := js.OrderedConsumer(ctx, "INBOX", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := c.Next(jetstream.FetchMaxWait(10 * time.Second))
		if err != nil {
			t.Fatal("nothing like that came to the inbox: ", err)
		}
		if want(m.Subject(), m.Data()) {
			return m.Data()
		}
	}
}

// cloudEvent is a structured CloudEvent.
func cloudEvent(source, id, typ string, data any) []byte {
	b, err := json.Marshal(map[string]any{"specversion": "1.0", "id": id, "source": source, "type": typ,
		"time": time.Now().UTC().Format(time.RFC3339), "datacontenttype": "application/json", "data": data})
	if err != nil {
		panic(err) // the tests' own literals
	}
	return b
}

// shared is what every report of a test says beside its fact.
func shared(label string, about []any, fact map[string]any) map[string]any {
	now := time.Now().UTC()
	return map[string]any{
		"occurredAt": now.Add(-3 * time.Hour).Format(time.RFC3339), "recordedAt": now.Add(-time.Hour).Format(time.RFC3339),
		"basis": map[string]any{"article6": "public-task", "article9": "substantial-public-interest",
			"paragraph18": map[string]any{"ground": "obtaining-consent-would-prejudice-protection",
				"necessity": "A child may be at risk at home.", "subject": "under-18", "policyDocument": "APD 3"}},
		"label":    label,
		"informed": map[string]any{"told": false, "why": "It could put the child at risk."},
		"contact":  map[string]any{"team": "Duty desk", "phone": "01632 960199"},
		"about":    about, "fact": fact,
	}
}

// person is the kid as an agency's report describes one.
func (k kid) person(localID string) map[string]any {
	p := map[string]any{"localId": localID, "role": "child",
		"name": map[string]any{"given": k.given, "family": k.family}, "dateOfBirth": k.born}
	ids := map[string]any{}
	if k.nhs != "" {
		ids["nhsNumber"] = map[string]any{"value": k.nhs, "status": "verified"}
	}
	if k.upn != "" {
		ids["upn"] = k.upn
	}
	p["identifiers"] = ids
	return p
}

// inboxReader is a client that reads an inbox.
type inboxReader = jetstream.JetStream

var (
	inboxConfig  = jetstream.OrderedConsumerConfig{}
	fetchBriefly = jetstream.FetchMaxWait(500 * time.Millisecond)
)

// validNHS adds the check digit to nine digits.
func validNHS(t *testing.T, nine string) string {
	t.Helper()
	for c := range 10 {
		if n := nine + fmt.Sprint(c); events.ValidNHSNumber(n) {
			return n
		}
	}
	t.Fatal("no check digit fits; take other digits")
	return ""
}

// validUPN puts the check letter before twelve digits.
func validUPN(twelve string) string {
	for _, c := range "ABCDEFGHJKLMNPQRTUVWXYZ" {
		if u := string(c) + twelve; events.ValidUPN(u) {
			return u
		}
	}
	return ""
}

// copyFiles copies a folder as a backup of files would: a socket is none.
func copyFiles(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, rel), 0o700))
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), text, 0o600))
	})
}
