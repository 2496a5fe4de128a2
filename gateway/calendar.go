package gateway

import (
	"strconv"
	"strings"
	"time"

	"kith/events"
	"kith/services/fault"
)

// calendar writes and reads times as people at the partnership's place do.
type calendar struct{ place *time.Location }

// Moment is "Mon 12 Oct 2026, 14:05".
func (c calendar) Moment(t time.Time) string { return t.In(c.place).Format("Mon 2 Jan 2006, 15:04") }

// Date is "12 Oct 2026".
func (c calendar) Date(t time.Time) string { return t.In(c.place).Format("2 Jan 2006") }

// Hour is "Mon 14:05".
func (c calendar) Hour(t time.Time) string { return t.In(c.place).Format("Mon 15:04") }

// Short is "12 Oct 2026, 14:05".
func (c calendar) Short(t time.Time) string { return t.In(c.place).Format("2 Jan 2006, 15:04") }

// Stamp is the machine's form, in the same zone.
func (c calendar) Stamp(t time.Time) string { return t.In(c.place).Format(time.RFC3339) }

// Day is "Mon 12 Oct 2026", or what was written where that is not a day.
func (c calendar) Day(d events.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("Mon 2 Jan 2006")
}

// day is noon of a day, or the zero time; noon is on that day everywhere here.
func (c calendar) day(d events.Date) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), c.place)
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}

// Days is "1 Sep to 30 Oct 2026", in full.
func (c calendar) Days(from, to events.Date) string { return c.Day(from) + " to " + c.Day(to) }

// parse reads a moment from an address or a form: RFC 3339, or the zoneless form
// of a date-and-time field. Nothing is nil.
func (c calendar) parse(field, s string) (*time.Time, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return &t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, c.place); err == nil {
			return &t, nil
		}
	}
	return nil, &fault.Error{Kind: fault.Invalid, Text: "A date and time could not be read.",
		At: []fault.Place{{Pointer: field, Detail: "Give a date and time, for example 2026-10-12T14:05:00Z."}}}
}

// age is in whole years, and in months for a child under two.
func age(born events.Date, now time.Time) string {
	b, err := time.Parse(time.DateOnly, string(born))
	if err != nil || b.After(now) {
		return ""
	}
	months := (now.Year()-b.Year())*12 + int(now.Month()) - int(b.Month())
	if now.Day() < b.Day() {
		months--
	}
	if months < 24 {
		return plural(months, "month", "months")
	}
	return strconv.Itoa(months/12) + " years"
}
