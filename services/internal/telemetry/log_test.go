package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

func TestNothingPersonalLeavesInALog(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out, "kith-test")
	_, numErr := strconv.Atoi(canary)
	_, timeErr := time.Parse(time.RFC3339, canary)
	var into struct{ Name bool }
	jsonErr := json.Unmarshal([]byte(`{"name": 4857773456}`), &into)
	for _, err := range []error{numErr, timeErr, jsonErr,
		fmt.Errorf("decode: %w", numErr), errors.New("no row 4857773456 born 2015-03-04"),
		&fault.Error{Kind: fault.Internal, Text: "It went wrong.", Err: numErr}} {
		log.Error("went wrong", "error", err)
		log.Error("went wrong", "error", err.Error())
	}
	log.Info("seen",
		"child", canary, "reference", canary, slog.Group("person", "name", canary), "person", events.Name{Given: canary},
		"code", events.Name{Given: canary}, "kind", []string{canary}, "type", strings.Repeat(canary, 20))
	log.With("family", canary).WithGroup("who").Info("seen", "given", canary)
	for _, part := range []string{canary, "Zebedee", "4857773456", "48577", "2015-03"} {
		if strings.Contains(out.String(), part) {
			t.Errorf("the log holds %q:\n%s", part, out.String())
		}
	}
}

func TestWhatALogKeeps(t *testing.T) {
	var out bytes.Buffer
	newLogger(&out, "kith-test").Warn("refused",
		"agency", events.AgencyID("northshire-police"), "count", 3, "reference", "0af7651916cd43dd8448eb211c80319c", "duration", time.Second,
		"error", &fault.Error{Kind: fault.Internal, Text: "Try later.", Err: errors.New("disk full")})
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]any{
		"service": "kith-test", "level": "WARN", "msg": "refused", "reference": "0af7651916cd43dd8448eb211c80319c", "agency": "northshire-police",
		"count": 3.0, "duration": 1e9, "error": "internal: Try later.: disk full",
	} {
		if line[k] != want {
			t.Errorf("%s = %v, want %v", k, line[k], want)
		}
	}
}

// A terminal shows what somebody has to see, and no word about errors that there
// were none.
func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	tel, _ := StartForTest("kith-test", &out)
	tel.Quiet()
	log := tel.Log.With("agency", "a").WithGroup("")
	log.Info("all is well", "error", nil)
	if out.Len() > 0 {
		t.Error(out.String())
	}
	log.Warn("look at this", "error", error(nil))
	if s := out.String(); !strings.Contains(s, "look at this") || !strings.Contains(s, `"agency":"a"`) || strings.Contains(s, "error") {
		t.Error(s)
	}
}

func TestErrorLogKeepsFirstWords(t *testing.T) {
	var out bytes.Buffer
	tel, _ := StartForTest("kith-test", &out)
	tel.ErrorLog().Printf("http: panic serving 203.0.113.9:1234: %s", canary)
	if s := out.String(); !strings.Contains(s, "http: panic serving") || strings.Contains(s, canary) || strings.Contains(s, "203.0") {
		t.Error(s)
	}
}
