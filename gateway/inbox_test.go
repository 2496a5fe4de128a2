package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// An agency reads what is for it, that it did is recorded, and what is no number
// or no time is answered with its place.
func TestInbox(t *testing.T) {
	w := newWorld(t)
	a := w.get("/v1/inbox", "health")
	if a.Code != http.StatusOK || !strings.Contains(a.Body.String(), `"id":"told-northshire-hospital-1"`) || !strings.Contains(a.Body.String(), `"next":"1"`) {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if len(w.reads) != 1 || w.reads[0].What != "message" || w.reads[0].Child != theChild || w.reads[0].Agency != "northshire-hospital" {
		t.Errorf("the ledger says %+v", w.reads)
	}
	for _, none := range []struct{ path, who string }{{"/v1/inbox?after=1&wait=10ms", "health"}, {"/v1/inbox", "police"}} {
		if a := w.get(none.path, none.who); a.Code != http.StatusOK || !strings.Contains(a.Body.String(), `"messages":[]`) {
			t.Errorf("%s as %s: %d %s", none.path, none.who, a.Code, a.Body)
		}
	}
	seen := len(w.reads)
	for path, next := range map[string]string{"/v1/inbox?include=answers": "0.41", "/v1/inbox?include=answers&after=7": "7.41", "/v1/inbox?after=7.41&wait=10ms": "7.41"} {
		if a := w.get(path, "health"); a.Code != http.StatusOK || !strings.Contains(a.Body.String(), `"next":"`+next+`"`) || strings.Contains(a.Body.String(), `"id":"`+sentDigest+`"`) != strings.Contains(path, "include") {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	if len(w.reads) != seen {
		t.Errorf("an answer to what an agency sent is recorded as a disclosure: %+v", w.reads[seen:])
	}
	for path, place := range map[string]string{"/v1/inbox?after=x": "after", "/v1/inbox?after=-1": "after", "/v1/inbox?wait=1h": "wait", "/v1/inbox?wait=soon": "wait",
		"/v1/inbox?after=7.": "after", "/v1/inbox?after=7.x": "after", "/v1/inbox?after=.7": "after", "/v1/inbox?include=everything": "include"} {
		if a := w.get(path, "health"); a.Code != http.StatusBadRequest || !strings.Contains(a.Body.String(), `"`+place+`"`) {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}
