package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/intake"
	"kith/services/internal/backup"
	"kith/services/internal/keys"
	"kith/services/internal/telemetry"
	"kith/services/retention"
)

// The child that is erased and one that is not, each known to four agencies.
var (
	erasedKid = kid{given: "", family: "", born: "2014-05-06", nhs: "9990000018"}
	otherKid  = kid{given: "Bysta", family: "Nder", born: "2013-02-01", nhs: "9990000026"}
)

// TestErasureDrill plants a word in every field of every kind of report, in what is
// refused, in discussions and consents; erases the child; and looks for the words
// in all that is served, in every file and, opened with the keys there are, in
// every payload: while it is hidden, when the keys are gone, and in a backup that
// was made before and is put back.
func TestErasureDrill(t *testing.T) {
	var logs lockedBuffer
	tel, spans := telemetry.StartForTest("kith-test", &logs)
	e := newErasing(t, t.TempDir(), tel)
	e.sow(t)
	child, other := e.child(t, erasedKid), e.child(t, otherKid)
	e.decide(t, child)
	if n := e.heard(t, child); n < 100 {
		t.Fatalf("before anything is erased only %d words are served: the drill shows nothing", n)
	}
	before := e.backup(t)

	asked := into[struct{ Erasure string }](t, e.post(t, "governance", "/v1/erasures", `{"child":"`+child+`","why":"subjects-right","reference":"IG-1"}`, http.StatusCreated))
	if n := e.heard(t, child); n < 100 {
		t.Errorf("one person asked, and only %d words are served", n)
	}
	began := time.Now()
	if code, out := order(t, "erase", "confirm", "-data", filepath.Join(e.dir, "hub"), asked.Erasure); code != exitGood || !strings.Contains(out, "pending") {
		t.Fatalf("%d %s", code, out)
	}
	e.gone(t, "hidden", child)
	took := time.Since(began)
	if took > time.Second && !testing.Short() {
		t.Logf("every route was asked within %v of the second word", took)
	}
	e.stays(t, other)
	for _, model := range []string{"identity", "childview", "strategy", "retention"} {
		rebuilt(t, filepath.Join(e.dir, "hub"), model) // nothing is derived that the log does not give
	}

	e.later.Store(int64(31 * 24 * time.Hour))
	if err := e.demo.hub.retention.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.gone(t, "erased", child)
	e.stays(t, other)
	after := e.backup(t)
	time.Sleep(2500 * time.Millisecond) // what was answered leaves NATS within a second
	e.demo.close()
	e.quiet(t, "after", e.dir, filepath.Join(e.dir, "hub"))
	for name, text := range map[string]string{"the log": logs.String(), "the traces": told(spans)} {
		for _, s := range seen([]byte(text)) {
			t.Errorf("%s: %s", name, s)
		}
	}

	restored := t.TempDir()
	tel, _ = telemetry.StartForTest("kith-test", &logs)
	if code, out := order(t, "restore", "-from", before.record, "-keys-from", before.keys, "-erased-from", after.record, "-data", filepath.Join(restored, "hub")); code != exitGood {
		t.Fatalf("%d %s", code, out)
	}
	back := newErasing(t, restored, tel)
	back.gone(t, "restored", child)
	back.stays(t, other)
	back.demo.close()
	e.quiet(t, "restored", restored, filepath.Join(restored, "hub"))
	t.Logf("%d words in %d reports of %d types; hidden from %d addresses within %v", e.words, e.sent, e.types, e.asked, took.Round(time.Millisecond))
}

