package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// signedIn signs a persona in through the page and returns its cookie.
func (w *world) signIn(t *testing.T, form url.Values) *http.Cookie {
	t.Helper()
	rec := w.post("/sign-in", "", form)
	if rec.Code != http.StatusSeeOther || len(rec.Result().Cookies()) != 1 {
		t.Fatalf("sign in: %d %v", rec.Code, rec.Result().Cookies())
	}
	return rec.Result().Cookies()[0]
}

func (w *world) withCookie(method, target string, c *http.Cookie, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(c)
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func TestSession(t *testing.T) {
	w := newWorld(t)
	c := w.signIn(t, url.Values{"token": {"token-dsl"}, "next": {"/concerns/new"}})
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || len(c.Value) != 64 {
		t.Errorf("cookie %+v", c)
	}
	if rec := w.withCookie("GET", "/concerns/new", c, nil); rec.Code != http.StatusOK {
		t.Errorf("with a session: %d", rec.Code)
	}
	if rec := w.withCookie("GET", "/v1/concerns", c, nil); rec.Code != http.StatusOK {
		t.Errorf("the API with a session: %d", rec.Code)
	}
	out := w.withCookie("POST", "/sign-out", c, nil)
	if out.Header().Get("Clear-Site-Data") == "" || out.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %v", out.Header())
	}
	if rec := w.withCookie("GET", "/v1/concerns", c, nil); rec.Code != http.StatusUnauthorized {
		t.Errorf("after signing out: %d", rec.Code)
	}
}

func TestSessionEnds(t *testing.T) {
	w := newWorld(t)
	pass := func(d time.Duration) { w.mu.Lock(); w.now = w.now.Add(d); w.mu.Unlock() }
	asks := func(c *http.Cookie) int { return w.withCookie("GET", "/v1/concerns", c, nil).Code }

	c := w.signIn(t, url.Values{"persona": {"dsl"}})
	pass(29 * time.Minute)
	if asks(c) != http.StatusOK {
		t.Error("it ended while it was used")
	}
	pass(29 * time.Minute)
	r := httptest.NewRequest("GET", "/v1/children/"+string(theChild)+"/changes", nil)
	r.Pattern = listening
	r.AddCookie(c)
	if who, _ := w.callerOf(r, r.Pattern != listening); who == nil {
		t.Fatal("no session")
	}
	pass(2 * time.Minute)
	if asks(c) != http.StatusUnauthorized {
		t.Error("a page that listens kept the session alive")
	}

	c = w.signIn(t, url.Values{"persona": {"dsl"}})
	for range 33 {
		pass(15 * time.Minute)
		asks(c)
	}
	if asks(c) != http.StatusUnauthorized {
		t.Error("it outlived eight hours")
	}
}

func TestSignInRefuses(t *testing.T) {
	w := newWorld(t)
	rec := w.post("/sign-in", "", url.Values{"token": {"token-nobody"}})
	if rec.Code != http.StatusUnauthorized || len(rec.Result().Cookies()) != 0 {
		t.Errorf("%d %v", rec.Code, rec.Result().Cookies())
	}
	parse(t, rec).says("div.govuk-error-summary", "This access token is not known.")
	for _, next := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/\r\nSet-Cookie: x"} {
		rec := w.post("/sign-in", "", url.Values{"persona": {"dsl"}, "next": {next}})
		if got := rec.Header().Get("Location"); got != "/" {
			t.Errorf("next %q leads to %q", next, got)
		}
	}
	w.Demo = false
	if rec := w.post("/sign-in", "", url.Values{"persona": {"chair"}}); rec.Code != http.StatusUnauthorized {
		t.Error("a persona signed in outside the demonstration")
	}
	if strings.Contains(w.get("/sign-in", "").Body.String(), "persona") {
		t.Error("personas are offered outside the demonstration")
	}
}

// A session begins under a new id, and the one before it is gone.
func TestSignInChangesTheSession(t *testing.T) {
	w := newWorld(t)
	old := w.signIn(t, url.Values{"persona": {"dsl"}})
	rec := w.withCookie("POST", "/sign-in", old, url.Values{"persona": {"chair"}})
	now := rec.Result().Cookies()
	if len(now) != 1 || now[0].Value == old.Value {
		t.Fatalf("cookies %v", now)
	}
	if w.withCookie("GET", "/v1/concerns", old, nil).Code != http.StatusUnauthorized {
		t.Error("the old session lives")
	}
}

// Over https the cookie is bound to the host.
func TestCookieOverTLS(t *testing.T) {
	s := newSessions(Config{TLS: true, Now: time.Now})
	c := s.cookie("x", 0)
	if c.Name != "__Host-kith" || !c.Secure || c.Path != "/" || c.Domain != "" || s.idle != 10*time.Minute {
		t.Errorf("%+v", c)
	}
}

// What a page of another site makes a browser send does nothing.
func TestOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t)
	c := w.signIn(t, url.Values{"persona": {"socialworker"}})
	for _, rt := range w.routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if method != "POST" {
			continue
		}
		for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			r := httptest.NewRequest(method, strings.NewReplacer("{", "", "}", "").Replace(path), strings.NewReader("reason=x&subject=s"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(header[0], header[1])
			r.AddCookie(c)
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, r)
			if rec.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d", rt.pattern, header, rec.Code)
			}
		}
	}
	if len(w.acts) != 0 {
		t.Errorf("another site did %q", w.acts)
	}
	if w.withCookie("GET", "/v1/concerns", c, nil).Code != http.StatusOK {
		t.Error("another site signed somebody out")
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{viewOfChild, "/v1/children/" + string(theChild) + "/view?purpose=s47", "/", "/sign-in", "/nowhere", "/v1/concerns/none"} {
		h := w.get(target, "chair").Header()
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %q", target, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %q", target, csp)
		}
	}
	css := w.get(w.assets.address["kith.css"], "")
	if css.Code != http.StatusOK || !strings.Contains(css.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(css.Header().Get("Content-Type"), "text/css") {
		t.Errorf("kith.css: %d %v", css.Code, css.Header())
	}
}
