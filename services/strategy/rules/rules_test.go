package rules_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/events"
	"kith/services/strategy/rules"
)

func load(t testing.TB) rules.Packs {
	t.Helper()
	p, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPackInForce(t *testing.T) {
	p := load(t)
	for d, want := range map[events.Date]string{
		"2020-01-01": "WT2023", "2023-12-15": "WT2023", "2026-03-17": "WT2023", "2026-03-18": "WT2026", "2026-11-23": "WT2026",
	} {
		if got := p.At(d).ID; got != want {
			t.Errorf("on %s: %s, want %s", d, got, want)
		}
	}
}

func TestDue(t *testing.T) {
	p := load(t)
	for _, c := range []struct {
		clock      string
		from, want events.Date
		rule       string
	}{
		{rules.InitialConference, "2026-11-23", "2026-12-14", "Working Together 2026: initial child protection conference, 15 working days (WT2026/ICPC-15WD)"},
		{rules.InitialConference, "2026-12-11", "2027-01-06", "Working Together 2026: initial child protection conference, 15 working days (WT2026/ICPC-15WD)"}, // over Christmas
		{rules.InitialConference, "2026-03-17", "2026-04-09", "Working Together 2023: initial child protection conference, 15 working days (WT2023/ICPC-15WD)"}, // over Easter
		{rules.InitialConference, "2026-11-21", "2026-12-11", "Working Together 2026: initial child protection conference, 15 working days (WT2026/ICPC-15WD)"}, // from a Saturday
		{rules.ReferralDecision, "2026-12-24", "2026-12-29", "Working Together 2026: decision on a referral, 1 working day (WT2026/REFERRAL-1WD)"},
		{rules.ReferralDecision, "2026-11-20", "2026-11-23", "Working Together 2026: decision on a referral, 1 working day (WT2026/REFERRAL-1WD)"},
	} {
		got, err := p.Due(c.clock, c.from)
		if err != nil || got.Date != c.want || got.Rule != c.rule {
			t.Errorf("%s from %s: %v, %v; want %s, %s", c.clock, c.from, got, err, c.want, c.rule)
		}
	}
}

func TestNoDayBeyondTheCalendar(t *testing.T) {
	p := load(t)
	for _, d := range []events.Date{"2028-12-20", "2031-01-01", "2020-01-01", "", "tomorrow", "2026-02-30"} {
		if got, err := p.AddWorkingDays(d, 15); !errors.Is(err, rules.ErrCalendar) {
			t.Errorf("from %q: %q, %v", d, got, err)
		}
	}
}

// The day changes at midnight in England, in summer an hour before it does in UTC.
func TestDayInEngland(t *testing.T) {
	p := load(t)
	for at, want := range map[string]events.Date{
		"2026-07-01T22:59:59Z": "2026-07-01", "2026-07-01T23:00:00Z": "2026-07-02",
		"2026-12-01T23:59:59Z": "2026-12-01", "2026-12-02T00:00:00+02:00": "2026-12-01",
	} {
		tm, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Day(tm); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

// oracle says what is a bank holiday from the law of it instead of from a list.
func oracle(t time.Time) bool {
	y, m, d := t.Date()
	easter := easterSunday(y)
	switch {
	case t.Equal(easter.AddDate(0, 0, -2)), t.Equal(easter.AddDate(0, 0, 1)):
		return true
	case m == time.May && t.Weekday() == time.Monday && (d <= 7 || d+7 > 31):
		return true
	case m == time.August && t.Weekday() == time.Monday && d+7 > 31:
		return true
	}
	return t.Equal(substitute(date(y, 1, 1))) ||
		t.Equal(substitute(date(y, 12, 25))) || t.Equal(boxing(y))
}

// substitute moves a holiday off the weekend: to the next Monday.
func substitute(t time.Time) time.Time {
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// boxing is 26 December, moved off the weekend and off the day that Christmas has taken.
func boxing(y int) time.Time {
	t := substitute(date(y, 12, 26))
	if t.Equal(substitute(date(y, 12, 25))) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

func date(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// easterSunday is the anonymous Gregorian computus.
func easterSunday(y int) time.Time {
	a, b, c := y%19, y/100, y%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return date(y, n/31, n%31+1)
}

func TestWorkingDayAgreesWithTheLaw(t *testing.T) {
	p := load(t)
	for d := date(2024, 1, 1); d.Year() < 2029; d = d.AddDate(0, 0, 1) {
		want := d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !oracle(d)
		if got := p.WorkingDay(events.Date(d.Format(time.DateOnly))); got != want {
			t.Errorf("%s: %v, want %v", d.Format("Mon 2006-01-02"), got, want)
		}
	}
}

// The n-th working day after a day is a working day, and between the two lie
// exactly n of them.
func TestAddWorkingDays(t *testing.T) {
	p := load(t)
	rapid.Check(t, func(t *rapid.T) {
		from := date(2024, 1, 1).AddDate(0, 0, rapid.IntRange(0, 1700).Draw(t, "day"))
		n := rapid.IntRange(1, 60).Draw(t, "n")
		got, err := p.AddWorkingDays(events.Date(from.Format(time.DateOnly)), n)
		if err != nil {
			t.Fatal(err)
		}
		end, err := time.Parse(time.DateOnly, string(got))
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for d := from.AddDate(0, 0, 1); !d.After(end); d = d.AddDate(0, 0, 1) {
			if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !oracle(d) {
				count++
			}
		}
		if count != n || !p.WorkingDay(got) {
			t.Errorf("%d working days after %s is %s; %d lie between", n, from.Format(time.DateOnly), got, count)
		}
	})
}
