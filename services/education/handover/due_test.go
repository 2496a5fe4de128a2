package handover

import (
	"errors"
	"testing"

	"kith/events"
)

// year is an invented school year: a half-term, a bank holiday and a training day.
func year() Calendar {
	return Calendar{
		Terms: []Span{{"2026-09-02", "2026-12-18"}, {"2027-01-04", "2027-03-25"}, {"2027-04-12", "2027-07-21"}},
		Closed: []Span{
			{"2026-09-02", "2026-09-02"}, // training day: pupils come on 3 September
			{"2026-10-26", "2026-10-30"},
			{"2027-05-03", "2027-05-03"},
		},
	}
}

func TestDue(t *testing.T) {
	for _, c := range []struct{ starts, want events.Date }{
		{"2026-11-23", "2026-11-30"}, // Monday in the year: that day is not counted
		{"2026-11-25", "2026-12-02"}, // over a weekend
		{"2026-11-28", "2026-12-04"}, // a Saturday
		{"2026-10-22", "2026-11-05"}, // over half-term
		{"2026-10-28", "2026-11-06"}, // in half-term, which begins no term
		{"2026-09-03", "2026-09-09"}, // first school day of the term: it is counted
		{"2026-09-02", "2026-09-09"}, // a training day before it
		{"2026-08-10", "2026-09-09"}, // in the summer before
		{"2026-09-04", "2026-09-11"}, // second school day
		{"2026-12-17", "2027-01-07"}, // over Christmas
		{"2026-12-24", "2027-01-08"}, // in the holidays: the first five days of the term
		{"2027-04-29", "2027-05-07"}, // over a bank holiday
	} {
		if got, err := Due(c.starts, year()); err != nil || got != c.want {
			t.Errorf("starts %s: due %s, want %s (%v)", c.starts, got, c.want, err)
		}
	}
	if _, err := Due("2027-07-20", year()); !errors.Is(err, ErrCalendar) {
		t.Errorf("beyond the calendar: %v", err)
	}
	for _, c := range []Calendar{{}, {Terms: []Span{{"2026-12-18", "2026-09-02"}}}, {Terms: []Span{{"2026-09-02", "soon"}}}} {
		if d, err := Due("2026-11-23", c); err == nil {
			t.Errorf("a calendar that is none: due %s", d)
		}
	}
	if _, err := Due("23/11/2026", year()); err == nil {
		t.Error("a day that is none")
	}
}

// The day due is a school day, and no child waits longer for starting earlier.
func TestDueNeverGoesBack(t *testing.T) {
	last := events.Date("")
	for d, n := events.Date("2026-08-20"), 0; d < "2027-07-10"; d, n = next(t, d), n+1 {
		due, err := Due(d, year())
		if err != nil || due <= d || due < last {
			t.Fatalf("starts %s: due %s after %s, %v", d, due, last, err)
		}
		last = due
	}
}

func next(t *testing.T, d events.Date) events.Date {
	t.Helper()
	day, err := parse(d)
	if err != nil {
		t.Fatal(err)
	}
	return date(day.AddDate(0, 0, 1))
}
