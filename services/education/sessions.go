package education

import (
	"slices"
	"strings"
	"time"

	"kith/events"
)

// pupilSessions are the marks of one pupil, by day and session.
type pupilSessions struct {
	first line // the pupil's first row, of which the places are named
	child events.Person
	marks map[string]string // "2026-10-05 AM": "/"
}

// sessions translates an extract with a row for each session. The days from the
// first to the last in the file are two periods of one length, the first day left out
// if their number is odd.
func (t *table) sessions(m Mapping) ([]events.Notice, error) {
	pupils, order := map[string]*pupilSessions{}, []string{}
	var from, to events.Date
	for _, l := range t.rows {
		child, day := l.pupil(), l.day(colWhen)
		p := pupils[child.LocalID]
		if p == nil {
			p = &pupilSessions{first: l, child: child, marks: map[string]string{}}
			pupils[child.LocalID] = p
			order = append(order, child.LocalID)
		}
		l.mark(p.marks, day)
		if from == "" || day < from {
			from = day
		}
		to = max(to, day)
	}
	if err := t.f.Err(); err != nil {
		return nil, err
	}
	in, ok := halves(from, to)
	if !ok {
		t.f.Wrong("", "the sessions of at least two days: a fall is from one period to the next of the same length")
	}
	var out []events.Notice
	for _, id := range order {
		if n, fact := pupils[id].notice(m, in); fell(fact) {
			out = append(out, n)
		}
	}
	return t.fallen(out)
}

// mark adds the mark of a row.
func (l line) mark(marks map[string]string, day events.Date) {
	session := strings.ToUpper(l.cell(colSession))
	if session != "AM" && session != "PM" {
		l.wrong(colSession, "AM or PM")
	}
	code := l.cell(colMark)
	n, trouble := count(code)
	if trouble != "" || n.sum != 1 {
		l.wrong(colMark, "one code of the register since August 2024")
	}
	at := string(day) + " " + session
	if old, twice := marks[at]; twice && !strings.EqualFold(old, code) {
		l.wrong(colMark, "each session of a pupil once: an earlier row has another code")
	}
	marks[at] = code
}

// periods are two of one length, the second of which begins on the day after the
// first ends, and ends on the last day of a file.
type periods struct{ first, second, last events.Date }

// halves are the periods that lie within days, if there are at least two.
func halves(from, to events.Date) (periods, bool) {
	a, err := time.Parse(time.DateOnly, string(from))
	b, err2 := time.Parse(time.DateOnly, string(to))
	each := (int(b.Sub(a)/(24*time.Hour)) + 1) / 2
	day := func(before int) events.Date { return events.Date(b.AddDate(0, 0, 1-before).Format(time.DateOnly)) }
	return periods{first: day(2 * each), second: day(each), last: to}, err == nil && err2 == nil && each > 0
}

// notice is what the marks of a pupil add up to. A pupil who has no session in one of
// the periods did not fall.
func (p pupilSessions) notice(m Mapping, in periods) (events.Notice, events.AttendanceFall) {
	var now, before, all []string
	for at, code := range p.marks {
		switch day := events.Date(at[:len(time.DateOnly)]); {
		case day >= in.second:
			now = append(now, code)
		case day >= in.first:
			before = append(before, code)
		default:
			continue
		}
		all = append(all, at+" "+code)
	}
	slices.Sort(all)
	n, _ := count(strings.Join(now, " "))
	was, _ := count(strings.Join(before, " "))
	if n.possible == 0 || was.possible == 0 {
		return events.Notice{}, events.AttendanceFall{}
	}
	fact := events.AttendanceFall{From: in.second, To: in.last,
		Percent: n.percent(), PercentBefore: was.percent(), Unauthorised: min(n.unauthorised, 1000)}
	return events.Notice{
		ID: "attendance-fall:" + digestOf(append(all, p.child.LocalID, string(in.first), string(in.last))),
		Report: p.first.report(m, p.child, in.last, fact, "Attendance office",
			"Those who help the child need to see early that the child is missing education."),
	}, fact
}
