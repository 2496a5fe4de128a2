package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events/bus"
)

// TestEnrol: an agency makes its own key, the operator approves it while the hub
// runs, and the agency gets its first receipt with it. The hub never had the key.
func TestEnrol(t *testing.T) {
	w := newWorld(t)
	dir, u := t.TempDir(), w.file.NATS["police"]
	natsDir := filepath.Join(w.dir, "nats")
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := runKith(t, args...)
		if code != exitGood {
			t.Fatalf("%v: exit %d: %s%s", args, code, out, errs)
		}
		return out
	}
	begin := []string{"agency", "init", "-dir", dir, "-id", u.Agency, "-kind", "police", "-nats", u.URL, "-verifier", w.file.Verifier}
	line := must(begin...)
	if again := must(begin...); again != line || !strings.HasPrefix(line, "kith-agency+northshire-police+U") {
		t.Errorf("%s, then %s", line, again)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "keys", "agency.nk"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "keys", "agency.nk")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who may read the key: %v %v", info.Mode(), err)
	}
	token := must("hub", "approve", "-nats", natsDir, line)
	if strings.Contains(token+line, string(seed)) {
		t.Error("the private half went out")
	}
	file := filepath.Join(dir, "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := t.TempDir()
	line2 := must("agency", "init", "-dir", other, "-id", "northshire-hospital", "-kind", "health", "-nats", u.URL)
	for name, text := range map[string]string{"another's": must("hub", "approve", "-nats", natsDir, line2), "none": "token",
		"of our agency for another key": must("hub", "approve", "-nats", natsDir, strings.Replace(line2, "hospital", "police", 1)),
		"of our key for another agency": must("hub", "approve", "-nats", natsDir, strings.Replace(line, "police", "hospital", 1))} {
		write(text)
		code, _, errs := runKith(t, "agency", "join", "-dir", dir, file)
		if code != exitFailed || name != "none" && !strings.Contains(errs, "for another key, or another agency") {
			t.Errorf("token %s: exit %d: %s", name, code, errs)
		}
	}
	another := "kith-hub+00000000+" + strings.Repeat("A", 44)
	if signer, err := bus.NewSigner(filepath.Join(other, "receipts.key")); err == nil {
		another = signer.Verifier()
	}
	for text, says := range map[string]string{token + another: "has another verifier", token + "kith-hub": "no verifier of a hub"} {
		write(text)
		if code, _, errs := runKith(t, "agency", "join", "-dir", dir, file); code != exitFailed || !strings.Contains(errs, says) {
			t.Errorf("exit %d, %s, want %q", code, errs, says)
		}
	}
	write(token)
	must("agency", "join", "-dir", dir, file)
	creds := filepath.Join(dir, "agency.creds")
	as := []string{"-url", u.URL, "-creds", creds, "-agency", u.Agency, "-verifier", w.file.Verifier}
	must(append([]string{"doctor"}, as...)...)
	event := filepath.Join(dir, "event.json")
	if err := os.WriteFile(event, []byte(must("trigger", "police.missing-episode", "-source", u.Source)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(append([]string{"publish", event}, as...)...); !strings.Contains(out, "its signature verified") {
		t.Error(out)
	}
	if _, err := loadAgency(filepath.Join(dir, "agency.json")); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		want int
		says string
		args []string
	}{
		{exitFailed, "has no account there", []string{"hub", "approve", "-nats", natsDir, strings.Replace(line, "northshire-police", "no-such", 1)}},
		{exitFailed, "no public key", []string{"hub", "approve", "-nats", natsDir, strings.Replace(line, "+police+", "A+police+", 1)}},
		{exitFailed, "letters a to z", []string{"hub", "approve", "-nats", natsDir, "kith-agency+../x+U"}},
		{exitFailed, "no keys of NATS", []string{"hub", "approve", "-nats", filepath.Join(dir, "none"), line}},
		{exitUsage, "is no line", []string{"hub", "approve", "-nats", natsDir, "something"}},
		{exitUsage, "-config or -nats", []string{"hub", "approve", line}},
		{exitUsage, "-id, -kind and -nats", []string{"agency", "init", "-id", "a"}},
		{exitUsage, "name the file", []string{"agency", "join"}},
		{exitFailed, "another agency's", []string{"agency", "init", "-dir", dir, "-id", "other", "-kind", "police", "-nats", u.URL}},
	} {
		if code, _, errs := runKith(t, c.args...); code != c.want || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, want %d: %s", c.args[:2], code, c.want, errs)
		}
	}
}