// A hold wins: what is held is not destroyed, and can be brought back whole.
func TestHoldWinsOverErasure(t *testing.T) {
	tel, _ := telemetry.StartForTest("kith-test", io.Discard)
	e := newErasing(t, t.TempDir(), tel)
	e.sow(t)
	child := e.child(t, erasedKid)
	e.decide(t, child)
	all := e.heard(t, child)
	hub := filepath.Join(e.dir, "hub")
	if code, out := order(t, "erase", "ask", "-data", hub, "-child", child, "-why", "retention-expired", "-reference", "IG-1"); code != exitGood {
		t.Fatalf("%d %s", code, out)
	}
	list := into[retention.Standing](t, e.get(t, "governance", "/v1/erasures", http.StatusOK))
	id := string(list.Erasures[0].ID)
	if code, _ := order(t, "erase", "confirm", "-data", hub, id); code != exitFailed {
		t.Error("the operator confirmed what the operator asked for")
	}
	e.post(t, "governance", "/v1/erasures/"+id+"/confirm", "", http.StatusOK)
	if code, out := order(t, "hold", "place", "-data", hub, "-child", child, "-why", "court", "-reference", "L-1"); code != exitGood || !strings.Contains(out, "stands") {
		t.Fatalf("%d %s", code, out)
	}
	e.later.Store(int64(400 * 24 * time.Hour))
	if err := e.demo.hub.retention.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, out := order(t, "erase", "list", "-data", hub); code != exitGood || !strings.Contains(out, "pending") || !strings.Contains(out, "HELD") {
		t.Errorf("%d %s", code, out)
	}
	e.gone(t, "held", child)
	e.post(t, "chair", "/v1/erasures/"+id+"/cancel", `{"reference":"IG-2"}`, http.StatusOK)
	if n := e.heard(t, e.child(t, erasedKid)); n != all {
		t.Errorf("brought back: %d words are served, before there were %d", n, all)
	}
	rebuilt(t, hub, "identity", "childview", "strategy", "inbox", "retention")
	e.complete(t)
}

// erasing is a demonstration whose erasures fall due by the test's clock.
type erasing struct {
	*world
	later                     atomic.Int64
	words, sent, types, asked int
	refs                      []string
}

