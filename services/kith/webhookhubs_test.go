package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"kith/events"
)

// Of two hubs over one log one serves the webhooks. When it is killed the other
// goes on where it was: nothing is missing, and what arrived does not come again.
func TestTwoHubsOneWebhook(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: runs and kills real processes; run without -short")
	}
	s, r := newHookServer(t), newReplicas(t)
	var ask [2]*world
	for i, v := range r.hubs {
		r.serves(t, i, s)
		v.startHub(t)
		ask[i] = &world{file: demoFile{URL: v.hubURL, Tokens: map[string]string{"dsl": "dsl-token", "socialworker": "worker-token"}}}
	}
	for i, v := range r.hubs {
		v.ready(t)
		ask[i].file.Verifier = regexp.MustCompile(`kith-hub\+\S+`).FindString(v.hub.said.String())
	}
	raise := func(at *world, n int) {
		t.Helper()
		k := kid{given: "Wren", family: fmt.Sprintf("Testerley%c", 'a'+n), born: "2014-09-12", upn: validUPN(fmt.Sprintf("80120000%04d", 5990+n))}
		ref := raiseConcern(t, at, k)
		at.post(t, "socialworker", "/v1/concerns/"+ref+"/decision", `{"decision":"strategy-discussion","rationale":"Bruising.","nextStep":"Today."}`, http.StatusAccepted)
	}
	raise(ask[0], 0)
	raise(ask[0], 1)
	s.until(t, 2)
	serving := -1
	for i, v := range r.hubs {
		if code, _ := order(t, "webhook", "list", "-config", filepath.Join(v.dir, "hub.json")); code == exitGood {
			if serving >= 0 {
				t.Error("both hubs serve the webhook")
			}
			serving = i
		}
	}
	if serving < 0 {
		t.Fatal("no hub serves the webhook")
	}
	time.Sleep(200 * time.Millisecond) // that the second arrived is on disk
	r.hubs[serving].hub.kill(t)
	raise(ask[1-serving], 2)
	s.until(t, 3)
	for i, body := range s.got() {
		var e struct{ ID string }
		if want := fmt.Sprintf("told-oakfield-school-%d", i+1); json.Unmarshal([]byte(body), &e) != nil || e.ID != want {
			t.Errorf("%s, want %s", body, want)
		}
	}
}

// serves gives a hub a webhook, and lets a school and the council in.
func (r *replicas) serves(t *testing.T, i int, s *hookServer) {
	t.Helper()
	dir := r.hubs[i].dir
	text, err := os.ReadFile(filepath.Join(dir, "hub.json"))
	var c map[string]any
	if err != nil || json.Unmarshal(text, &c) != nil {
		t.Fatal(err)
	}
	c["origin"], c["webhooks"] = "hub.example", map[events.AgencyID]Webhook{"oakfield-school": s.config()}
	c["doors"] = []string{"oakfield-school", string(authority)}
	c["users"] = []any{
		map[string]any{"actor": "dsl", "name": "dsl", "agency": "oakfield-school", "role": "dsl", "tokenSHA256": hash("dsl-token")},
		map[string]any{"actor": "worker", "name": "worker", "agency": authority, "role": "social-worker", "tokenSHA256": hash("worker-token")},
	}
	conf(t, dir, "hub.json", c)
}
