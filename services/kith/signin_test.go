package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kith/services/kith/idp"
)

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// person is somebody's browser.
type person struct {
	*http.Client
	t   *testing.T
	hub string
}

func newPerson(t *testing.T, hub string) person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return person{&http.Client{Jar: jar}, t, hub}
}

func (p person) get(address string) (int, string, *url.URL) {
	p.t.Helper()
	return p.read(p.Get(address))
}

func (p person) read(res *http.Response, err error) (int, string, *url.URL) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Request.URL
}

// signIn lets a provider vouch for somebody, and returns what the hub says to it.
func (p person) signIn(issuer, subject string) (int, string) {
	p.t.Helper()
	_, body, at := p.get(p.hub + "/sign-in/" + issuer)
	id := requestID.FindStringSubmatch(body)
	if id == nil {
		p.t.Fatalf("the provider does not ask: %s", body)
	}
	code, body, _ := p.read(p.PostForm(at.String(), url.Values{"person": {subject}, "id": {id[1]}}))
	return code, body
}

// The demonstration offers its own identity provider beside the personas.
func TestDemoSignsIn(t *testing.T) {
	w := newWorld(t)
	p := newPerson(t, w.file.URL)
	if _, body, _ := p.get(w.file.URL + "/sign-in"); !strings.Contains(body, "Sign in with the demonstration’s identity provider") {
		t.Error("it is not offered")
	}
	if code, body := p.signIn(demoIssuer, "person-chair"); code != http.StatusOK || !strings.Contains(body, "You are signed in") {
		t.Fatalf("%d %s", code, body)
	}
	if _, body, _ := p.get(w.file.URL + "/search"); !strings.Contains(body, "Chair of strategy discussions, Northshire Council") {
		t.Errorf("signed in as somebody else: %s", body)
	}
}

// A hub whose people sign in with their agency's provider: an account that is
// barred is out at once, on every machine, and not let in again, until it may be;
// so is an agency that is revoked. What the provider says of people is in no log.
func TestPeopleAreLetInAndPutOut(t *testing.T) {
	dir := t.TempDir()
	hubAddr := freeAddr(t)
	people := []idp.Person{{ID: "SUBJECT-CANARY-1", Name: "NAME-CANARY", Claims: map[string]any{"org": "P1", "job": "officer"}},
		{ID: "SUBJECT-CANARY-2", Name: "NAME-CANARY", Claims: map[string]any{"org": "P1", "job": "audit"}}}
	provider, err := idp.Start("127.0.0.1:0", people)
	if err != nil {
		t.Fatal(err)
	}
	defer provider.Close()
	provider.SendTo("http://" + hubAddr + "/sign-in/police/back")
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(provider.Secret()), 0o600); err != nil {
		t.Fatal(err)
	}
	config := conf(t, dir, "hub.json", map[string]any{
		"addr": hubAddr, "adminAddr": freeAddr(t), "data": filepath.Join(dir, "hub"), "nats": map[string]any{"listen": freeAddr(t)},
		"agencies": northshire(), "authority": authority,
		"users": []any{map[string]any{"actor": "system", "name": "System", "agency": "northshire-police", "role": "practitioner", "tokenSHA256": hash("a-token")}},
		"signIn": map[string]any{"address": "http://" + hubAddr, "issuers": []any{map[string]any{
			"id": "police", "name": "Northshire Police", "issuer": provider.Issuer, "clientId": idp.ClientID, "secretFile": secret,
			"claims": map[string]any{"agency": "org", "role": "job"}, "agencies": map[string]any{"P1": "northshire-police"},
			"roles": map[string]any{"officer": "practitioner", "audit": "governance"}}}},
	})
	stop, said := runUntil(t, "hub", config)
	defer stop()
	hub := "http://" + hubAddr
	ready(t, hub+"/readyz")
	one, elsewhere, auditor := newPerson(t, hub), newPerson(t, hub), newPerson(t, hub)
	for _, p := range []person{one, elsewhere} {
		if code, body := p.signIn("police", "SUBJECT-CANARY-1"); code != http.StatusOK {
			t.Fatalf("%d %s", code, body)
		}
	}
	if code, _ := auditor.signIn("police", "SUBJECT-CANARY-2"); code != http.StatusOK {
		t.Fatal(code)
	}
	if code, _, _ := one.read(one.PostForm(hub+"/sign-in", url.Values{"token": {"a-token"}})); code != http.StatusUnauthorized {
		t.Errorf("a person signs in with a machine's token: %d", code)
	}
	// Somebody looks for a child: the ledger knows them by a pseudonym.
	if code, body, _ := one.read(one.PostForm(hub+"/search", url.Values{"nhs": {"9990000018"}, "purpose": {"s47"}})); code != http.StatusOK {
		t.Fatalf("a search: %d %s", code, body)
	}
	_, ledger, _ := auditor.get(hub + "/v1/ledger")
	actor := regexp.MustCompile(`"reader":\s*"(p-[0-9a-z]{26})"`).FindStringSubmatch(ledger)
	if actor == nil || strings.Contains(ledger, "CANARY") {
		t.Fatalf("the ledger says %s", ledger)
	}
	run := func(args ...string) string {
		t.Helper()
		code, out, errs := runKith(t, append([]string{"hub"}, args...)...)
		if code != exitGood {
			t.Fatalf("%v: exit %d: %s%s", args, code, out, errs)
		}
		return out
	}
	out := func(p person) bool { code, _, _ := p.get(hub + "/v1/concerns"); return code == http.StatusUnauthorized }
	began := time.Now()
	if told := run("bar", "-config", config, actor[1]); !strings.Contains(told, "2 sessions ended") {
		t.Error(told)
	}
	if !out(one) || !out(elsewhere) || time.Since(began) > time.Second {
		t.Errorf("still in after %v", time.Since(began))
	}
	if code, _, _ := auditor.get(hub + "/v1/ledger"); code != http.StatusOK {
		t.Errorf("somebody else was put out too: %d", code)
	}
	if code, body := one.signIn("police", "SUBJECT-CANARY-1"); code != http.StatusForbidden || !strings.Contains(body, "not let in any more") {
		t.Errorf("barred and let in: %d", code)
	}
	run("unbar", "-config", config, actor[1])
	if code, _ := one.signIn("police", "SUBJECT-CANARY-1"); code != http.StatusOK || out(one) {
		t.Errorf("not let in again: %d", code)
	}
	if told := run("sign-out", "-config", config, "-all"); !strings.Contains(told, "2 sessions ended") || !out(one) {
		t.Error(told)
	}
	if code, _ := one.signIn("police", "SUBJECT-CANARY-1"); code != http.StatusOK {
		t.Error(code)
	}
	run("revoke", "-config", config, "northshire-police")
	if !out(one) {
		t.Error("still in after the agency was revoked")
	}
	if text := said.String(); strings.Contains(text, "CANARY") || strings.Contains(text, actor[1]) {
		t.Errorf("somebody is in the log: %s", text)
	}
}
