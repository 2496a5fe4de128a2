package intake_test

import (
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/intake"
)

func TestCheckMessage(t *testing.T) {
	a := events.Agency{ID: "a-school", Kind: events.KindEducation, Source: "urn:a-school"}
	data, _ := events.Example("uk.kith.education.concern.v1")
	whole := `{"specversion":"1.0","id":"1","source":"urn:a-school","type":"uk.kith.education.concern.v1","data":` + string(data) + `}`
	late := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		body string
		now  time.Time
		code string
	}{
		"sound":            {whole, late, ""},
		"of tomorrow":      {whole, late.AddDate(-2, 0, 0), intake.Future},
		"another's source": {strings.Replace(whole, "urn:a-school", "urn:b-school", 1), late, intake.WrongSource},
		"another's type":   {strings.Replace(whole, "education.concern", "police.missing-episode", 1), late, intake.WrongAgency},
		"unknown field":    {strings.Replace(whole, `"basis"`, `"bases"`, 1), late, intake.Schema},
		"half":             {whole[:40], late, intake.Malformed},
	} {
		got := intake.CheckMessage(a, bus.Message{Body: []byte(c.body)}, nil, c.now)
		if c.code == "" && len(got) > 0 || c.code != "" && (len(got) == 0 || got[0].Code != c.code) {
			t.Errorf("%s: %v, want %q", name, got, c.code)
		}
	}
}
