package nativetest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"kith/events"
)

// Taken: what a door takes, the hub takes too; else its sender would be told
// "taken" and hear of the mistake later, in words about an event they never saw.
// Every text of every sample, and every cell of its CSV, is replaced by what an
// agency's system may hold and the hub does not take.
func Taken(t *testing.T, door Door) {
	var taken []events.Notice
	seen, tried := map[string]bool{}, 0
	for _, path := range samples(t) {
		for _, bad := range []string{
			strings.Repeat("long ", 60), strings.Repeat("Long, long ", 3000), "x@", "0000000000", "2026-13-45", " ", "Ab\u0000c", "\u2028", "name", "ünïcödé",
		} {
			each(t, path, bad, func(raw []byte) {
				tried++
				ns, err := door(t, path)(raw)
				if err != nil && Places(err) == nil {
					t.Errorf("%s: %v", path, err)
				}
				for _, n := range ns {
					data, err := events.EncodeReport(n.Report)
					if err != nil {
						t.Fatal(err)
					}
					if !seen[string(data)] {
						taken = append(taken, n)
					}
					seen[string(data)] = true
				}
			})
		}
	}
	Fits(t, taken...)
	t.Logf("%d records tried, %d notices of those that were taken", tried, len(taken))
}

// each hands on the sample with one text replaced after the other.
func each(t *testing.T, path, bad string, try func([]byte)) {
	t.Helper()
	raw := File(t, path)
	if filepath.Ext(path) == ".csv" {
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			for i, cell := range row {
				row[i] = bad
				var b bytes.Buffer
				if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
					t.Fatal(err)
				}
				try(b.Bytes())
				row[i] = cell
			}
		}
		return
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	replace(doc, func(set func(any)) {
		set(bad)
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		try(raw)
	})
}

// replace hands every text in a document to be set, one after the other.
func replace(v any, each func(set func(any))) {
	one := func(x any, set func(any)) {
		if _, ok := x.(string); ok {
			each(set)
			set(x)
			return
		}
		replace(x, each)
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			one(x, func(to any) { v[k] = to })
		}
	case []any:
		for i, x := range v {
			one(x, func(to any) { v[i] = to })
		}
	}
}
