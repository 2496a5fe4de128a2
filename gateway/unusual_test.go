package gateway

import (
	"net/http"
	"net/url"
	"testing"
)

// Governance sees what a pattern found, with why, and decides; what is not
// complete comes back with what is missing.
func TestUnusualLooks(t *testing.T) {
	w := newWorld(t)
	page := parse(t, w.get("/unusual", "governance"))
	page.says("main", "Nobody in that post works at this hour.")
	page.says("main", "actor-police, Northshire Police")
	page.says("main", "2 looks")
	rec := w.post("/unusual/at-night-17", "governance", url.Values{"outcome": {"fine"}})
	if parse(t, rec).says("#error-summary", "Say why."); rec.Code != http.StatusBadRequest {
		t.Errorf("without a note: %d", rec.Code)
	}
	if rec := w.post("/unusual/at-night-17", "governance", url.Values{"outcome": {"investigate"}, "note": {"The rota says nothing."}}); rec.Code != http.StatusSeeOther {
		t.Errorf("a decision: %d", rec.Code)
	}
	if rec := w.post("/unusual/at-night-18", "governance", url.Values{"outcome": {"fine"}, "note": {"x"}}); rec.Code != http.StatusNotFound {
		t.Errorf("a finding that is not there: %d", rec.Code)
	}
	if len(w.acts) != 1 || w.acts[0] != "review at-night-17 investigate" {
		t.Errorf("done: %q", w.acts)
	}
	if n := len(w.reads); n != 2 || w.reads[0].What != "who-looked" || w.reads[0].Child != "" {
		t.Errorf("looking at the list left %d entries: %+v", n, w.reads)
	}
}
