package native

import (
	"testing"
	"time"

	"kith/events"
)

// A day begins at midnight on the clocks of England, on both sides of each change.
func TestBeginning(t *testing.T) {
	for day, want := range map[events.Date]string{
		"2026-01-15": "2026-01-15T00:00:00Z",
		"2026-03-28": "2026-03-28T00:00:00Z",
		"2026-03-29": "2026-03-29T00:00:00Z", // the clocks go forward at one in the morning
		"2026-03-30": "2026-03-29T23:00:00Z",
		"2026-07-01": "2026-06-30T23:00:00Z",
		"2026-10-24": "2026-10-23T23:00:00Z",
		"2026-10-25": "2026-10-24T23:00:00Z", // the clocks go back at two
		"2026-10-26": "2026-10-26T00:00:00Z",
		"1970-06-01": "1970-05-31T23:00:00Z", // British Standard Time: summer time all year
		"1970-12-01": "1970-11-30T23:00:00Z",
	} {
		if got := Beginning(day).Format(time.RFC3339); got != want {
			t.Errorf("%s begins at %s, want %s", day, got, want)
		}
	}
	for _, none := range []events.Date{"", "2026-02-30", "1/2/2026"} {
		if got := Beginning(none); !got.IsZero() {
			t.Errorf("%q begins at %s", none, got)
		}
	}
}
