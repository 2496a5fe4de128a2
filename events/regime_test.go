package events_test

import (
	"testing"
	"time"

	"kith/events"
)

// What held at a moment is judged by what was recorded by then.
func TestDutyInForce(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2027, 9, n, 12, 0, 0, 0, time.UTC) }
	commenced := func(at, from int) events.RegimeRecord {
		return events.RegimeRecord{Regime: events.DutyCommenced{From: day(from)}, At: day(at)}
	}
	revoked := func(at int) events.RegimeRecord {
		return events.RegimeRecord{Regime: events.DutyRevoked{}, At: day(at)}
	}
	for name, tc := range map[string]struct {
		law events.LegalRegime
		at  time.Time
		in  bool
	}{
		"nothing recorded":               {nil, day(9), false},
		"to come":                        {events.LegalRegime{commenced(1, 5)}, day(4), false},
		"its first moment":               {events.LegalRegime{commenced(1, 5)}, day(5), true},
		"a moment before":                {events.LegalRegime{commenced(1, 5)}, day(5).Add(-1), false},
		"in force, recorded later":       {events.LegalRegime{commenced(8, 5)}, day(6), false},
		"in force, and recorded":         {events.LegalRegime{commenced(8, 5)}, day(8), true},
		"another day takes its place":    {events.LegalRegime{commenced(1, 5), commenced(4, 9)}, day(6), false},
		"an earlier day takes its place": {events.LegalRegime{commenced(1, 9), commenced(4, 5)}, day(6), true},
		"before it was revoked":          {events.LegalRegime{commenced(1, 5), revoked(7)}, day(6), true},
		"from when it was revoked":       {events.LegalRegime{commenced(1, 5), revoked(7)}, day(7), false},
		"recorded again":                 {events.LegalRegime{commenced(1, 5), revoked(7), commenced(8, 5)}, day(8), true},
		"between":                        {events.LegalRegime{commenced(1, 5), revoked(7), commenced(8, 5)}, day(7).Add(1), false},
	} {
		if got := tc.law.Duty(tc.at); got != tc.in {
			t.Errorf("%s: %v", name, got)
		}
	}
}
