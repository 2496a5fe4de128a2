package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/events/bus"
)

// Every sample of the health doors goes the whole way: door, outbox, NATS, intake
// and log, to a receipt for each event that comes of it. Sent again, each gets the
// receipts it had.
func TestHealthSamplesGetReceipts(t *testing.T) {
	w := newWorld(t)
	doors := map[string]string{"bundle": "/fhir", "fhir": "/fhir", "record": "/records", "mns": "/mns"}
	paths, err := filepath.Glob("../health/testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	national, err := filepath.Glob("../health/testdata/mns/*.json")
	if err != nil {
		t.Fatal(err)
	}
	records, receipts := 0, 0
	for _, path := range append(paths, national...) {
		if strings.HasSuffix(path, ".golden.json") {
			continue
		}
		kind, _, _ := strings.Cut(filepath.Base(path), "-")
		if filepath.Base(filepath.Dir(path)) == "mns" {
			kind = "mns"
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var first int64
		for range 2 {
			a := w.want(t, http.StatusAccepted, w.ask(t, "health", "POST", "/agencies/northshire-hospital"+doors[kind], "application/fhir+json", string(raw)), path)
			got := into[struct {
				Receipts []bus.Receipt `json:"receipts"`
				Waiting  int           `json:"waiting"`
			}](t, a)
			if len(got.Receipts) == 0 || got.Waiting != 0 {
				t.Fatalf("%s: %s", path, a.body)
			}
			if p := int64(got.Receipts[0].Position); first != 0 && p != first {
				t.Errorf("%s: sent again it is recorded again", path)
			} else {
				first = p
			}
			receipts += len(got.Receipts)
		}
		records++
	}
	if records < 30 {
		t.Errorf("only %d records", records)
	}
	t.Logf("%d records sent twice, %d receipts", records, receipts)
}
