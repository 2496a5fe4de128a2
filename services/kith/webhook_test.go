package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/services/internal/telemetry"
	"kith/services/internal/webhook"
)

// hookServer receives webhooks as an agency does.
type hookServer struct {
	*httptest.Server
	dir, ca, secrets string

	mu     sync.Mutex
	hold   string // the receiver's key
	status int    // that it answers; 0: it takes
	bodies []string
	tests  []keptDelivery
}

// keptDelivery is one that somebody kept, to look at later.
type keptDelivery struct {
	header http.Header
	body   string
}

func newHookServer(t *testing.T) *hookServer {
	t.Helper()
	s := &hookServer{dir: t.TempDir()}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	s.ca, s.secrets = filepath.Join(s.dir, "ca.pem"), filepath.Join(s.dir, "secrets")
	if err := os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.secret(t)
	return s
}

// secret adds a key by the command and gives the receiver its half.
func (s *hookServer) secret(t *testing.T, flags ...string) {
	t.Helper()
	code, out := order(t, append([]string{"webhook", "secret", "-json", "-out", s.secrets}, flags...)...)
	var said struct{ Receiver string }
	if err := json.Unmarshal([]byte(out), &said); err != nil || code != exitGood {
		t.Fatal(code, err)
	}
	s.mu.Lock()
	s.hold = said.Receiver
	s.mu.Unlock()
}

func (s *hookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	held, err := webhook.CheckingKeys([]byte(s.hold))
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
	case r.Method == http.MethodOptions:
		w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
		w.Header().Set("WebHook-Allowed-Rate", "*")
	case err != nil || webhook.Verify(r.Header, held, body, time.Now()) != nil:
		w.WriteHeader(http.StatusUnauthorized)
	case bytes.Contains(body, []byte(events.TypeWebhookTest)):
		s.tests = append(s.tests, keptDelivery{r.Header.Clone(), string(body)})
	default:
		s.bodies = append(s.bodies, string(body))
	}
}

func (s *hookServer) answers(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *hookServer) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.bodies...)
}

func (s *hookServer) until(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); len(s.got()) < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages came", len(s.got()), n)
		}
	}
}

