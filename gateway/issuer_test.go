package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/gateway/browsertest"
	"kith/services/kith/idp"
	"kith/services/signin"
)

// provided gives a world a real identity provider, whose people are the personas
// and one for whom the hub has no role.
func (w *world) provided(t *testing.T, at func() string) *idp.Provider {
	t.Helper()
	ps := []idp.Person{{ID: "two", Name: "Somebody with two roles", Claims: map[string]any{"org": string(council), "role": []string{"social-worker", "chair"}}},
		{ID: "nobody", Name: "Somebody of another service", Claims: map[string]any{"org": "elsewhere", "role": "dsl"}}}
	for _, u := range accounts() {
		ps = append(ps, idp.Person{ID: "person-" + u.Persona, Name: u.Name,
			Claims: map[string]any{"org": string(u.Reader.Agency), "role": string(u.Reader.Role)}})
	}
	p, err := idp.Start("127.0.0.1:0", ps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(p.Secret()), 0o600); err != nil {
		t.Fatal(err)
	}
	i := signin.Issuer{ID: "test", Name: "Northshire", Issuer: p.Issuer, ClientID: idp.ClientID, SecretFile: secret,
		Claims: signin.Claims{Agency: "org", Role: "role"}, Agencies: map[string]events.AgencyID{}, Roles: map[string]events.ReaderRole{}}
	for _, u := range accounts() {
		i.Agencies[string(u.Reader.Agency)], i.Roles[string(u.Reader.Role)] = u.Reader.Agency, u.Reader.Role
	}
	w.now = time.Now()
	ms := signin.Machines{Issuer: p.Issuer, Audience: "api://kith", Clients: map[string]signin.Client{
		"mis": {Actor: "mis-oakfield", Name: "Records of Oakfield School", Agency: school, Role: events.RolePractitioner}}}
	w.SignIn, err = signin.New(signin.Config{Issuers: []signin.Issuer{i}, Machines: []signin.Machines{ms}, Address: at, Now: w.clock, Agency: w.agency,
		Pseudonym: plainKeys{}.Pseudonym})
	if err != nil {
		t.Fatal(err)
	}
	p.SendTo(at() + "/sign-in/test/back")
	return p
}

// browser keeps cookies and follows redirects.
type browser struct {
	*http.Client
	t  *testing.T
	at string
}

func newBrowser(t *testing.T, at string) browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{&http.Client{Jar: jar}, t, at}
}

func (b browser) do(method, address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(body)
}

var hidden = regexp.MustCompile(`name="id" value="([^"]+)"`)

// as begins at an address of the hub and lets the provider vouch for a person.
func (b browser) as(person, begin string) (*http.Response, string) {
	b.t.Helper()
	res, body := b.do("GET", b.at+begin, nil)
	id := hidden.FindStringSubmatch(body)
	if id == nil {
		b.t.Fatalf("the provider does not ask: %d %s", res.StatusCode, body)
	}
	return b.do("POST", res.Request.URL.String(), url.Values{"person": {person}, "id": {id[1]}})
}

