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
		{[]string{"bench", "decide", "-json", "-reads", "10"}, []string{"decision", "view_p50", "view_p99"}},
		{[]string{"bench", "decode", "-json"}, []string{"1KiB_translate", "1KiB_validate", "1KiB_both", "police_encompass_translate", "health_fhir_translate",
			"education_concerns_translate", "socialcare_records_translate", "socialcare_records_validate"}},
		{[]string{"bench", "existence", "-json", "-reads", "100"}, []string{"view_t", "view_difference", "act_t", "search_t", "concern_t"}},
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

// TestFlood: one agency sends ten times its quota over NATS. Nobody else waits for
// it, no more than its quota is taken, and in the end nothing of it is lost.
func TestFlood(t *testing.T) {
	t.Setenv(asKith, "1") // for the process that floods
	var out, said bytes.Buffer
	if code := run(t.Context(), []string{"bench", "flood", "-json", "-seconds", "2", "-rate", "30", "-dir", t.TempDir()}, &out, &said); code != exitGood {
		t.Fatalf("ended with %d: %s", code, said.String())
	}
	got := map[string]float64{}
	for s := bufio.NewScanner(&out); s.Scan(); {
		var m measurement
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		got[m.Metric] = m.Value
	}
	t.Logf("%.0f events of three agencies all have receipts, p50 %.1f ms beside what was agreed and %.1f ms in the flood; %.0f events poured, %.0f taken in the %.1f s of it, the last after %.1f s, 0 lost",
		got["others_events"], got["agreed_receipt_p50"], got["flooded_receipt_p50"], got["flood_events"], got["flood_taken_meanwhile"], got["flood_seconds"], got["drained_after_seconds"])
	if got["others_events"] != 120 || got["flood_events"] < 10*quotaOfFlood {
		t.Errorf("%v", got)
	}
	// Not even at its beginning does more come through than the others can bear.
	if most := quotaOfFlood * (got["flood_seconds"] + 0.5); got["flood_taken_meanwhile"] > most {
		t.Errorf("%.0f events of the flood were taken, more than %.0f", got["flood_taken_meanwhile"], most)
	}
	// Without the quota it is seconds: everything of the flood comes first.
	if p50 := got["flooded_receipt_p50"]; p50 > 1000 && p50 > 10*got["agreed_receipt_p50"] {
		t.Errorf("the others wait %.0f ms for their receipts", p50)
	}
}
