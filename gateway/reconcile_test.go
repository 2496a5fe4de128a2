package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/events/store/sqlite/disktest"
	"kith/services/ledger"
)

// planted stands in everything about a person that the hub of the test holds.
const planted = "Kanarienvogel"

// reconciled is a world with a real ledger on a disk that can fail.
type reconciled struct {
	*world
	disk *disktest.Disk
	keys *failingKeys
	log  store.Log
}

type failingKeys struct {
	plainKeys
	fail bool
}

func (k *failingKeys) Seal(ctx context.Context, id store.KeyID, plain, with []byte) ([]byte, error) {
	if k.fail {
		return nil, errors.New("the keys cannot be reached")
	}
	return k.plainKeys.Seal(ctx, id, plain, with)
}

func newReconciled(t *testing.T) *reconciled {
	t.Helper()
	dir := t.TempDir()
	w := &reconciled{world: newWorld(t), disk: disktest.New(t, dir), keys: &failingKeys{}}
	l, err := sqlite.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.disk.Fill(false); _ = l.Close() })
	w.log, w.durable = l, ledger.New(store.New(l, w.keys))
	w.change(func(p *events.Picture) {
		for i := range p.Items {
			p.Items[i].Person.Name = events.Name{Given: planted, Family: planted}
		}
		for i := range p.Discussions {
			p.Discussions[i].Reason = planted
		}
	})
	for i := range w.concerns {
		w.concerns[i].Person.Name, w.concerns[i].Concern.Observed = events.Name{Given: planted, Family: planted}, planted
	}
	if _, err := w.durable.Record(t.Context(), events.ReadRecorded{Reader: "first", Agency: "first", What: "view"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// last is where the newest entry lies, on stable storage.
func (w *reconciled) last(t *testing.T) store.Position {
	t.Helper()
	p, err := w.log.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// entries is how many entries of a reader lie after a position.
func (w *reconciled) entries(t *testing.T, u User, after store.Position) (n int) {
	t.Helper()
	last := w.last(t)
	if last == after {
		return 0
	}
	for r, err := range w.log.Follow(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Cause.By == u.Reader.Actor {
			n++
		}
		if r.Position >= last {
			break
		}
	}
	return n
}

// try is one request of one persona.
type try struct {
	user           User
	pattern, means string
	asked
}

// tries are every route for every persona who may use it, asked in many ways.
func (w *reconciled) tries() (all []try) {
	bodies := working()
	names := strings.NewReplacer("{$}", "", "{child}", string(theChild), "{finding}", "at-night-17", "{review}", "r2", "{discussion}", "d1", "{consent}", "k2", "{kind}", "invalid",
		"{type}", "uk.kith.police.missing-episode.v1", "{code}", "schema", "{file...}", "common.v1.json", "{file}", "kith.css")
	for _, rt := range w.routes() {
		method, pattern, _ := strings.Cut(rt.pattern, " ")
		for _, u := range accounts() {
			if rt.guard != nil && !rt.guard(w.Gateway, u.Reader) || rt.guard == nil && u.Persona != "chair" {
				continue
			}
			for _, ref := range []string{"QX3M-7RTL-P2VA", "M4ZT-9KQW-H7NB"} {
				path := strings.ReplaceAll(names.Replace(pattern), "{reference}", ref)
				if path == names.Replace(pattern) && ref != "QX3M-7RTL-P2VA" {
					continue
				}
				for _, a := range waysOf(method, path, bodies[rt.pattern]) {
					a.persona = u.Persona
					all = append(all, try{u, rt.pattern, a.target, a})
				}
			}
		}
	}
	return all
}

func waysOf(method, path string, body asked) (as []asked) {
	if method == "GET" {
		for _, query := range []string{"", "?purpose=s47", "?purpose=s17", "?purpose=early-help", "?purpose=s47&asKnownAt=2026-11-23T09:00:00Z", "?to=child", "?to=guardian", "?after=0&wait=1ms"} {
			as = append(as, asked{target: path + query})
		}
		return as
	}
	form := url.Values{"purpose": {"s47"}, "given": {"Ava"}, "family": {"Example"}, "born": {"2017-03-09"}, "reason": {""}}
	as = append(as, asked{target: path, contentType: "application/x-www-form-urlencoded", body: form.Encode()})
	if body.contentType != "" {
		as = append(as, asked{target: path, contentType: body.contentType, body: body.body})
	}
	return as
}

func (w *reconciled) do(a try) *httptest.ResponseRecorder {
	method, _, _ := strings.Cut(a.pattern, " ")
	r := httptest.NewRequest(method, a.target, strings.NewReader(a.body))
	if strings.HasSuffix(a.pattern, "/changes") {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Millisecond)
		defer cancel()
		r = r.WithContext(ctx)
	}
	r.Header.Set("Authorization", "Bearer token-"+a.persona)
	r.Header.Set("Content-Type", a.contentType)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

// discloses tells an answer that says something about a person: what the hub
// holds about them, or that somebody looked. What the caller typed is not.
func discloses(rec *httptest.ResponseRecorder) bool {
	for _, said := range rec.Header() {
		if strings.Contains(strings.Join(said, " "), planted) {
			return true
		}
	}
	for _, word := range []string{planted, `"reader":"`, "actor-", `"lines":[{`, `data-label="Day"`, `"resourceType":"AuditEvent"`, `"discussion":"d1","child"`} {
		if strings.Contains(rec.Body.String(), word) {
			return true
		}
	}
	return false
}

// TestEveryDisclosureHasItsEntry asks every route of the gateway, as everybody who
// may use it and in many ways, and counts: each answer with something about a
// person has its entry of that reader in the ledger. Then it breaks the ledger at
// each of its steps and asks again what disclosed before: nothing does.
func TestEveryDisclosureHasItsEntry(t *testing.T) {
	w := newReconciled(t)
	var disclosing []try
	asked, unrecorded := 0, 0
	routes := map[string]bool{}
	for _, a := range w.tries() {
		before := w.last(t)
		rec := w.do(a)
		asked++
		if !discloses(rec) {
			continue
		}
		disclosing, routes[a.pattern] = append(disclosing, a), true
		if w.entries(t, a.user, before) == 0 {
			unrecorded++
			t.Errorf("%s as %s discloses and has no entry", a.means, a.persona)
		}
	}
	for _, needed := range []string{"GET /v1/children/{child}/view", "GET /children/{child}", "POST /v1/children/search", "POST /search", "GET /v1/concerns", "GET /{$}",
		"GET /concerns/{reference}", "GET /concerns/{reference}/decision", "POST /concerns/{reference}/decision", "GET /v1/inbox",
		"GET /v1/ledger", "GET /v1/ledger/children/{child}", "GET /ledger/children/{child}", "GET /ledger/children/{child}/csv", "GET /ledger/children/{child}/fhir"} {
		if !routes[needed] {
			t.Errorf("%s discloses nothing here: the test does not see what it is for", needed)
		}
	}
	t.Logf("%d requests of %d routes: %d answers disclosed, by %d routes, %d of them without an entry", asked, len(w.routes()), len(disclosing), len(routes), unrecorded)

	for step, fail := range map[string]func(bool){
		"seal":   func(on bool) { w.keys.fail = on },
		"append": w.disk.Fill,
		"sync": func(on bool) {
			if on {
				w.disk.FailSync("ledger.db-wal")
			}
		},
	} {
		leaked, refused := 0, 0
		for _, a := range disclosing {
			before, rec := w.last(t), (*httptest.ResponseRecorder)(nil)
			for range 3 {
				fail(true)
				rec = w.do(a)
				fail(false)
				if step != "sync" || w.entries(t, a.user, before) == 0 {
					break
				}
				before = w.last(t) // the log moved its entries on meanwhile, and that was the sync that failed
			}
			switch {
			case discloses(rec):
				leaked++
				t.Errorf("%s broken: %s as %s discloses", step, a.means, a.persona)
			case rec.Code == http.StatusServiceUnavailable:
				refused++
			default:
				t.Errorf("%s broken: %s as %s answers %d", step, a.means, a.persona, rec.Code)
			}
			if step != "sync" && w.entries(t, a.user, before) != 0 {
				t.Errorf("%s broken: %s as %s left an entry", step, a.means, a.persona)
			}
		}
		t.Logf("ledger broken at %s: %d of %d refused, %d disclosed", step, refused, len(disclosing), leaked)
	}
	for _, a := range disclosing[:20] { // and it heals
		if rec := w.do(a); !discloses(rec) {
			t.Errorf("afterwards %s as %s answers %d", a.means, a.persona, rec.Code)
			break
		}
	}
}
