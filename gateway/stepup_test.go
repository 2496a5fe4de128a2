package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// marked are the routes that ask for a fresh proof of who it is.
var marked = map[string]bool{"POST /v1/identity/unlink": true, "POST /identity/unlink": true, "POST /children/{child}/copies/{copy}/archive": true,
	"GET /ledger/children/{child}/csv": true, "GET /ledger/children/{child}/fhir": true,
	"GET /ledger/children/{child}/release": true, "GET /v1/ledger/children/{child}/release": true,
	"POST /v1/lifts": true, "POST /v1/lifts/{lift}/approval": true, "POST /v1/break-glass": true,
	"POST /lifts": true, "POST /lifts/{lift}/approval": true, "GET /break-glass": true, "POST /break-glass": true}

// With a session of six minutes each marked route asks first, and each other one
// does not.
func TestStepUpIsAskedFor(t *testing.T) {
	w := newWorld(t)
	for _, rt := range w.routes() {
		method, pattern, _ := strings.Cut(rt.pattern, " ")
		if rt.guard == nil || rt.pattern == listening || strings.Contains(pattern, "/sign-") || pattern == "/v1/inbox" {
			continue
		}
		path := strings.NewReplacer("{$}", "", "{child}", string(theChild), "{reference}", "QX3M-7RTL-P2VA", "{discussion}", "d1", "{consent}", "k2").Replace(pattern)
		for _, u := range accounts() {
			if !rt.guard(w.Gateway, u.Reader) {
				continue
			}
			c := w.cookieFor(&u)
			w.wait(6 * time.Minute)
			rec := w.withCookie(method, path, c, nil)
			stale := rec.Code == http.StatusUnauthorized || strings.Contains(rec.Header().Get("Location"), "/sign-in/again")
			if stale != marked[rt.pattern] {
				t.Errorf("%s as %s: asks for a fresh proof: %v", rt.pattern, u.Persona, stale)
			}
		}
	}
	for _, act := range w.acts {
		if strings.HasPrefix(act, "unlink") {
			t.Error("something was unlinked")
		}
	}
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// A program is told in the words of RFC 9470; a token of its own is fresh with
// each request.
func TestStepUpOfPrograms(t *testing.T) {
	w := newWorld(t)
	c := w.signIn(t, url.Values{"persona": {"socialworker"}})
	w.wait(5 * time.Minute)
	rec := w.withCookie("POST", "/v1/identity/unlink", c, nil)
	if h := rec.Header().Get("WWW-Authenticate"); rec.Code != http.StatusUnauthorized || !strings.Contains(h, `error="insufficient_user_authentication"`) || !strings.Contains(h, `max_age="300"`) {
		t.Errorf("%d %q", rec.Code, h)
	}
	if rec := w.postJSON("/v1/identity/unlink", "socialworker", `{"child": "c1", "subject": "s1", "reason": "wrong twin"}`); rec.Code != http.StatusOK {
		t.Errorf("with a token: %d %s", rec.Code, rec.Body)
	}
}

// Somebody confirms with the token or the persona with which they signed in, with
// no other, and under a new id.
func TestConfirm(t *testing.T) {
	w := newWorld(t)
	unlink := func(c *http.Cookie) int {
		return w.withCookie("POST", "/identity/unlink", c, url.Values{"child": {"c1"}, "subject": {"s1"}, "reason": {"wrong twin"}}).Code
	}
	c := w.signIn(t, url.Values{"token": {"token-socialworker"}})
	if unlink(c) != http.StatusSeeOther {
		t.Error("not after signing in")
	}
	w.wait(5 * time.Minute)
	if unlink(c) != http.StatusUnauthorized {
		t.Error("after five minutes")
	}
	w.Demo = false
	if rec := w.withCookie("GET", "/sign-in/again?next=/identity", c, nil); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `name="token"`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for _, wrong := range []url.Values{{"token": {"token-chair"}}, {"token": {""}}, {"persona": {"socialworker"}}} {
		if rec := w.withCookie("POST", "/sign-in/again", c, wrong); rec.Code != http.StatusUnauthorized || len(rec.Result().Cookies()) > 0 {
			t.Errorf("%v: %d", wrong, rec.Code)
		}
	}
	rec := w.withCookie("POST", "/sign-in/again", c, url.Values{"token": {"token-socialworker"}, "next": {"/identity"}})
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/identity" {
		t.Fatalf("%d %v", rec.Code, rec.Header())
	}
	fresh := rec.Result().Cookies()[0]
	if unlink(fresh) != http.StatusSeeOther || unlink(c) != http.StatusUnauthorized {
		t.Error("the fresh session does not do it, or the old one does")
	}
}

// Whoever signed in with a provider confirms there; a session of five minutes
// before the provider was last asked is not fresh, however new it is here.
func TestConfirmWithIssuer(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	b := newBrowser(t, at)
	b.as("person-socialworker", "/sign-in/test")
	unlink := func() int {
		res, _ := b.do("POST", at+"/identity/unlink", url.Values{"child": {"c1"}, "subject": {"s1"}, "reason": {"wrong twin"}})
		return res.StatusCode
	}
	if unlink() != http.StatusOK {
		t.Error("not after signing in")
	}
	w.wait(5 * time.Minute)
	if unlink() != http.StatusUnauthorized {
		t.Error("after five minutes")
	}
	if _, body := b.do("GET", at+"/sign-in/again?next=/identity", nil); !strings.Contains(body, `href="/sign-in/test?again=yes&amp;next=%2Fidentity"`) {
		t.Errorf("does not lead to the provider: %s", body)
	}
	w.wait(-5 * time.Minute) // the provider's clock is the machine's
	if res, _ := b.as("person-chair", "/sign-in/test?again=yes"); res.StatusCode != http.StatusForbidden {
		t.Errorf("somebody else confirmed: %d", res.StatusCode)
	}
	if res, _ := b.as("person-socialworker", "/sign-in/test?again=yes&next=/identity"); res.Header.Get("Refresh") != "0; url=/identity" {
		t.Errorf("confirming: %d %v", res.StatusCode, res.Header)
	}
	if unlink() != http.StatusOK {
		t.Error("not after confirming")
	}
	stranger := newBrowser(t, at)
	if res, _ := stranger.do("GET", at+"/sign-in/test?again=yes", nil); !strings.Contains(res.Request.URL.Path, "/sign-in") {
		t.Errorf("nobody confirms: %s", res.Request.URL)
	}
}
