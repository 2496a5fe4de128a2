package main

import (
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/intake"
)

// A sample of each type is one that the hub accepts whatever the clock says, and
// nobody in it is born on another day.
func TestSamplesFollowTheClock(t *testing.T) {
	n := 0
	for _, now := range []time.Time{time.Now(), time.Date(2024, 2, 29, 0, 30, 0, 0, time.UTC), time.Date(2031, 7, 1, 23, 30, 0, 0, time.UTC)} {
		for typ := range events.FactTypes() {
			a := events.Agency{ID: "a", Kind: events.AgencyKind(typ.Family()), Source: "urn:a"}
			e, err := sampleEvent(typ, a.Source, "1", "", now)
			if err != nil {
				t.Fatal(err)
			}
			m := bus.Message{Body: []byte(e)}
			for _, c := range intake.CheckMessage(a, m, nil, now) {
				t.Errorf("%s on %s: %s %s", typ, now.Format(time.DateOnly), c.Pointer, c.Detail)
			}
			got, err := bus.Decode(m)
			if err != nil {
				t.Fatal(err)
			}
			r, err := events.DecodeReport(typ, got.Data())
			golden, _ := events.Example(typ)
			if err != nil || now.Sub(r.RecordedAt) > 48*time.Hour || r.RecordedAt.After(now) || !got.Time().Equal(r.OccurredAt) {
				t.Errorf("%s: recorded %s, %v", typ, r.RecordedAt, err)
			}
			for _, p := range r.About {
				if !strings.Contains(string(golden), `"dateOfBirth": "`+string(p.DateOfBirth)+`"`) && p.DateOfBirth != "" {
					t.Errorf("%s: somebody is born on another day", typ)
				}
			}
			n++
		}
	}
	t.Logf("%d samples", n)
}
