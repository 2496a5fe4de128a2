package gateway

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
)

// races is how many revocations are raced.
func races() int {
	if os.Getenv("KITH_SOAK") != "" {
		return 10_000
	}
	return 200
}

// Ends are the ways in which somebody's sessions end at once.
var ways = []struct {
	name string
	end  func(w *world, c *http.Cookie, actor events.ActorID)
}{
	{"signing out", func(w *world, c *http.Cookie, _ events.ActorID) { w.withCookie("POST", "/sign-out", c, nil) }},
	{"signing out everywhere", func(w *world, c *http.Cookie, _ events.ActorID) {
		w.withCookie("POST", "/sign-out/everywhere", c, nil)
	}},
	{"being put out", func(w *world, _ *http.Cookie, a events.ActorID) {
		w.SignOut(func(r events.Reader) bool { return r.Actor == a })
	}},
	{"another role", func(w *world, _ *http.Cookie, a events.ActorID) {
		now := &User{Name: "x", Reader: events.Reader{Actor: a, Agency: school, Kind: events.KindEducation, Role: events.RoleGovernance}}
		r, _ := http.NewRequest("POST", "/sign-in", nil)
		w.sessions.begin(discard{http.Header{}}, r, &session{user: now})
	}},
}

// discard is where nobody reads an answer.
type discard struct{ h http.Header }

func (d discard) Header() http.Header       { return d.h }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// Many ask in one session while it ends. Whatever begins after the end is
// refused, and whatever was being answered is broken off, within a second.
func TestRevocationRaces(t *testing.T) {
	w := newWorld(t)
	var late, held, cut, refused atomic.Int64
	var slowest atomic.Int64
	for n := range races() {
		way := ways[n%len(ways)]
		u := &User{Name: "Practitioner", Reader: events.Reader{Actor: events.ActorID(fmt.Sprint("actor-", n)), Agency: school, Kind: events.KindEducation, Role: events.RoleDSL}}
		c := w.cookieFor(u)
		var asking sync.WaitGroup
		var over atomic.Bool
		var ended time.Time
		for range 3 {
			asking.Go(func() {
				for range 5 {
					after := over.Load()
					code := w.withCookie("GET", "/v1/receipts?source=a&id=b", c, nil).Code
					if code == http.StatusUnauthorized {
						refused.Add(1)
					} else if after {
						late.Add(1)
						t.Errorf("%d: %s: %d after the end", n, way.name, code)
					}
				}
			})
		}
		asking.Go(func() { // a long poll: this agency has no messages, ever
			if code := w.withCookie("GET", "/v1/inbox?wait=5s", c, nil).Code; code == http.StatusUnauthorized {
				held.Add(1)
			}
		})
		asking.Go(func() { // a page that waits for news
			body := w.withCookie("GET", "/v1/children/"+string(theChild)+"/changes", c, nil).Body.String()
			if strings.HasSuffix(body, "event: ended\ndata: {}\n\n") || strings.Contains(body, `"status":401`) {
				cut.Add(1)
			}
		})
		time.Sleep(time.Duration(n%5) * 100 * time.Microsecond)
		way.end(w, c, u.Reader.Actor)
		over.Store(true)
		ended = time.Now()
		asking.Wait()
		took := time.Since(ended)
		if slowest.Load() < int64(took) {
			slowest.Store(int64(took))
		}
		if took > time.Second {
			late.Add(1)
			t.Errorf("%d: %s: the last answer came after %v", n, way.name, took)
		}
		if t.Failed() {
			return
		}
	}
	if int(held.Load()) != races() {
		t.Errorf("%d of %d long polls were broken off", held.Load(), races())
	}
	if int(cut.Load()) != races() {
		t.Errorf("%d of %d streams were ended", cut.Load(), races())
	}
	if n := len(w.sessions.open); n != 0 {
		t.Errorf("%d requests are still listed as being answered", n)
	}
	t.Logf("%d revocations raced against 17 requests each: %d of %d long polls broken off, %d of %d streams ended, %d requests refused, %d answered too late, slowest %v",
		races(), held.Load(), races(), cut.Load(), races(), refused.Load(), late.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
}

// cookieFor begins a session for somebody, as a sign-in does.
func (w *world) cookieFor(u *User) *http.Cookie {
	d := discard{http.Header{}}
	r, _ := http.NewRequest("POST", "/sign-in", nil)
	w.sessions.begin(d, r, &session{user: u, since: w.clock()})
	c, err := http.ParseSetCookie(d.h.Get("Set-Cookie"))
	if err != nil {
		panic(err)
	}
	return c
}

// An open stream of news ends within a second of each way out, by session and by
// token.
func TestStreamsEnd(t *testing.T) {
	w := newWorld(t)
	var out atomic.Bool
	w.Barred = func(events.AgencyID) bool { return out.Load() }
	at := w.listen(t)
	for _, tc := range []struct {
		name string
		end  func(*http.Cookie)
	}{
		{"signing out", func(c *http.Cookie) { w.withCookie("POST", "/sign-out", c, nil) }},
		{"signing out everywhere", func(c *http.Cookie) { w.withCookie("POST", "/sign-out/everywhere", c, nil) }},
		{"revoking the agency", func(*http.Cookie) {
			out.Store(true)
			w.SignOut(func(r events.Reader) bool { return r.Agency == council })
		}},
	} {
		c := w.signIn(t, url.Values{"persona": {"chair"}})
		streams := []*bufio.Reader{w.stream(t, at, func(r *http.Request) { r.AddCookie(c) })}
		if tc.name == "revoking the agency" {
			streams = append(streams, w.stream(t, at, func(r *http.Request) { r.Header.Set("Authorization", "Bearer token-chair") }))
		}
		began := time.Now()
		tc.end(c)
		for i, s := range streams {
			if got := rest(s); !strings.Contains(got, "event: ended") || time.Since(began) > time.Second {
				t.Errorf("%s: stream %d went on for %v and said %q", tc.name, i, time.Since(began), got)
			}
		}
		out.Store(false)
	}
}

func (w *world) stream(t *testing.T, at string, sign func(*http.Request)) *bufio.Reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", at+"/v1/children/"+string(theChild)+"/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(r)
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("no stream: %v %v", res, err)
	}
	t.Cleanup(func() { res.Body.Close() })
	b := bufio.NewReader(res.Body)
	if line, err := b.ReadString('\n'); err != nil || !strings.HasPrefix(line, "retry:") {
		t.Fatalf("begins with %q %v", line, err)
	}
	return b
}

