package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/schemas/apitest"
	"kith/services/fault"
)

// published is openapi.yaml. Everything that a test asks of the API is compared
// with it; see ask.
var published = sync.OnceValues(apitest.Open)

// conforms complains where an answer of the API is not one that openapi.yaml
// tells of, or where the API took what it does not tell of.
func (w *world) conforms(r *http.Request, body string, rec *httptest.ResponseRecorder) {
	w.t.Helper()
	if !isAPI(r) || os.Getenv("KITH_UPDATE") == "1" { // what was compiled in is of before
		return
	}
	c, err := published()
	if err != nil {
		w.t.Fatal(err)
	}
	target := r.URL.RequestURI()
	if err := c.Answer(r.Method, target, rec.Code, rec.Header(), rec.Body.Bytes()); err != nil {
		w.t.Errorf("not as openapi.yaml says: %v\n%.400s", err, rec.Body)
	}
	if rec.Code < 300 && r.URL.Path != "/v1/events" { // what an event holds is for intake to say
		if err := c.Request(r.Method, target, r.Header.Get("Content-Type"), []byte(body)); err != nil {
			w.t.Errorf("taken, and not as openapi.yaml says: %v", err)
		}
	}
	if pattern, ok := c.Of(r.Method, target); ok {
		w.mu.Lock()
		w.seen[pattern+" "+strconv.Itoa(rec.Code)] = true
		w.mu.Unlock()
	}
}

// works sends the request of an operation that works out.
func (w *world) works(t *testing.T, pattern string) (asked, *httptest.ResponseRecorder) {
	t.Helper()
	a, ok := working()[pattern]
	if !ok {
		t.Fatalf("no request of %s that works out: add one to working", pattern)
	}
	if strings.Contains(a.target, "{consent}") {
		a.target = strings.ReplaceAll(a.target, "{consent}", w.consented(t))
	}
	switch pattern { // of what there has to be some
	case "GET /v1/restrictions":
		w.works(t, "POST /v1/lifts")
	case "GET /v1/notices":
		w.works(t, "POST /v1/break-glass")
	}
	for place, made := range map[string]string{"{restriction}": "POST /v1/children/{child}/restrictions", "{lift}": "POST /v1/lifts", "{notice}": "POST /v1/break-glass"} {
		if strings.Contains(a.target+a.body, place) {
			_, rec := w.works(t, made)
			_, id, _ := strings.Cut(rec.Body.String(), `"`+strings.Trim(place, "{}")+`":"`)
			id, _, _ = strings.Cut(id, `"`)
			a.target, a.body = strings.ReplaceAll(a.target, place, id), strings.ReplaceAll(a.body, place, id)
		}
	}
	if strings.HasPrefix(a.target, "/v1/reviews") {
		a.target = strings.ReplaceAll(a.target, "{review}", w.questioned(t))
	}
	return a, w.does(pattern, a)
}

// questioned is the id of a question that the chair's look leaves to somebody: an
// item of the police says something about somebody else.
func (w *world) questioned(t *testing.T) string {
	t.Helper()
	w.change(func(p *events.Picture) {
		about := policing("2026-11-20T22:10:00Z", 0, events.Basis{Article6: events.PublicTask}, events.MissingEpisode{
			PoliceReference: "NP/26/4711", MissingSince: w.now.AddDate(0, 0, -3), MissingFrom: "Home", Circumstances: "Found with a friend of the same age."})
		about.ID, about.Label, about.Caveats = "00000000-0000-4000-8000-000000000097", events.Core, []events.Caveat{events.ThirdParty}
		p.Items = append(p.Items[:len(p.Items):len(p.Items)], about)
	})
	if rec := w.get("/v1/children/"+string(theChild)+"/view?purpose=s17", "chair"); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "Somebody is asked.") {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	var q struct{ Reviews []events.ReviewShown }
	if err := json.Unmarshal(w.get("/v1/reviews", "police").Body.Bytes(), &q); err != nil || len(q.Reviews) != 1 {
		t.Fatalf("%+v, %v", q, err)
	}
	return string(q.Reviews[0].Review)
}