func newErasing(t *testing.T, dir string, tel *telemetry.Telemetry) *erasing {
	t.Helper()
	e := &erasing{world: &world{dir: dir}}
	d, err := openNorthshire(t.Context(), dir, tel, func(p *partnership) {
		p.clock = func() time.Time { return time.Now().Add(time.Duration(e.later.Load())) }
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	if err := d.serve("127.0.0.1:0", tel); err != nil {
		t.Fatal(err)
	}
	e.demo, e.file = d, d.file
	return e
}

func (e *erasing) word() string { e.words++; return fmt.Sprintf("%s%04d", markers[e.words%2], e.words) }

// sow sends every kind of report about both children, the one's full of words.
func (e *erasing) sow(t *testing.T) {
	t.Helper()
	for typ := range events.FactTypes() {
		golden, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", string(typ)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		persona := map[string]string{"police": "police", "health": "health", "education": "dsl", "socialcare": "socialworker"}[typ.Family()]
		agency := e.demo.hub.agency(events.AgencyID(e.file.NATS[map[string]string{"dsl": "education", "socialworker": "socialcare"}[persona]+map[string]string{"police": "police", "health": "health"}[persona]].Agency))
		if e.send(t, persona, agency, typ, golden, otherKid, false) {
			e.types++
			e.send(t, persona, agency, typ, golden, erasedKid, true)
		}
	}
	if e.types < 25 {
		t.Fatalf("only %d types were accepted", e.types)
	}
	e.refused(t)
}

// send puts a report about a child, an adult of whom nothing else is known and, if
// it is to be full of words, one in each field that takes any.
func (e *erasing) send(t *testing.T, persona string, agency events.Agency, typ events.Type, golden []byte, k kid, full bool) bool {
	t.Helper()
	var report map[string]any
	if err := json.Unmarshal(golden, &report); err != nil {
		t.Fatal(err)
	}
	local := map[bool]string{true: "ERASED-1", false: "OTHER-1"}[full]
	adult := map[string]any{"localId": local + "-adult-" + string(typ), "role": "parent", "name": map[string]any{"given": "Ad", "family": "Ult"}, "dateOfBirth": "1980-01-01"}
	child := kid{given: "Chi", family: "Ld", born: k.born, nhs: k.nhs}.person(local)
	for _, p := range []map[string]any{child, adult} {
		p["address"] = map[string]any{"lines": []any{"1 Road"}, "postcode": "ZZ99 3VZ", "label": "core"}
	}
	report["about"] = []any{child, adult}
	id := string(typ) + "-" + local
	good := func() bool {
		return len(intake.CheckMessage(agency, bus.Message{Body: cloudEvent(agency.Source, id, string(typ), report)}, nil, time.Now())) == 0
	}
	if !good() {
		t.Logf("%s is not accepted as it is", typ)
		return false
	}
	if full {
		e.fill(report, good)
	}
	a := e.ask(t, persona, "POST", "/v1/events", "application/cloudevents+json", string(cloudEvent(agency.Source, id, string(typ), report)))
	if a.status != http.StatusAccepted {
		t.Logf("%s: %d %s", typ, a.status, a.body)
		return false
	}
	e.sent++
	return true
}

// fill replaces each text by a word, where that is still accepted.
func (e *erasing) fill(v any, good func() bool) {
	try := func(old any, set func(any)) {
		if _, ok := old.(string); !ok {
			e.fill(old, good)
			return
		}
		for range markers {
			if set(e.word()); good() {
				return
			}
		}
		e.words -= len(markers)
		set(old)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(func(yield func(string) bool) {
			for k := range v {
				if !yield(k) {
					return
				}
			}
		}) {
			if k != "localId" {
				try(v[k], func(x any) { v[k] = x })
			}
		}
	case []any:
		for i := range v {
			try(v[i], func(x any) { v[i] = x })
		}
	}
}

// refused sends what the hub refuses, and keeps.
func (e *erasing) refused(t *testing.T) {
	t.Helper()
	typ := "uk.kith.police.missing-episode.v1"
	body := fmt.Sprintf(`{"specversion":"1.0","id":"refused-1","source":"urn:kith:agency:northshire-police","type":%q,"data":{"about":[{"localId":"ERASED-1","role":"child","name":{"given":%q}}],"fact":{"words":%q}}}`, typ, e.word(), e.word())
	e.want(t, http.StatusUnprocessableEntity, e.ask(t, "police", "POST", "/v1/events", "application/cloudevents+json", body), "a refused event")
}

// child finds a child by number, as the chair does.
func (e *erasing) child(t *testing.T, k kid) string {
	t.Helper()
	a := e.post(t, "chair", "/v1/children/search", `{"nhsNumber":"`+k.nhs+`","purpose":"s47"}`, http.StatusOK)
	ms := into[struct{ Matches []struct{ Child string } }](t, a).Matches
	if len(ms) != 1 {
		t.Fatalf("%d children have the number", len(ms))
	}
	return ms[0].Child
}

// decide records a discussion and a consent about a child.
func (e *erasing) decide(t *testing.T, child string) {
	t.Helper()
	a := e.post(t, "chair", "/v1/children/"+child+"/discussions", fmt.Sprintf(`{"at":%q,"reason":%q,"invited":["northshire-police","oakfield-school"]}`, time.Now().UTC().Format(time.RFC3339), e.word()), http.StatusCreated)
	d := into[struct{ Discussion string }](t, a).Discussion
	e.post(t, "police", "/v1/children/"+child+"/discussions/"+d+"/attendees", fmt.Sprintf(`{"role":%q}`, e.word()), http.StatusCreated)
	e.post(t, "chair", "/v1/children/"+child+"/discussions/"+d+"/decision", fmt.Sprintf(`{"section47":true,"conduct":"joint","rationale":%q,"actions":[{"what":%q,"owner":%q,"due":"2027-01-10"}]}`, e.word(), e.word(), e.word()), http.StatusCreated)
	a = e.post(t, "chair", "/v1/children/"+child+"/consents", `{"by":"person-with-parental-responsibility","scope":"early-help"}`, http.StatusCreated)
	c := into[struct{ Consent string }](t, a).Consent
	e.post(t, "chair", "/v1/children/"+child+"/consents/"+c+"/withdraw", fmt.Sprintf(`{"by":"person-with-parental-responsibility","reason":%q}`, e.word()), http.StatusOK)
}

// addresses are all at which anything about a child could be read.
func (e *erasing) addresses(child string) []string {
	at := []string{"/", "/v1/concerns", "/v1/inbox", "/v1/ledger", "/v1/identity/candidates", "/identity", "/v1/erasures", "/erasures", "/search",
		"/children/" + child, "/v1/children/" + child + "/protection?purpose=s47", "/children/" + child + "/discussions/new", "/children/" + child + "/consents/new"}
	for _, purpose := range []string{"s47", "s17", "early-help", "care-planning", "audit", "subject-access"} {
		at = append(at, "/v1/children/"+child+"/view?purpose="+purpose, "/children/"+child+"?purpose="+purpose)
	}
	at = append(at, "/v1/children/"+child+"/view?purpose=s47&asKnownAt="+time.Now().UTC().Format("2006-01-02T15:04:05Z"))
	for _, ref := range e.refs {
		at = append(at, "/v1/concerns/"+url.PathEscape(ref), "/concerns/"+url.PathEscape(ref))
	}
	return at
}

// heard is how many words are served of a child, to anybody.
func (e *erasing) heard(t *testing.T, child string) int {
	t.Helper()
	e.refs = nil
	for _, persona := range []string{"dsl", "chair"} {
		for _, c := range into[[]struct{ Reference string }](t, e.get(t, persona, "/v1/concerns", http.StatusOK)) {
			if len(seen([]byte(c.Reference))) > 0 && !slices.Contains(e.refs, c.Reference) {
				e.refs = append(e.refs, c.Reference)
			}
		}
	}
	all := map[string]bool{}
	for _, persona := range personas() {
		for _, at := range e.addresses(child) {
			for _, s := range seen([]byte(e.ask(t, persona.name, "GET", at, "", "").body)) {
				all[s] = true
			}
		}
	}
	return len(all)
}

// gone wants that nobody is served a word, and that the child is not there.
func (e *erasing) gone(t *testing.T, when, child string) {
	t.Helper()
	ask := func(persona, method, at, body string) {
		a := e.ask(t, persona, method, at, map[string]string{"POST": "application/json"}[method], body)
		e.asked++
		for _, s := range seen([]byte(a.body)) {
			t.Errorf("%s: %s %s as %s: %s", when, method, at, persona, s)
		}
		if strings.Contains(at, child) && a.status == http.StatusOK && strings.Contains(at, "purpose=") {
			t.Errorf("%s: %s as %s: there is a child", when, at, persona)
		}
		if method == "POST" && a.status == http.StatusOK && strings.Contains(a.body, child) {
			t.Errorf("%s: %s found the child", when, persona)
		}
	}
	for _, p := range personas() {
		for _, at := range e.addresses(child) {
			ask(p.name, "GET", at, "")
		}
		ask(p.name, "POST", "/v1/children/search", `{"nhsNumber":"`+erasedKid.nhs+`","purpose":"s47"}`)
	}
	if a := e.get(t, "chair", "/v1/concerns", http.StatusOK); strings.Contains(a.body, child) {
		t.Errorf("%s: a concern names the child", when)
	}
}

// stays wants that another child is whole.
func (e *erasing) stays(t *testing.T, other string) {
	t.Helper()
	if e.child(t, otherKid) != other {
		t.Error("another child is another")
	}
	v := e.view(t, "chair", other, "purpose=s47")
	if n := len(v.Items); n < 20 || v.kind("police") == 0 || v.kind("education") == 0 {
		t.Errorf("another child has %d items", n)
	}
}

type backups struct{ record, keys string }

func (e *erasing) backup(t *testing.T) backups {
	t.Helper()
	b := backups{filepath.Join(t.TempDir(), "record"), filepath.Join(t.TempDir(), "keys")}
	if _, _, err := backup.Make(t.Context(), backup.Config{Data: filepath.Join(e.dir, "hub"), To: b.record, KeysTo: b.keys}); err != nil {
		t.Fatal(err)
	}
	return b
}

// quiet wants no word in any file, nor in any payload that the keys open.
func (e *erasing) quiet(t *testing.T, when, dir, hub string) {
	t.Helper()
	files, bytes := 0, 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		files, bytes = files+1, bytes+len(b)
		for _, s := range seen(b) {
			rel, _ := filepath.Rel(dir, path)
			t.Errorf("%s: %s holds %s", when, rel, s)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	k, err := keys.Open(t.Context(), filepath.Join(hub, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	opened, gone := 0, 0
	for _, name := range []string{"events.db", "ledger.db"} {
		l, err := sqlitelog.Open(t.Context(), filepath.Join(hub, name))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		st := store.New(l, k)
		last, err := st.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for ev, err := range st.Scan(t.Context(), 0, last, nil) {
			if err != nil {
				gone++
				continue
			}
			opened++
			b, err := json.Marshal(ev.Event)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range seen(b) {
				t.Errorf("%s: %s in %s of %s: %s", when, name, ev.Type, ev.Stream, s)
			}
		}
	}
	if opened == 0 || gone == 0 {
		t.Errorf("%s: %d payloads open, %d do not: nothing was looked at", when, opened, gone)
	}
	t.Logf("%s: %d files of %d bytes; %d payloads opened, %d cannot be", when, files, bytes, opened, gone)
}
