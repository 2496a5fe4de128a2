// Package handover makes, checks and acknowledges the child protection file that a
// school hands to the next one, and says by when it has to. It is pure: files,
// clock and chance are the caller's.
package handover

import (
	"errors"
	"time"

	"kith/events"
)

// within is how many school days a school has: "Keeping children safe in education".
const within = 5

// ErrCalendar reports days that the calendar does not reach. No day is better than
// a wrong one.
var ErrCalendar = errors.New("the calendar of terms does not reach that far: add the terms and closures of the school year")

// Calendar is when a school is open: in its terms, Monday to Friday, unless closed.
type Calendar struct {
	Terms  []Span `json:"terms"`
	Closed []Span `json:"closed"` // half-terms, bank holidays, training days
}

// Span is days from one to another, both included.
type Span struct {
	From events.Date `json:"from"`
	To   events.Date `json:"to"`
}

// Due is the last day for handing over the file of a child whose first day at the
// new school is given: the fifth school day after it or, if that is a term's first
// school day or lies before a term, the fifth school day of the term.
func Due(starts events.Date, c Calendar) (events.Date, error) {
	t, err := parse(starts)
	if err != nil {
		return "", errors.New("the first day at the new school is no day, such as 2026-09-02")
	}
	if err := c.check(); err != nil {
		return "", err
	}
	left := within
	if !c.inYear(t) {
		t = t.AddDate(0, 0, -1) // the first school day of the term counts
	}
	for range 400 {
		t = t.AddDate(0, 0, 1)
		if !c.open(t) {
			continue
		}
		if left--; left == 0 {
			return date(t), nil
		}
	}
	return "", ErrCalendar
}

// check finds spans that are none.
func (c Calendar) check() error {
	for _, spans := range [][]Span{c.Terms, c.Closed} {
		for _, s := range spans {
			_, err := parse(s.From)
			if _, err2 := parse(s.To); err != nil || err2 != nil || s.To < s.From {
				return errors.New("the calendar has a span that does not go from one day to a later one, such as 2026-09-02 to 2026-12-18")
			}
		}
	}
	return nil
}

// inYear reports whether a school day of the same term lies before a day in it.
func (c Calendar) inYear(t time.Time) bool {
	d := date(t)
	for _, term := range c.Terms {
		if d < term.From || d > term.To {
			continue
		}
		for t = t.AddDate(0, 0, -1); date(t) >= term.From; t = t.AddDate(0, 0, -1) {
			if c.open(t) {
				return true
			}
		}
	}
	return false
}

// open reports whether a day is a school day.
func (c Calendar) open(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && in(c.Terms, date(t)) && !in(c.Closed, date(t))
}

func in(spans []Span, d events.Date) bool {
	for _, s := range spans {
		if s.From <= d && d <= s.To {
			return true
		}
	}
	return false
}

func parse(d events.Date) (time.Time, error) { return time.Parse(time.DateOnly, string(d)) }

func date(t time.Time) events.Date { return events.Date(t.Format(time.DateOnly)) }
