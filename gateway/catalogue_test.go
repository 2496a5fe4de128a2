package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kith/events"
	"kith/services/intake"
)

// TestCatalogue: every type and every code has a page, and the list leads to it.
func TestCatalogue(t *testing.T) {
	w := newWorld(t)
	list := w.get("/catalogue", "").Body.String()
	n := 0
	for typ := range events.FactTypes() {
		n++
		at := "/catalogue/" + string(typ)
		if !strings.Contains(list, `href="`+at+`"`) {
			t.Errorf("the list does not lead to %s", typ)
		}
		page := w.get(at, "")
		for _, want := range []string{`id="fields"`, `id="example"`, `id="audience"`, "The data of a CloudEvent of type", "fact.", "events." + typ.Family() + "."} {
			if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), want) {
				t.Errorf("%s: %d, lacks %s", typ, page.Code, want)
			}
		}
	}
	if strings.Contains(list, "The data of a CloudEvent") {
		t.Error("the list says of each type that it is one")
	}
	for _, x := range intake.Explanations() {
		if page := w.get("/refusals/"+x.Code, ""); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "What to do") || !strings.Contains(list, `href="/refusals/`+x.Code+`"`) {
			t.Errorf("%s: %d", x.Code, page.Code)
		}
	}
	if n < 15 {
		t.Errorf("%d types", n)
	}
	schema := w.get("/schemas/police/missing-episode.v1.json", "")
	if schema.Code != http.StatusOK || !json.Valid(schema.Body.Bytes()) {
		t.Errorf("%d", schema.Code)
	}
	for _, none := range []string{"/catalogue/uk.kith.police.nothing.v1", "/refusals/nothing", "/schemas/nothing.json", "/schemas/../go.mod"} {
		if got := w.get(none, ""); got.Code == http.StatusOK {
			t.Errorf("%s: %d", none, got.Code)
		}
	}
}