func (s *hookServer) config() Webhook {
	return Webhook{URL: s.URL + "/kith", SecretFile: s.secrets, CAFile: s.ca, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// A school's inbox comes to its webhook: what it reads there is what long poll
// gives, the ledger says so, and the operator's commands do what they say.
func TestWebhook(t *testing.T) {
	s := newHookServer(t)
	tel, err := telemetry.Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Shutdown(t.Context())
	dir := t.TempDir()
	d, err := openNorthshire(t.Context(), dir, tel, func(p *partnership) {
		p.origin, p.hooks = "hub.example", map[events.AgencyID]Webhook{"oakfield-school": s.config()}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	if err := d.serve("127.0.0.1:0", tel); err != nil {
		t.Fatal(err)
	}
	w, hub := &world{demo: d, file: d.file, dir: dir}, filepath.Join(dir, "hub")
	command := func(want int, args ...string) string {
		t.Helper()
		code, out := order(t, append([]string{"webhook", args[0], "-data", hub}, args[1:]...)...)
		if code != want {
			t.Errorf("kith webhook %v: %d, want %d", args, code, want)
		}
		return out
	}
	raise := func(n int) {
		k := kid{given: "Wren", family: fmt.Sprintf("Testerley%c", 'a'+n), born: "2014-09-12", upn: validUPN(fmt.Sprintf("80120000%04d", 5990+n))}
		ref := raiseConcern(t, w, k)
		w.post(t, "socialworker", "/v1/concerns/"+ref+"/decision", `{"decision":"strategy-discussion","rationale":"Bruising.","nextStep":"Today."}`, http.StatusAccepted)
	}
	raise(0)
	s.until(t, 1)
	polled := into[struct{ Messages []json.RawMessage }](t, w.get(t, "dsl", "/v1/inbox?after=0", http.StatusOK))
	if len(polled.Messages) != 1 || string(polled.Messages[0]) != s.got()[0] {
		t.Errorf("long poll gives %s, the webhook %s", polled.Messages, s.got())
	}
	if a := w.get(t, "governance", "/v1/ledger", http.StatusOK); !strings.Contains(a.body, `"webhook"`) {
		t.Errorf("the ledger does not know of it: %s", a.body)
	}
	if out := command(exitGood, "list"); !strings.Contains(out, "delivering") {
		t.Error(out)
	}

	// The secret is replaced while the hub runs; the test message says whether.
	s.secret(t, "-ed25519")
	command(exitGood, "test", "oakfield-school")
	if len(s.tests) != 1 || strings.Count(s.tests[0].header.Get("webhook-signature"), ",") != 2 {
		t.Fatalf("%+v", s.tests)
	}
	s.verifies(t)

	// Gone is gone, until the operator says otherwise; nothing is lost meanwhile.
	s.answers(http.StatusGone)
	raise(1)
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(command(exitGood, "list"), "disabled: gone"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("410 did not disable it")
		}
	}
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(w.get(t, "dsl", "/v1/inbox?after=0", http.StatusOK).body, string(events.TypeWebhookDisabled)); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the school was not told")
		}
	}
	if m := fetch(t, d.file.Admin+"/metrics"); !strings.Contains(m, `kith_webhooks{outcome="disabled"} 1`) || !strings.Contains(m, `kith_webhook_attempts_total{kind="education",outcome="gone"} 1`) {
		t.Error("the metrics do not say so")
	}
	command(exitFailed, "test", "oakfield-school")
	command(exitFailed, "test", "elmtree-school")
	command(exitUsage, "test")
	command(exitUsage, "teach", "oakfield-school")
	s.answers(0)
	command(exitGood, "enable", "oakfield-school", "-json")
	s.until(t, 3)
	if got := s.got()[2]; !strings.Contains(got, `"why":"gone"`) {
		t.Error(got)
	}
	if out := command(exitGood, "disable", "oakfield-school"); !strings.Contains(out, "disabled: operator") {
		t.Error(out)
	}
}

// verifies: the helper says of a delivery that was kept whether it is good.
func (s *hookServer) verifies(t *testing.T) {
	t.Helper()
	kept, key, body := s.tests[0], filepath.Join(s.dir, "key"), filepath.Join(s.dir, "body")
	for file, text := range map[string]string{key: s.hold, body: kept.body} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"webhook", "verify", "-key", key, "-id", kept.header.Get("webhook-id"), "-timestamp", kept.header.Get("webhook-timestamp"),
		"-signature", kept.header.Get("webhook-signature")}
	if code, _ := order(t, append(args, body)...); code != exitGood {
		t.Error("it does not verify")
	}
	if code, _ := order(t, append(args, key)...); code != exitFailed {
		t.Error("another body verifies")
	}
	if code, _ := order(t, append(args, body, "-at", "2020-01-01T00:00:00Z")...); code != exitFailed {
		t.Error("years later it verifies")
	}
	if code, _ := order(t, args...); code != exitUsage {
		t.Error("without a body")
	}
}

// A hub whose webhook cannot be signed for does not start, and says which.
func TestWebhookSecretMissing(t *testing.T) {
	s := newHookServer(t)
	tel, err := telemetry.Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Shutdown(t.Context())
	c := s.config()
	c.SecretFile = filepath.Join(s.dir, "nowhere")
	_, err = openNorthshire(t.Context(), t.TempDir(), tel, func(p *partnership) {
		p.origin, p.hooks = "hub.example", map[events.AgencyID]Webhook{"oakfield-school": c}
	})
	if err == nil || !strings.Contains(err.Error(), "webhooks.oakfield-school: secretFile") {
		t.Error(err)
	}
}