func TestSignInWithIssuer(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	b := newBrowser(t, at)
	if _, body := b.do("GET", at+"/sign-in?next=/search", nil); !strings.Contains(body, `href="/sign-in/test?next=%2Fsearch"`) {
		t.Error("the sign-in page does not offer the provider")
	}
	res, body := b.as("person-socialworker", "/sign-in/test?next=/search")
	if res.StatusCode != http.StatusOK || res.Header.Get("Refresh") != "0; url=/search" {
		t.Fatalf("back from the provider: %d %v %s", res.StatusCode, res.Header, body)
	}
	if _, body := b.do("GET", at+"/search", nil); !strings.Contains(body, "Social worker, Northshire Council") {
		t.Errorf("signed in as somebody else: %s", body)
	}
	if res, _ := b.do("GET", at+"/v1/ledger", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("a social worker reads the ledger: %d", res.StatusCode)
	}
	if _, body := b.do("GET", at+"/v1/identity/candidates", nil); !strings.Contains(body, string(theChild)) {
		t.Errorf("a social worker sees no candidates: %s", body)
	}
	if !strings.Contains(w.logged(), `msg="signed in" agency=northshire-council role=social-worker`) {
		t.Errorf("the log says %s", w.logged())
	}
	for _, name := range []string{"person-socialworker", "127.0.0.1"} {
		if strings.Contains(w.logged(), name) {
			t.Errorf("the log names %s: %s", name, w.logged())
		}
	}
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// A program asks the provider for a token and comes in with it; with one that is
// made for another service it does not. What it was let in for ends with it.
func TestProgramWithIssuer(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	p := w.provided(t, func() string { return at })
	token := func(audience string) string {
		t.Helper()
		p.LetIn("mis", audience)
		r, _ := http.NewRequestWithContext(t.Context(), "POST", p.Issuer+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("mis", p.Secret())
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var got struct {
			Token string `json:"access_token"`
		}
		body, _ := io.ReadAll(res.Body)
		if err := json.Unmarshal(body, &got); err != nil || got.Token == "" {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		return got.Token
	}
	with := func(token, method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+token)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		return rec
	}
	good := token("api://kith")
	if rec := with(good, "GET", "/v1/receipts?source=urn:kith:agency:oakfield-school&id=e1"); rec.Code != http.StatusOK {
		t.Errorf("a program of the school asks for its receipt: %d %s", rec.Code, rec.Body)
	}
	if rec := with(good, "GET", "/v1/ledger"); rec.Code != http.StatusForbidden {
		t.Errorf("it reads the ledger: %d", rec.Code)
	}
	if rec := with(token("api://other"), "GET", "/v1/concerns"); rec.Code != http.StatusUnauthorized {
		t.Errorf("a token for another service: %d", rec.Code)
	}
	w.BarredActor = func(a events.ActorID) bool { return a == "mis-oakfield" }
	if rec := with(good, "GET", "/v1/concerns"); rec.Code != http.StatusUnauthorized {
		t.Errorf("a program that was put out: %d", rec.Code)
	}
	w.BarredActor = nil
	if rec := w.withCookie("POST", "/sign-in", &http.Cookie{Name: "x", Value: "x"}, url.Values{"token": {good}}); rec.Code != http.StatusUnauthorized {
		t.Errorf("a person signs in with a program's token: %d", rec.Code)
	}
	w.wait(6 * time.Minute) // the provider's tokens live five
	if rec := with(good, "GET", "/v1/concerns"); rec.Code != http.StatusUnauthorized {
		t.Errorf("a token that has ended: %d", rec.Code)
	}
}

// Somebody with two roles is asked which it is, and is that and no other; nobody
// else can answer for them, nor with a role that is not among the two.
func TestTwoRoles(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	b := newBrowser(t, at)
	res, body := b.as("two", "/sign-in/test?next=/search")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "Social worker, Northshire Council") || !strings.Contains(body, "Chair of strategy discussions, Northshire Council") {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if res, _ := b.do("GET", at+"/v1/concerns", nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("is let in before the answer: %d", res.StatusCode)
	}
	for _, wrong := range []string{"2", "-1", "", "x"} {
		other := newBrowser(t, at)
		other.as("two", "/sign-in/test")
		if res, _ := other.do("POST", at+"/sign-in/test/post", url.Values{"post": {wrong}}); res.StatusCode != http.StatusForbidden {
			t.Errorf("post %q: %d", wrong, res.StatusCode)
		}
	}
	if res, _ := newBrowser(t, at).do("POST", at+"/sign-in/test/post", url.Values{"post": {"1"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("another browser answers: %d", res.StatusCode)
	}
	hub, _ := url.Parse(at)
	kept := b.Jar.Cookies(hub)
	if res, _ := b.do("POST", at+"/sign-in/test/post", url.Values{"post": {"1"}}); res.Header.Get("Refresh") != "0; url=/search" {
		t.Errorf("the answer: %d %v", res.StatusCode, res.Header)
	}
	if _, body := b.do("GET", at+"/search", nil); !strings.Contains(body, "Chair of strategy discussions, Northshire Council") {
		t.Error("signed in as something else")
	}
	if res, _ := b.do("GET", at+"/v1/identity/candidates", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("a chair does what is for social workers: %d", res.StatusCode)
	}
	thief := newBrowser(t, at)
	thief.Jar.SetCookies(hub, kept)
	if res, _ := thief.do("POST", at+"/sign-in/test/post", url.Values{"post": {"0"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("answers twice: %d", res.StatusCode)
	}
	if res, body := b.as("two", "/sign-in/test?again=yes&next=/search"); res.Header.Get("Refresh") != "0; url=/search" {
		t.Errorf("confirms, and is asked again: %d %s", res.StatusCode, body)
	}
	if _, body := b.do("GET", at+"/search", nil); !strings.Contains(body, "Chair of strategy discussions, Northshire Council") {
		t.Error("is something else after confirming")
	}
	late := newBrowser(t, at)
	late.as("two", "/sign-in/test")
	w.wait(2 * time.Minute)
	if res, _ := late.do("POST", at+"/sign-in/test/post", url.Values{"post": {"1"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("two minutes later: %d", res.StatusCode)
	}
}

// Who signs out is told that the provider's own session goes on, and where it ends;
// nobody is led to an address that somebody else made up.
func TestLeavingTheProvider(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	p := w.provided(t, func() string { return at })
	b := newBrowser(t, at)
	b.as("person-chair", "/sign-in/test")
	res, body := b.do("POST", at+"/sign-out", nil)
	if want := p.Issuer + "/end_session?client_id=kith-hub"; !strings.Contains(body, want) || res.Request.URL.RequestURI() != "/sign-in?left=test" {
		t.Errorf("%s does not lead to %s: %s", res.Request.URL, want, body)
	}
	for _, left := range []string{"", "other", "https://evil.example", "//evil.example"} {
		if _, body := b.do("GET", at+"/sign-in?left="+left, nil); strings.Contains(body, "signed out") || strings.Contains(body, "evil") {
			t.Errorf("left %q: %s", left, body)
		}
	}
}

// Whom the provider knows and the hub does not is told so, and gets no session.
func TestNobodyHere(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	b := newBrowser(t, at)
	res, body := b.as("nobody", "/sign-in/test")
	if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "it gives you no role here") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, _ := b.do("GET", at+"/v1/concerns", nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("and is let in: %d", res.StatusCode)
	}
	if !strings.Contains(w.logged(), "code=no-post") || strings.Contains(w.logged(), "elsewhere") {
		t.Errorf("the log says %s", w.logged())
	}
}

// The way back leads nowhere else, whoever asks for it.
func TestOpenRedirect(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/%0d%0aLocation:%20https://evil.example", "javascript:alert(1)"} {
		b := newBrowser(t, at)
		res, body := b.as("person-dsl", "/sign-in/test?next="+next)
		if to := res.Header.Get("Refresh"); to != "0; url=/" || strings.Contains(body, "evil") {
			t.Errorf("%s leads to %q", next, to)
		}
	}
}

// A sign-in that one browser began is not finished in another: nobody can slip
// their own session to somebody else.
func TestSignInOfAnotherBrowser(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	thief, victim := newBrowser(t, at), newBrowser(t, at)
	var back string
	thief.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.Contains(r.URL.Path, "/sign-in/test/back") {
			back = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	thief.as("person-governance", "/sign-in/test")
	if back == "" {
		t.Fatal("no way back")
	}
	if res, _ := victim.do("GET", back, nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("%d", res.StatusCode)
	}
	if res, _ := victim.do("GET", at+"/v1/ledger", nil); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the victim is signed in as the thief: %d", res.StatusCode)
	}
	thief.CheckRedirect = nil
	if res, _ := thief.do("GET", back, nil); res.StatusCode != http.StatusOK {
		t.Fatalf("who began it: %d", res.StatusCode)
	}
	if res, _ := thief.do("GET", back, nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("the same again: %d", res.StatusCode)
	}
}

// The session before is over on the way back, though its cookie stayed at home.
func TestIssuerReplacesTheSession(t *testing.T) {
	w := newWorld(t)
	at := w.listen(t)
	w.provided(t, func() string { return at })
	b := newBrowser(t, at)
	b.as("person-dsl", "/sign-in/test")
	hub, _ := url.Parse(at)
	old := b.Jar.Cookies(hub)
	var came []*http.Cookie
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/back") { // as a browser does that comes from another site
			came = b.Jar.Cookies(hub)
			b.Jar.SetCookies(hub, []*http.Cookie{{Name: "kith", Path: "/", MaxAge: -1}})
		}
		return nil
	}
	b.as("person-chair", "/sign-in/test")
	if len(old) != 1 || len(came) != 2 {
		t.Fatalf("cookies %v, then %v", old, came)
	}
	if w.withCookie("GET", "/v1/concerns", old[0], nil).Code != http.StatusUnauthorized {
		t.Error("the old session lives")
	}
}

// In a real browser the provider is another site, and the session's cookie is
// strict: the page in between makes it come along.
func TestSignInAcrossSites(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no browser")
	}
	b := browsertest.Start(t)
	w := newWorld(t)
	at := strings.Replace(w.listen(t), "127.0.0.1", "localhost", 1)
	w.provided(t, func() string { return at })
	b.Open(at + "/sign-in?next=/search")
	b.Axe()
	b.Picture("sign-in-issuer")
	b.Press(`a[href="/sign-in/test?next=%2Fsearch"]`)
	b.Press(`button[value="person-chair"]`)
	b.WaitFor(`location.pathname === "/search" && document.readyState === "complete"`)
	if got := b.Text(".kith-header__account"); !strings.Contains(got, "Chair of strategy discussions") {
		t.Errorf("signed in as %q", got)
	}
	b.Open(at + "/sign-in/again?next=/search")
	b.Axe()
	b.Picture("sign-in-again")
	b.Press("main a.govuk-button")
	b.Press(`button[value="person-chair"]`)
	b.WaitFor(`location.pathname === "/search" && document.readyState === "complete"`)
	b.SignOut()
	b.Axe()
	b.Picture("signed-out")
	b.WaitFor(`location.pathname === "/sign-in" && document.readyState === "complete"`)
	if got := b.Text("h1"); got != "Sign in to Kith" {
		t.Errorf("signed out to %q", got)
	}
}
