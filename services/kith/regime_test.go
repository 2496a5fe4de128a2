package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The duty to share commences by one command, on the running hub: before it a
// hospital's legal obligation is refused, after it accepted, and whoever may see
// the item is told by which section. What was shown before stays as it was.
func TestDutyCommences(t *testing.T) {
	w := newWorld(t)
	amara := kid{given: "Amara", family: "Okafor-Wells", born: "2017-03-09", nhs: "9990002010", upn: "A999400121101"}
	share := func(id string) answer {
		report := shared("core", []any{amara.person("duty-1")}, map[string]any{"service": "Speech therapy", "appointmentAt": time.Now().UTC().Add(-3 * time.Hour).Format(time.RFC3339), "missedLastYear": 2})
		report["basis"] = map[string]any{"article6": "legal-obligation", "article9": "health-or-social-care"}
		return w.ask(t, "health", "POST", "/v1/events", "application/cloudevents+json", string(cloudEvent("urn:kith:agency:northshire-hospital", id, "uk.kith.health.was-not-brought.v1", report)))
	}
	if a := share("duty-1"); !strings.Contains(a.body, "unlawful-basis") || !strings.Contains(a.body, "16LA") {
		t.Fatalf("before: %d %s", a.status, a.body)
	}
	if a := w.regime(t, exitGood, "show"); a.Duty || a.From != nil {
		t.Errorf("before: %+v", a)
	}
	w.regime(t, exitFailed, "commence", "-from", "2026-01-01", "-instrument", "S.I. 2026/999")
	w.regime(t, exitFailed, "commence", "-from", "2026-05-01")
	if a := w.regime(t, exitGood, "commence", "-from", "2026-05-01", "-instrument", "S.I. 2026/999"); !a.Duty || a.Instrument != "S.I. 2026/999" {
		t.Errorf("commenced: %+v", a)
	}
	w.want(t, http.StatusAccepted, share("duty-2"), "after commencement")

	child := w.findOne(t, "chair", amara)
	named := func() (n int) {
		for _, i := range w.view(t, "chair", child, "purpose=s47").Items {
			if strings.Contains(fmt.Sprint(i.Grounds), "Children Act 2004 section 16LA") {
				n++
			}
		}
		return n
	}
	if n := named(); n != 1 {
		t.Errorf("%d items name the section, want 1", n)
	}
	w.regime(t, exitGood, "revoke", "-reason", "mistyped")
	if a := share("duty-3"); !strings.Contains(a.body, "unlawful-basis") {
		t.Errorf("revoked: %d %s", a.status, a.body)
	}
	if n := named(); n != 1 {
		t.Errorf("after it was revoked %d items name the section, want 1 still", n)
	}
}

// regime runs the command against the world's hub.
func (w *world) regime(t *testing.T, code int, args ...string) (a regimeAnswer) {
	t.Helper()
	var out, said bytes.Buffer
	args = append([]string{"regime"}, append(args, "-json", "-data", filepath.Join(w.dir, "hub"))...)
	if got := run(t.Context(), args, &out, &said); got != code {
		t.Fatalf("%v: %d %s", args, got, said.String())
	}
	if code == exitGood {
		if err := json.Unmarshal(out.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
	} else if !strings.Contains(said.String(), "-from") && !strings.Contains(said.String(), "-instrument") {
		t.Errorf("%v: does not say what is wrong: %s", args, said.String())
	}
	return a
}