func rest(b *bufio.Reader) string {
	var all strings.Builder
	for {
		line, err := b.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			return all.String()
		}
	}
}

// A cookie that somebody took is worth nothing once its owner is something else,
// signed out, or went idle; and never on the strength of another cookie.
func TestCapturedCookies(t *testing.T) {
	w := newWorld(t)
	u := &User{Name: "Social worker", Reader: events.Reader{Actor: "a1", Agency: council, Kind: events.KindSocialCare, Role: events.RoleSocialWorker}}
	works := func(c *http.Cookie) bool {
		return w.withCookie("GET", "/v1/identity/candidates", c, nil).Code == http.StatusOK
	}

	captured := w.cookieFor(u)
	if !works(captured) {
		t.Fatal("it does not work to begin with")
	}
	promoted := *u
	promoted.Reader.Role = events.RoleChair
	w.cookieFor(&promoted)
	if works(captured) {
		t.Error("it works after the role changed")
	}
	captured = w.cookieFor(u)
	if same := w.cookieFor(u); !works(captured) || !works(same) {
		t.Error("a second sign-in in the same role, on another machine, ended the first")
	}
	if code := w.withCookie("POST", "/sign-out/everywhere", captured, nil).Code; code != http.StatusSeeOther || works(captured) {
		t.Errorf("it works after signing out everywhere: %d", code)
	}
	captured = w.cookieFor(u)
	w.mu.Lock()
	w.now = w.now.Add(31 * time.Minute)
	w.mu.Unlock()
	if works(captured) {
		t.Error("it works after half an hour unused")
	}
	if works(&http.Cookie{Name: "kith", Value: "made-up-before-the-sign-in"}) {
		t.Error("a made-up cookie works")
	}
}

// A made-up id that somebody planted in a browser before is not the id that it has
// after signing in.
func TestSessionFixation(t *testing.T) {
	w := newWorld(t)
	planted := &http.Cookie{Name: "kith", Value: strings.Repeat("ab", 32)}
	rec := w.withCookie("POST", "/sign-in", planted, url.Values{"persona": {"chair"}})
	if cs := rec.Result().Cookies(); len(cs) != 1 || cs[0].Value == planted.Value || len(cs[0].Value) != 64 {
		t.Errorf("cookies %v", cs)
	}
	if w.withCookie("GET", "/v1/concerns", planted, nil).Code != http.StatusUnauthorized {
		t.Error("who planted it is signed in")
	}
}

// Whoever was let in at the door and put out before anybody took up the answer is
// not answered.
func TestPutOutBetweenDoorAndAnswer(t *testing.T) {
	w := newWorld(t)
	u := &accounts()[0]
	r, _ := http.NewRequest("GET", "/", nil)
	r.AddCookie(w.cookieFor(u))
	c, err := w.callerOf(r, true)
	if err != nil || c == nil {
		t.Fatal(c, err)
	}
	w.SignOut(func(events.Reader) bool { return true })
	if _, _, err := w.sessions.answer(r, c, w.barred); err == nil {
		t.Error("a session that has ended is answered")
	}
	w.BarredActor = func(a events.ActorID) bool { return a == u.Reader.Actor }
	if _, _, err := w.sessions.answer(r, &caller{User: u}, w.barred); err == nil {
		t.Error("the token of an account that is barred is answered")
	}
	if len(w.sessions.open) != 0 {
		t.Error("and stays listed")
	}
}
