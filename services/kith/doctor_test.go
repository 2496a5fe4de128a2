package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events/bus"
)

// TestDoctor looks at an edge in good order, then breaks one thing after the
// other and wants it named, with what to do.
func TestDoctor(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	u := w.file.NATS["police"]
	text, err := os.ReadFile(u.Creds)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "own.creds")
	if err := os.WriteFile(own, text, 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(name string, change func(map[string]any)) string {
		c := map[string]any{"agency": northshire()[0], "addr": freeAddr(t), "adminAddr": freeAddr(t), "data": filepath.Join(dir, "data"),
			"nats": map[string]any{"url": u.URL, "creds": own}, "verifier": w.file.Verifier}
		change(c)
		return conf(t, dir, name, c)
	}
	good := config("good.json", func(map[string]any) {})
	examine := func(want int, args ...string) (all string, bad []finding) {
		t.Helper()
		code, out, errs := runKith(t, append([]string{"doctor", "-json"}, args...)...)
		if code != want {
			t.Errorf("%v: exit %d, want %d: %s%s", args, code, want, out, errs)
		}
		err := lines(strings.NewReader(out), func(f finding) error {
			if !f.Good {
				bad = append(bad, f)
			}
			if f.Good != (f.Do == "") {
				t.Errorf("what is bad, and nothing else, needs doing: %+v", f)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out, bad
	}
	if _, bad := examine(exitFailed, "-config", good); len(bad) != 1 || bad[0].What != "outbox" {
		t.Errorf("before the edge ever ran: %+v", bad)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("the doctor made an outbox")
	}
	runWith(t, "agency", good)
	until(t, func() bool { // the file is there before what it holds is
		code, _, _ := runKith(t, "outbox", "list", "-data", filepath.Join(dir, "data"))
		return code == exitGood
	})
	all, _ := examine(exitGood, "-config", good, "-hub", w.file.URL)
	for _, what := range []string{"credentials", "receipts", "nats", "clock", "hub", "outbox", "refused"} {
		if !strings.Contains(all, `"what":"`+what+`"`) {
			t.Errorf("%s is not looked at: %s", what, all)
		}
	}
	examine(exitGood, "-demo", filepath.Join(w.dir, "demo.json"), "-as", "health")

	loose := filepath.Join(dir, "loose.creds")
	if err := os.WriteFile(loose, text, 0o644); err != nil {
		t.Fatal(err)
	}
	stranger, err := bus.Start(bus.Options{Dir: t.TempDir(), Agencies: ids(northshire())})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Shutdown()
	nats := func(url, creds string) func(map[string]any) {
		return func(c map[string]any) { c["nats"] = map[string]any{"url": url, "creds": creds} }
	}
	for _, c := range []struct {
		what, do string
		change   func(map[string]any)
	}{
		{"credentials", "chmod 600", nats(u.URL, loose)},
		{"nats", "firewall", nats("nats://"+freeAddr(t), own)},
		{"nats", "that of this hub", nats(stranger.URL(), own)},
		{"receipts", "which kith hub prints", func(c map[string]any) { delete(c, "verifier") }},
	} {
		_, bad := examine(exitFailed, "-config", config("bad.json", c.change))
		if len(bad) != 1 || bad[0].What != c.what || !strings.Contains(bad[0].Do, c.do) {
			t.Errorf("want %s (%s), found %+v", c.what, c.do, bad)
		}
	}
	_, bad := examine(exitFailed, "-url", u.URL, "-agency", u.Agency, "-creds", w.file.NATS["health"].Creds, "-verifier", w.file.Verifier)
	if len(bad) == 0 || bad[0].What != "credentials" || !strings.Contains(bad[0].Says, "another user's") {
		t.Errorf("another's creds file: %+v", bad)
	}
	if code, _, errs := runKith(t, "doctor", "-demo", filepath.Join(dir, "none.json")); code != exitUsage || !strings.Contains(errs, "-config") || !strings.Contains(errs, "-creds") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := runKith(t, "doctor", "more"); code != exitUsage || !strings.Contains(errs, "nothing to name") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// A hub that is not ready, one whose certificate nobody knows, and a clock that is
// wrong.
func TestDoctorLooksAtTheHub(t *testing.T) {
	status := http.StatusOK
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	plain, secret := httptest.NewServer(answer), httptest.NewTLSServer(answer)
	secret.Config.ErrorLog = log.New(io.Discard, "", 0) // it says that nobody trusts it
	defer plain.Close()
	defer secret.Close()
	p := patient{hub: plain.URL, now: time.Now}
	looked := func() string {
		b, err := json.Marshal(p.pages(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := looked(); strings.Contains(got, `"good":false`) || !strings.Contains(got, "agrees") {
		t.Error(got)
	}
	p.now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	if got := looked(); !strings.Contains(got, " behind that of the hub") {
		t.Error(got)
	}
	p.now, status = time.Now, http.StatusServiceUnavailable
	if got := looked(); !strings.Contains(got, "answers 503") {
		t.Error(got)
	}
	p.hub = secret.URL
	if got := looked(); !strings.Contains(got, "not one that this machine trusts") {
		t.Error(got)
	}
	if got := p.certificate("hub", time.Now().Add(soon-time.Hour)); len(got) != 1 || got[0].Good {
		t.Error(got)
	}
	if got := p.certificate("hub", time.Now().Add(soon+time.Hour)); len(got) != 1 || !got[0].Good {
		t.Error(got)
	}
}
