package education

import (
	"kith/events"
	"kith/services/internal/native"
)

// persistent is the share of sessions, in per cent, of which a pupil attends no more
// when the Department for Education calls the absence persistent.
const persistent = 90

// Registers translates an extract of the attendance register: CSV, either a row for
// each pupil, with the marks of a period and of the one before it, or a row for each
// session. It gives a notice of each pupil whose attendance fell to 90 per cent or
// less; the others go no further, since nobody needs them.
func (m Mapping) Registers(raw []byte) ([]events.Notice, error) {
	names := m.over(registerHeadings())
	t, err := readTable(raw, names)
	if err != nil {
		return nil, err
	}
	if _, ok := t.column[colMark]; ok {
		t.need(names, colWhen, colSession)
		if err := t.f.Err(); err != nil {
			return nil, err
		}
		return t.sessions(m)
	}
	t.need(names, colFrom, colTo, colMarks, colMarksBefore)
	if err := t.f.Err(); err != nil {
		return nil, err
	}
	var out []events.Notice
	seen := map[string]bool{}
	for _, l := range t.rows {
		n, fact := l.register(m)
		if fell(fact) && !seen[n.ID] {
			out = append(out, n)
			seen[n.ID] = true
		}
	}
	return t.fallen(out)
}

// fallen are the notices of those whose attendance fell, of whom there is one.
func (t *table) fallen(out []events.Notice) ([]events.Notice, error) {
	if len(out) == 0 {
		t.f.Wrong("", "at least one pupil whose attendance fell to 90% or less: nobody's did, so that there is nothing to pass on")
	}
	if err := t.f.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// fell reports whether a fall is one that others need to know of.
func fell(f events.AttendanceFall) bool {
	return f.Percent < f.PercentBefore && f.Percent <= persistent
}

func (l line) register(m Mapping) (events.Notice, events.AttendanceFall) {
	child := l.pupil()
	now, before := l.marks(colMarks), l.marks(colMarksBefore)
	fact := events.AttendanceFall{
		From: l.day(colFrom), To: l.day(colTo),
		Unauthorised: now.unauthorised, Circumstances: l.long(colComment),
	}
	if now.possible > 0 && before.possible > 0 {
		fact.Percent, fact.PercentBefore = now.percent(), before.percent()
	}
	if fact.To < fact.From && fact.To != "" {
		l.wrong(colTo, "a day not before the first")
	}
	return events.Notice{
		ID:     "attendance-fall:" + l.digest(),
		Report: l.report(m, child, fact.To, fact, "Attendance office", "Those who help the child need to see early that the child is missing education."),
	}, fact
}

// marks adds up a column of codes.
func (l line) marks(c column) figures {
	n, trouble := count(l.cell(c))
	switch {
	case trouble == "retired":
		l.wrong(c, "codes of the register since August 2024, of which H, J, F and Y alone are none,")
	case trouble != "":
		l.wrong(c, `codes of the register, one for each session (/ \ L B K P V W, C C1 C2 E I J1 M R S T, G N O U, D Q X Y1 to Y7 Z #),`)
	case n.possible == 0:
		l.wrong(c, "at least one session that the child could attend")
	case n.unauthorised > 1000:
		l.wrong(c, "the sessions of one period, at most 1000")
	}
	return n
}

// report is a row of a management information system: about one pupil, as of a day.
func (l line) report(m Mapping, child events.Person, on events.Date, fact events.Education, team, necessity string) events.Report {
	day := native.Beginning(on) // checked where it was read
	recorded := day
	if l.cell(colRecorded) != "" {
		recorded = l.moment(colRecorded, "")
	}
	return events.Report{
		Shared: events.Shared{
			OccurredAt: day, RecordedAt: recorded,
			Basis: safeguarding(events.CannotReasonablyAsk, necessity),
			Label: events.Core, Contact: m.contact(team),
		},
		About: []events.Person{child}, Fact: fact,
	}
}
