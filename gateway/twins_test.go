package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kith/events"
)

// twins are two worlds for one reader. In the one the child is there, with all
// that the world of these tests knows of her, and hidden from the reader; in the
// other there is no such child.
type twins struct {
	User
	hidden, absent *world
}

func newTwins(t *testing.T, u User) twins {
	x := twins{User: u, hidden: newWorld(t), absent: newWorld(t)}
	x.hidden.change(func(p *events.Picture) {
		p.Items = slices.DeleteFunc(p.Items, func(h events.Held) bool {
			_, concern := h.Fact.(events.Concern)
			_, notice := h.Fact.(events.PublicProtectionNotice)
			_, practitioner := h.Fact.(events.PractitionerConcern)
			return h.Agency == u.Reader.Agency || works(u) && (concern || notice || practitioner)
		})
		p.Agencies = slices.DeleteFunc(p.Agencies, func(a events.AgencyID) bool { return a == u.Reader.Agency })
		d := &p.Discussions[0] // over, without them, and they were invited
		d.Open, d.Chair, d.Attendees, d.Invited = false, "somebody", []events.DiscussionAttended{}, append(d.Invited, u.Reader.Agency)
	})
	delete(x.absent.pictures, theChild)
	mine := func(c events.ConcernStatus) bool { return c.Agency == u.Reader.Agency }
	x.absent.concerns = slices.DeleteFunc(x.absent.concerns, func(c events.ConcernStatus) bool { return !mine(c) })
	if works(u) { // who sees every concern
		x.hidden.concerns, x.absent.concerns = nil, nil
	}
	return x
}

// fresh is what every page has new: the key of a form, against sending it twice.
var fresh = regexp.MustCompile(`name="once" value="[^"]*"`)

// same asks both worlds the same, and compares all that comes of it: status,
// headers and bytes of the answer, what the ledger and the log say then, who was
// told or subscribed, and what was done.
func (x twins) same(t *testing.T, a question) (code int, same bool) {
	t.Helper()
	var said, left [2]string
	for i, w := range []*world{x.hidden, x.absent} {
		rec := hangUp(w, a.request(x.User))
		code = rec.Code
		said[i] = fresh.ReplaceAllString(whole(rec), "")
		w.mu.Lock()
		left[i] = fmt.Sprintf("%+v\n%q\n%d events\n%d forms\n%d listen\n%s", w.reads, w.acts, len(w.sent), len(w.forms), len(w.watchers), w.log)
		w.mu.Unlock()
	}
	if said[0] == said[1] && left[0] == left[1] && reflect.DeepEqual(x.hidden.sent, x.absent.sent) {
		return code, true
	}
	t.Errorf("%s can tell hidden from absent by %s %s %s:\n%.1500s\n%.1500s\nand what is left of it:\n%.500s\n%.500s", x.Persona, a.method, a.target, a.body, said[0], said[1], left[0], left[1])
	return code, false
}

// question is one request that anybody may make.
type question struct{ method, target, kind, body, header string }

func (a question) request(u User) *http.Request {
	r := httptest.NewRequest(a.method, a.target, strings.NewReader(a.body))
	r.Header.Set("Authorization", "Bearer token-"+u.Persona)
	r.Header.Set("Idempotency-Key", "5f0c8f0e4b7c4f5e9a77f3d0a5a1c0de")
	if a.kind != "" {
		r.Header.Set("Content-Type", a.kind)
	}
	if name, value, ok := strings.Cut(a.header, ": "); ok {
		r.Header.Set(name, value)
	}
	return r
}

