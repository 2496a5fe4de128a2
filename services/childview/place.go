package childview

import (
	"sync"
	"time"
	_ "time/tzdata" // so that a day in England is the same on a machine without a zone database

	"kith/events"
)

// england is where the agencies are: their days begin and end there.
var england = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // not with the database embedded
	}
	return l
})

func dayOf(t time.Time) events.Date { return events.Date(t.In(england()).Format(time.DateOnly)) }

// moment is "Mon 12 Oct 2026, 14:05".
func moment(t time.Time) string { return t.In(england()).Format("Mon 2 Jan 2006, 15:04") }

// day is "Mon 12 Oct 2026", or what was written where that is not a day.
func day(d events.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("Mon 2 Jan 2006")
}
