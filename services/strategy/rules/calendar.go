package rules

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // so that a day in England is the same on a machine without a zone database

	"kith/events"
)

// ErrCalendar reports a day that is no day, or one outside the years for which
// the bank holidays are known. No due day is better than a wrong one.
var ErrCalendar = errors.New("outside the calendar of working days")

// Calendar knows the working days in England: Monday to Friday, without bank
// holidays. The zero Calendar knows none.
type Calendar struct {
	from, to time.Time // first and last day
	free     map[events.Date]bool
	place    *time.Location
}

type holidays struct {
	Division string      `json:"division"`
	Source   string      `json:"source"`
	From     events.Date `json:"from"`
	To       events.Date `json:"to"`
	Days     []struct {
		On   events.Date `json:"on"`
		Name string      `json:"name"`
	} `json:"days"`
}

func newCalendar(h holidays) (c Calendar, err error) {
	c.free = map[events.Date]bool{}
	if c.from, err = day(h.From); err != nil {
		return Calendar{}, err
	}
	if c.to, err = day(h.To); err != nil {
		return Calendar{}, err
	}
	for _, d := range h.Days {
		t, err := day(d.On)
		if err != nil || t.Before(c.from) || t.After(c.to) {
			return Calendar{}, fmt.Errorf("%s: %w", d.Name, ErrCalendar)
		}
		c.free[d.On] = true
	}
	c.place, err = time.LoadLocation("Europe/London")
	return c, err
}

// Day is the day in England at a moment.
func (c Calendar) Day(t time.Time) events.Date { return date(t.In(c.place)) }

// WorkingDay reports whether d is a working day. It is none where the calendar
// does not reach.
func (c Calendar) WorkingDay(d events.Date) bool {
	t, err := day(d)
	return err == nil && c.covers(t) && c.working(t)
}

// AddWorkingDays is the n-th working day after from, which is not counted
// itself and may be any day. For n below 1 it is from.
func (c Calendar) AddWorkingDays(from events.Date, n int) (events.Date, error) {
	t, err := day(from)
	if err != nil {
		return "", err
	}
	for n > 0 {
		if t = t.AddDate(0, 0, 1); !c.covers(t) {
			return "", ErrCalendar
		}
		if c.working(t) {
			n--
		}
	}
	return date(t), nil
}

func (c Calendar) covers(t time.Time) bool { return !t.Before(c.from) && !t.After(c.to) }

func (c Calendar) working(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && !c.free[date(t)]
}

// day reads a date. The error does not quote it, as the time package's would.
func day(d events.Date) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return t, ErrCalendar
	}
	return t, nil
}

func date(t time.Time) events.Date { return events.Date(t.Format(time.DateOnly)) }

// IsDay reports whether d names a day of the calendar that everybody uses.
func IsDay(d events.Date) bool {
	_, err := day(d)
	return err == nil
}