// anyRequest is one of some route, with ids, purposes, moments, bodies and
// conditions as they come.
func anyRequest(rnd *rand.Rand, pattern string) question {
	method, path, _ := strings.Cut(pattern, " ")
	child := pick(rnd, []string{string(theChild), string(theChild), string(theChild), "cnobodycnobodycnobody"})
	path = strings.NewReplacer("{$}", "", "{child}", child, "{discussion}", pick(rnd, []string{"d1", "d2", "-"}), "{consent}", pick(rnd, []string{"k1", "k9"}),
		"{reference}", pick(rnd, []string{"QX3M-7RTL-P2VA", "M4ZT-9KQW-H7NB", "T8PL-2WXC-V5JD", "AAAA-BBBB-CCCC"}), "{finding}", pick(rnd, []string{"at-night-17", "x"})).Replace(path)
	a := question{method: method, target: path + "?purpose=" + pick(rnd, []string{"s47", "s47", "s17", "early-help", "care-planning", "audit", "subject-access", "none"}) +
		pick(rnd, []string{"", "", "&asKnownAt=2026-06-01T00:00:00Z", "&asKnownAt=2020-01-01T00:00:00Z", "&asKnownAt=2036-01-01T00:00:00Z", "&asKnownAt=x", "&order=latest", "&agency=" + string(school)}) +
		"&to=" + pick(rnd, []string{"child", "guardian"}) + "&include=" + pick(rnd, []string{"", "answers"}) +
		"&source=urn:kith:agency:" + string(pick(rnd, agencies()).ID) + "&id=" + pick(rnd, []string{"e1", "e2"}),
		header: pick(rnd, []string{"", "", `If-None-Match: "x"`, "If-Modified-Since: Mon, 23 Nov 2026 10:30:00 GMT", "Range: bytes=0-9", "Accept: text/event-stream", "Last-Event-ID: 1", "Accept-Encoding: gzip"})}
	if method == "GET" {
		return a
	}
	if a.kind, a.body = "application/json", pick(rnd, bodies(child)); !strings.HasPrefix(path, "/v1/") {
		a.kind, a.body = form64, pick(rnd, forms(child))
	}
	if rnd.IntN(10) == 0 {
		a.kind = pick(rnd, []string{"", "text/plain", "application/cloudevents+json"})
	}
	return a
}

func bodies(child string) []string {
	return []string{"", "{}", "[]", `{"x":1}`, strings.Repeat(" ", 1<<20) + "{}",
		`{"name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09","purpose":"s47"}`, `{"nhsNumber":"9990000018","dateOfBirth":"2017-03-09","purpose":"s17"}`,
		`{"name":{"given":"Ava","family":"Example"},"dateOfBirth":"2017-03-09","purpose":"s47","limit":1}`,
		`{"at":"2026-11-24T14:00:00Z","reason":"r","invited":["northshire-police"]}`, `{"at":"2026-11-24T14:00:00Z","reason":"r","invited":["nobody"]}`,
		`{"threshold":"met","enquiry":true,"decision":"x","rationale":"r"}`, `{"by":"young-person","scope":"early-help"}`, `{"by":"parental-responsibility","reason":"r"}`,
		`{"child":"` + child + `","subject":"s1","reason":"r"}`, `{"outcome":"explained","note":"n"}`}
}

func forms(child string) []string {
	return []string{"", "x=1", "given=Ava&family=Example&born=2017-03-09&purpose=s47", "given=Ava&family=Example&born=2017-03-09&purpose=early-help",
		"at=2026-11-24T14:00&reason=r&invited=northshire-police", "rationale=r&threshold=met", "by=young-person", "by=parental-responsibility&reason=r",
		"child=" + child + "&subject=s1&reason=r", "outcome=explained&note=n", "decision=strategy-discussion&rationale=r"}
}

// Nobody can tell a child that is hidden from them from one that is not there, by
// any route, whatever they send, in whatever order, and not by what is left
// behind: every guarded route takes its turn, all else is chosen at random.
func TestTwinsOverHTTP(t *testing.T) {
	n := 700
	if os.Getenv("KITH_SOAK") != "" {
		n = 10_500
	}
	rnd := rand.New(rand.NewPCG(5, 7))
	pairs, different, answers := 0, 0, map[int]int{}
	for _, u := range accounts() {
		x := newTwins(t, u)
		patterns := guarded(t, x.hidden)
		for i := range n / len(accounts()) {
			code, same := x.same(t, anyRequest(rnd, patterns[i%len(patterns)]))
			pairs++
			answers[code]++
			if !same {
				different++
				break // the worlds went apart
			}
		}
	}
	t.Logf("%d pairs of requests, %d routes, %d accounts; %d different; answers by status %v", pairs, len(rowOf), len(accounts()), different, answers)
	for _, code := range []int{http.StatusOK, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound} {
		if answers[code] == 0 {
			t.Errorf("no request was answered with %d", code)
		}
	}
}
