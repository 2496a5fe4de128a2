package gateway

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kith/events"
	"kith/services/ledger"
)

const lookedAt = "/ledger/children/" + string(theChild)

// looks has people of all kinds look at the child.
func (w *world) looks(t *testing.T) {
	t.Helper()
	for _, l := range []struct{ persona, purpose string }{{"chair", "s47"}, {"socialworker", "s17"}, {"police", "s47"}, {"health", "s17"}, {"otherdsl", "s47"}} {
		w.get("/v1/children/"+string(theChild)+"/view?purpose="+l.purpose, l.persona)
	}
}

// Governance sees every look at a child, its own too, and each way of asking has
// its entry first.
func TestWhoLooked(t *testing.T) {
	w := newWorld(t)
	w.looks(t)
	var answer struct {
		Child string
		Reads []struct {
			Reader, Label, Rule, What string
			Ties                      []string
		}
	}
	rec := w.get("/v1"+lookedAt, "governance")
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != http.StatusOK {
		t.Fatalf("%d %v", rec.Code, err)
	}
	if len(answer.Reads) != 4 || answer.Reads[0].Reader != "actor-chair" || answer.Reads[2].Label != "covert" || len(answer.Reads[0].Ties) == 0 {
		t.Errorf("who looked: %+v", answer)
	}
	rows, err := csv.NewReader(w.get(lookedAt+"/csv", "governance").Body).ReadAll()
	if err != nil || len(rows) != 6 || rows[5][6] != "who-looked" || rows[5][10] != "operational" {
		t.Errorf("as CSV: %v %q", err, rows)
	}
	var bundle struct {
		Entry []struct {
			Resource struct {
				ResourceType string
				Agent        []struct{ Requestor bool }
				Entity       []any
			}
		}
	}
	if err := json.Unmarshal(w.get(lookedAt+"/fhir", "governance").Body.Bytes(), &bundle); err != nil || len(bundle.Entry) != 6 ||
		bundle.Entry[0].Resource.ResourceType != "AuditEvent" || !bundle.Entry[0].Resource.Agent[0].Requestor || len(bundle.Entry[0].Resource.Entity) < 2 {
		t.Errorf("as FHIR: %v %+v", err, bundle)
	}
	page := parse(t, w.get(lookedAt, "governance"))
	page.says("main", "actor-police")
	page.says("main", "Nobody outside: covert")
	if n := len(w.reads); n != 9 || w.reads[8].What != "who-looked" || w.reads[8].Reader != "actor-governance" {
		t.Errorf("looking at the ledger left %d entries, the last %+v", n, w.reads[n-1])
	}
	for _, wrong := range []string{"/v1" + lookedAt + "/release", "/v1" + lookedAt + "/release?to=press"} {
		if rec := w.get(wrong, "governance"); rec.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", wrong, rec.Code)
		}
	}
}

// A child of whom nobody asked and one that does not exist give the same answer,
// and leave the same entry.
func TestWhoLookedAtNobody(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"", "/release?to=child"} {
		there, absent := w.get("/v1"+lookedAt+path, "governance"), w.get("/v1/ledger/children/"+strings.Repeat("x", len(theChild))+path, "governance")
		if a, b := strings.ReplaceAll(whole(there), string(theChild), "C"), strings.ReplaceAll(whole(absent), strings.Repeat("x", len(theChild)), "C"); a != b {
			t.Errorf("%s:\n%s\n%s", path, a, b)
		}
	}
	for _, e := range w.reads {
		if e.Child != "" {
			t.Errorf("recorded under a child: %+v", e)
		}
	}
}

// What a parent or carer is told is the same, headers and all, whether or not
// police and the authority looked in secret.
func TestReleaseHidesWhatItLeavesOut(t *testing.T) {
	for _, form := range []string{"/v1" + lookedAt, lookedAt} {
		for to, lines := range map[string]int{"guardian": 2, "child": 3} {
			w := newWorld(t)
			w.looks(t)
			for _, i := range []int{1, 3} { // as they are where nothing in the view has to be kept from the family
				w.reads[i].Label = events.EntryReleasable
			}
			all := w.get(form+"/release?to="+to, "governance")
			w.reads = slices.DeleteFunc(w.reads, func(e ledger.Entry) bool {
				return e.Label != events.EntryReleasable && (to == "guardian" || e.Label != events.EntryNeverGuardian)
			})
			rest := w.get(form+"/release?to="+to, "governance")
			if whole(all) != whole(rest) {
				t.Errorf("%s to %s:\n%s\n%s", form, to, whole(all), whole(rest))
			}
			if got := strings.Count(all.Body.String(), `"day"`) + strings.Count(all.Body.String(), `data-label="Day"`); got != lines {
				t.Errorf("%s to %s: %d lines, want %d\n%s", form, to, got, lines, all.Body)
			}
			for _, secret := range []string{"northshire-police", "Northshire Police", "actor-", "osition"} {
				if strings.Contains(all.Body.String(), secret) {
					t.Errorf("%s to %s: says %s", form, to, secret)
				}
			}
		}
	}
}

// What a spreadsheet program would run stands as text.
func TestSpreadsheetRunsNothing(t *testing.T) {
	var b strings.Builder
	if err := (spreadsheet{}).Execute(&b, [][]string{{"=1+1", "@x", "-2", "plain", ""}}); err != nil || b.String() != "'=1+1,'@x,'-2,plain,\r\n" {
		t.Errorf("%v %q", err, b.String())
	}
}
