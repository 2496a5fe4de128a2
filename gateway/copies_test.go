package gateway

import (
	"archive/zip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kith/events"
)

// asksForCopy is a parent's request, with change made to it.
func asksForCopy(change ...string) url.Values {
	v := url.Values{"kind": {"parent"}, "given": {"Martin"}, "family": {"Example"}, "born": {"1984-02-11"}, "responsibility": {"yes"}, "noContact": {"yes"},
		"for": {"subject-access"}, "identity": {"Passport seen"}, "sendTo": {"3 Invented Row\nNorthshire"}, "received": {"2026-11-20"}}
	for i := 0; i < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

// TestCopy takes a father's request from the form to the file: what waits, who
// judges, who looks at where it goes, and what is in it.
func TestCopy(t *testing.T) {
	w := newWorld(t)
	list := "/children/" + string(theChild) + "/copies"
	if rec := w.post(list, "socialworker", asksForCopy("responsibility", "no", "received", "2030-01-01")); rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "parental responsibility") {
		t.Fatalf("a parent without responsibility: %d", rec.Code)
	}
	rec := w.post(list, "socialworker", asksForCopy())
	at := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(at, list+"/") {
		t.Fatalf("the request: %d %s", rec.Code, rec.Body)
	}
	if rec := w.get(list, "chair"); !strings.Contains(rec.Body.String(), "20 Dec 2026") || strings.Contains(rec.Body.String(), "Martin") {
		t.Errorf("the list: %d, without its day or with a name: %s", rec.Code, rec.Body)
	}
	page := w.get(at, "socialworker").Body.String()
	for _, want := range []string{"Martin Example", "0 of 2 confirmed", "child abuse data", "Waits for two people"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	archive := func(persona string) *httptest.ResponseRecorder { return w.post(at+"/archive", persona, url.Values{}) }
	for _, by := range []string{"socialworker", "socialworker", "chair"} {
		if rec := archive("chair"); rec.Code != http.StatusConflict {
			t.Errorf("before two people looked at where it goes: %d", rec.Code)
		}
		if rec := w.post(at+"/address", by, url.Values{}); rec.Code != http.StatusSeeOther {
			t.Fatalf("%s confirms: %d", by, rec.Code)
		}
	}
	nothing := files(t, archive("chair"))
	if strings.Contains(nothing["2-copy.html"], "arrested") || !strings.Contains(nothing["2-copy.html"], "Copy for Martin Example.") {
		t.Error("what two people did not judge is in the copy, or it is not marked")
	}
	item := items(t, page, "Mother pushed down the stairs")
	judge := url.Values{"item": {item}, "judgment": {"include-without"}, "without": {"Mother pushed down the stairs."}, "reason": {"He knows of his arrest."}}
	for _, by := range []string{"socialworker", "chair"} {
		if got := files(t, archive("chair")); got["copy.json"] != nothing["copy.json"] {
			t.Error("one person was enough")
		}
		if rec := w.post(at+"/items", by, judge); rec.Code != http.StatusSeeOther {
			t.Fatalf("%s judges: %d %s", by, rec.Code, rec.Body)
		}
	}
	judged := files(t, archive("chair"))
	if c := judged["2-copy.html"]; !strings.Contains(c, "[left out] Partner arrested") || strings.Contains(c, "stairs") {
		t.Error("what two people judged is not what is in the copy")
	}
	if last := w.reads[len(w.reads)-1]; last.What != "copy" || last.Purpose != events.PurposeSubjectAccess || last.Child != theChild {
		t.Errorf("the ledger has %s last", last.What)
	}
}

// While the ledger is down no copy is made and none is shown.
func TestCopyIsRecordedFirst(t *testing.T) {
	w := newWorld(t)
	at := w.post("/children/"+string(theChild)+"/copies", "socialworker", asksForCopy("noContact", "no")).Header().Get("Location")
	for _, by := range []string{"socialworker", "chair"} {
		w.post(at+"/address", by, url.Values{})
	}
	w.unrecorded = true
	for _, rec := range []*httptest.ResponseRecorder{w.get(at, "socialworker"), w.post(at+"/archive", "socialworker", url.Values{})} {
		if rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "Martin") {
			t.Errorf("%d", rec.Code)
		}
	}
	w.unrecorded = false
	if all, err := w.Copies.Of(t.Context(), theChild); err != nil || len(all) != 1 || len(all[0].Made) != 0 {
		t.Errorf("a copy is said to be made: %v", err)
	}
}

// items finds the id of the item on the page that says something.
func items(t *testing.T, page, says string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, says)
	m := regexp.MustCompile(`name="item" value="([^"]+)"`).FindStringSubmatch(rest)
	if !ok || m == nil {
		t.Fatalf("no item says %q", says)
	}
	return m[1]
}

// files are those of a copy.
func files(t *testing.T, rec *httptest.ResponseRecorder) map[string]string {
	t.Helper()
	body := rec.Body.String()
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Disposition") != `attachment; filename="copy.zip"` || rec.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", rec.Code, rec.Header(), body)
	}
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(b)
	}
	return all
}
