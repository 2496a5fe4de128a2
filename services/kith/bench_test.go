package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"
)

// The benchmarks run, briefly, and print what scripts read: one object a line,
// each with its conditions. What they measure is nobody's business here.
func TestBench(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"bench", "append", "-json", "-seconds", "1"}, []string{"events_per_second", "raw_sqlite_events_per_second", "jetstream_single_events_per_second",
			"jetstream_batch_events_per_second", "ratio_to_raw_sqlite", "ratio_to_jetstream_batch"}},
		{[]string{"bench", "stream", "-json", "-reads", "10", "-events", "4000"}, []string{"read_p99", "append_p99", "read_p99_ratio_to_100k"}},
		{[]string{"bench", "rebuild", "-json", "-events", "2000"}, []string{"build_events_per_second", "events_per_second"}},
		{[]string{"bench", "recover", "-json", "-events", "2000"}, []string{"ready_seconds", "rss_mb", "heap_mb", "children"}},
		{[]string{"bench", "ingest", "-json", "-seconds", "1", "-rate", "20"}, []string{"events_per_second", "receipt_p50", "receipt_p99", "visible_p50", "visible_p99"}},
		{[]string{"bench", "view", "-json", "-reads", "10"}, []string{"first_read_p50", "p50", "p99"}},
	} {
		t.Setenv(asKith, "1") // for the hub that it starts and kills
		var out, said bytes.Buffer
		if code := run(t.Context(), append(c.args, "-dir", t.TempDir()), &out, &said); code != exitGood {
			t.Fatalf("%v ended with %d: %s", c.args, code, said.String())
		}
		seen := map[string]bool{}
		for s := bufio.NewScanner(&out); s.Scan(); {
			var m measurement
			if err := json.Unmarshal(s.Bytes(), &m); err != nil {
				t.Fatalf("%v: %s", err, s.Text())
			}
			if m.Bench != c.args[1] || m.Value <= 0 || m.Unit == "" || m.Conditions["store"] == "" || m.Conditions["cpus"] == "" {
				t.Errorf("%s lacks something", s.Text())
			}
			seen[m.Metric] = true
		}
		for _, want := range c.want {
			if !seen[want] {
				t.Errorf("%v prints no %s", c.args, want)
			}
		}
	}
}
