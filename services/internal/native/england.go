package native

import (
	"sync"
	"time"
	_ "time/tzdata" // so that a day in England is the same on a machine without a zone database

	"kith/events"
)

// England is where the agencies' clocks are: a time that names no zone is one there.
func England() *time.Location { return england() }

var england = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // cannot be: the zones are built in
	}
	return l
})

// Beginning is when a day begins in England; no time for what is no day. In summer
// that is an hour before it does in UTC, and would be shown as one in the morning.
func Beginning(day events.Date) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(day), england())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
