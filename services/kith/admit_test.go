package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"kith/events"
)

// TestLiveRegistration: an agency of which the configuration says nothing is
// approved while the hub runs, gets its receipt, is listed, and is revoked: cut off
// and refused at once on NATS and over HTTP, and still after a restart. Approved
// again it is let in with the new token only.
func TestLiveRegistration(t *testing.T) {
	dir := t.TempDir()
	hubAddr, natsAddr := freeAddr(t), freeAddr(t)
	config := conf(t, dir, "hub.json", map[string]any{
		"addr": hubAddr, "adminAddr": freeAddr(t), "data": filepath.Join(dir, "hub"), "nats": map[string]any{"listen": natsAddr},
		"agencies": northshire(), "authority": authority, "doors": []string{"northshire-police"},
		"users": []any{map[string]any{"actor": "officer", "name": "Officer", "agency": "northshire-police", "role": "practitioner", "tokenSHA256": hash("officer-token")}},
	})
	stop, _ := runUntil(t, "hub", config)
	ready(t, "http://"+hubAddr+"/readyz")
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := runKith(t, args...)
		if code != exitGood {
			t.Fatalf("%v: exit %d: %s%s", args, code, out, errs)
		}
		return out
	}
	own := filepath.Join(dir, "own")
	var begun struct{ Line, Source string }
	fromJSON(t, must("agency", "init", "-json", "-dir", own, "-id", "southshire-police", "-kind", "police", "-name", "Southshire Police", "-nats", "nats://"+natsAddr), &begun)
	join := func() {
		t.Helper()
		var a approval
		fromJSON(t, must("hub", "approve", "-config", config, "-json", begun.Line), &a)
		if a.Agency != "southshire-police" || a.Source != begun.Source || time.Until(a.Expires) < 89*24*time.Hour || a.Verifier == "" {
			t.Fatalf("%+v", a)
		}
		file := filepath.Join(own, "token")
		if err := os.WriteFile(file, []byte(must("hub", "approve", "-config", config, begun.Line)), 0o600); err != nil {
			t.Fatal(err)
		}
		must("agency", "join", "-dir", own, file, "-json")
		if c, err := loadAgency(filepath.Join(own, "agency.json")); err != nil || c.Verifier != a.Verifier {
			t.Fatalf("the configuration goes by %q, the hub's verifier is %q: %v", c.Verifier, a.Verifier, err)
		}
		if code, out, errs := runKith(t, "doctor", "-config", filepath.Join(own, "agency.json")); !strings.Contains(out, "verified with the hub's key") {
			t.Errorf("doctor: exit %d: %s%s", code, out, errs)
		}
	}
	join()
	as := []string{"-url", "nats://" + natsAddr, "-creds", filepath.Join(own, "agency.creds"), "-agency", "southshire-police"}
	publish := func(id string) (int, string) {
		t.Helper()
		event := filepath.Join(own, id+".json")
		if err := os.WriteFile(event, []byte(must("trigger", "police.missing-episode", "-source", begun.Source, "-id", id)), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := runKith(t, append([]string{"publish", event, "-wait", "2s"}, as...)...)
		return code, out + errs
	}
	if code, said := publish("first"); code != exitGood || !strings.Contains(said, "accepted first") {
		t.Fatalf("exit %d: %s", code, said)
	}
	if l := inList(t, config, "southshire-police"); l.State != "approved" || l.Kind != events.KindPolice || len(l.Types) == 0 || l.Expires.IsZero() || l.Approved.IsZero() {
		t.Errorf("listed as %+v", l)
	}
	stop()
	stop, _ = runUntil(t, "hub", config)
	ready(t, "http://"+hubAddr+"/readyz")
	if code, said := publish("second"); code != exitGood {
		t.Fatalf("after a restart: exit %d: %s", code, said)
	}

	cut := make(chan struct{}, 8)
	nc, err := nats.Connect("nats://"+natsAddr, nats.UserCredentials(as[3]), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { cut <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	must("hub", "revoke", "-config", config, "southshire-police")
	select {
	case <-cut:
	case <-time.After(2 * time.Second):
		t.Error("the connection of a revoked agency lives on")
	}
	refused := func(when string) {
		t.Helper()
		if nc, err := nats.Connect("nats://"+natsAddr, nats.UserCredentials(as[3])); err == nil {
			nc.Close()
			t.Errorf("%s: a revoked agency is let in", when)
		}
		if code, said := publish("third"); code == exitGood {
			t.Errorf("%s: %s", when, said)
		}
	}
	refused("at once")
	search := []byte(`{"name":{"given":"Wren","family":"Testerly"},"dateOfBirth":"2015-06-14","purpose":"s47"}`)
	if status, body := post(t, "http://"+hubAddr+"/v1/children/search", "officer-token", search); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	must("hub", "revoke", "-config", config, "northshire-police") // one of the configuration
	if status, _ := post(t, "http://"+hubAddr+"/v1/children/search", "officer-token", search); status != http.StatusUnauthorized {
		t.Errorf("a user of a revoked agency gets %d", status)
	}
	stop()
	stop, _ = runUntil(t, "hub", config)
	ready(t, "http://"+hubAddr+"/readyz")
	refused("after a restart")
	if status, _ := post(t, "http://"+hubAddr+"/v1/children/search", "officer-token", search); status != http.StatusUnauthorized {
		t.Errorf("after a restart a user of a revoked agency gets %d", status)
	}
	if l := inList(t, config, "southshire-police"); l.State != "revoked" || len(l.Types) > 0 {
		t.Errorf("listed as %+v", l)
	}
	before, err := os.ReadFile(as[3])
	if err != nil {
		t.Fatal(err)
	}
	join()
	if code, said := publish("second"); code != exitGood || !strings.Contains(said, "accepted second") {
		t.Errorf("approved again: exit %d: %s", code, said)
	}
	if err := os.WriteFile(as[3], before, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("with the token of before")
	stop()
	if code, _, errs := runKith(t, "hub", "revoke", "-config", config, string(authority)); code != exitFailed || !strings.Contains(errs, "authority") {
		t.Errorf("the authority: exit %d: %s", code, errs)
	}
	must("hub", "revoke", "-config", config, "southshire-police") // while no hub runs
	if l := inList(t, config, "southshire-police"); l.State != "revoked" {
		t.Errorf("listed as %+v", l)
	}
}

// TestApprovedBeforeTheHubRuns: what the operator gives an agency before the hub
// ran for the first time is what the hub goes by afterwards.
func TestApprovedBeforeTheHubRuns(t *testing.T) {
	dir := t.TempDir()
	hubAddr, natsAddr := freeAddr(t), freeAddr(t)
	config := conf(t, dir, "hub.json", map[string]any{
		"addr": hubAddr, "adminAddr": freeAddr(t), "data": filepath.Join(dir, "hub"), "nats": map[string]any{"listen": natsAddr},
		"agencies": northshire(), "authority": authority,
	})
	own := filepath.Join(dir, "own")
	for _, do := range [][]string{
		{"agency", "init", "-dir", own, "-id", "southshire-police", "-kind", "police", "-nats", "nats://" + natsAddr},
		{"hub", "approve", "-config", config},
		{"agency", "join", "-dir", own, filepath.Join(own, "given")},
	} {
		if do[0] == "hub" {
			line, err := os.ReadFile(filepath.Join(own, "given"))
			if err != nil {
				t.Fatal(err)
			}
			do = append(do, string(line))
		}
		code, out, errs := runKith(t, do...)
		if code != exitGood {
			t.Fatalf("%v: exit %d: %s%s", do[:2], code, out, errs)
		}
		if err := os.WriteFile(filepath.Join(own, "given"), []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runUntil(t, "hub", config)
	ready(t, "http://"+hubAddr+"/readyz")
	event := filepath.Join(own, "event.json")
	_, sample, _ := runKith(t, "trigger", "police.missing-episode", "-source", "urn:kith:agency:southshire-police")
	if err := os.WriteFile(event, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadAgency(filepath.Join(own, "agency.json"))
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := runKith(t, "publish", event, "-url", c.NATS.URL, "-creds", c.NATS.Creds, "-agency", string(c.Agency.ID), "-verifier", c.Verifier); !strings.Contains(out, "its signature verified") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func fromJSON(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func inList(t *testing.T, config string, id events.AgencyID) (found enlisted) {
	t.Helper()
	code, out, errs := runKith(t, "hub", "agencies", "-config", config, "-json")
	if code != exitGood {
		t.Fatalf("exit %d: %s", code, errs)
	}
	err := lines(strings.NewReader(out), func(l enlisted) error {
		if l.ID == id {
			found = l
		}
		return context.Cause(t.Context())
	})
	if err != nil || found.ID == "" {
		t.Fatalf("%s is not listed: %v", id, err)
	}
	return found
}