// does sends one request of an operation. It does not wait for ever for a stream.
func (w *world) does(pattern string, a asked) *httptest.ResponseRecorder {
	w.t.Helper()
	method, _, _ := strings.Cut(pattern, " ")
	r := httptest.NewRequest(method, a.target, strings.NewReader(a.body))
	if strings.HasSuffix(pattern, "/changes") {
		ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
		defer cancel()
		r = r.WithContext(ctx)
	}
	r.Header.Set("Idempotency-Key", "example")
	return w.send(r, a.persona, a.contentType, a.body)
}

// consented is the id of a consent that was recorded through the API.
func (w *world) consented(t *testing.T) string {
	_, rec := w.works(t, "POST /v1/children/{child}/consents")
	_, id, _ := strings.Cut(rec.Body.String(), `"consent":"`)
	return strings.TrimSuffix(id, `"}`)
}

// TestWireCovers: every operation answers with each of the statuses that are
// published of it, and every one of these answers is as published. That nothing
// else is answered is seen by each test that asks the API anything.
func TestWireCovers(t *testing.T) {
	c, err := published()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for pattern, o := range operations() {
		seen := map[string]bool{}
		in := func(prepare func(*world), a asked) {
			w := newWorld(t)
			w.seen = seen
			prepare(w)
			w.does(pattern, a)
		}
		a := working()[pattern]
		a.target = strings.NewReplacer("{consent}", "k2", "{restriction}", "r1", "{lift}", "l1", "{notice}", "n1", "{review}", "r2").Replace(a.target)
		w := newWorld(t)
		w.seen = seen
		w.works(t, pattern)
		asis := func(*world) {}
		in(asis, asked{a.target, "", a.contentType, a.body})
		in(asis, asked{a.target, refusedTo(pattern), a.contentType, a.body})
		for _, broken := range []error{errors.New("a disk"), fault.New(fault.Unavailable, "Not now."), fault.New(fault.Conflict, "It changed."), fault.NotFound} {
			if f, ok := errors.AsType[*fault.Error](broken); !ok || f.Kind == fault.Unavailable || slices.Contains(o.May, f.Kind) {
				in(func(w *world) { w.broken = broken }, a)
			}
		}
		in(func(w *world) { w.refuse = true }, a)
		if o.reads() {
			in(asis, asked{a.target, a.persona, o.Bodies[min(1, len(o.Bodies)-1)].Media, `{"surname":1`})
			in(asis, asked{a.target, a.persona, a.contentType, strings.Repeat(" ", batchBody+1)})
		}
		if len(o.Query) > 0 {
			in(asis, asked{before(a.target) + "?after=x&purpose=none", a.persona, a.contentType, a.body})
		}
		in(asis, asked{strings.ReplaceAll(a.target, string(theChild), "cnobody"), a.persona, a.contentType, strings.ReplaceAll(a.body, string(theChild), "cnobody")})
		in(func(w *world) {
			w.Limits = bus.Limits{Of: map[events.AgencyID]bus.Limit{"northshire-police": {EventsPerSecond: 1}}}
			for range 3 {
				w.ask("POST", a.target, "police", a.contentType, a.body)
			}
		}, a)
		for _, status := range c.Statuses(pattern) {
			if n++; !seen[pattern+" "+status] {
				t.Errorf("%s never answers %s", pattern, status)
			}
		}
	}
	t.Logf("%d answers of %d operations", n, len(operations()))
}

func before(target string) string { path, _, _ := strings.Cut(target, "?"); return path }

// refusedTo is a persona whose role may not use an operation.
func refusedTo(pattern string) string {
	for _, u := range accounts() {
		if !strings.Contains(admitted[pattern], u.Persona[:1]) {
			return u.Persona
		}
	}
	return ""
}
