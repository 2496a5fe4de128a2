package gateway

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestAPIPages: the catalogue leads to the API, the API to each operation, and
// there each field that is taken or answered has its row and each problem its
// page.
func TestAPIPages(t *testing.T) {
	w := newWorld(t)
	if !strings.Contains(w.get("/catalogue", "").Body.String(), `href="/catalogue/api"`) {
		t.Error("the catalogue does not lead to the API")
	}
	list := w.get("/catalogue/api", "").Body.String()
	rows := 0
	for pattern, o := range operations() {
		at := "/catalogue/api/" + o.ID
		if !strings.Contains(list, `href="`+at+`"`) || !strings.Contains(list, html.EscapeString(pattern)) {
			t.Errorf("the list does not lead to %s", o.ID)
		}
		rec := w.get(at, "")
		if rec.Code != http.StatusOK {
			t.Errorf("%s: %d", at, rec.Code)
			continue
		}
		page := parse(t, rec)
		var want []string
		for _, c := range append(o.Bodies[:min(1, len(o.Bodies))], o.Answer) {
			s, err := shapeIn("", "", c)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range s.Fields {
				want = append(want, f.Path)
			}
		}
		got := 0
		for _, n := range page.all("td") {
			if attr(n, "data-label") == "Field" {
				got++
			}
		}
		if rows += got; got != len(want) {
			t.Errorf("%s shows %d fields of %d", at, got, len(want))
		}
		for _, k := range o.problems() {
			if !strings.Contains(rec.Body.String(), `href="/problems/`+string(k.Kind)+`"`) {
				t.Errorf("%s says nothing of %s", at, k.Kind)
			}
		}
		if o.Answer.Media != streamType {
			page.one("#response")
		}
	}
	if rec := w.get("/catalogue/api/nothing", ""); rec.Code != http.StatusNotFound {
		t.Errorf("%d", rec.Code)
	}
	t.Logf("%d fields on %d pages", rows, len(operations()))
}
