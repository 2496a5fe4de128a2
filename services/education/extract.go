package education

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/internal/native"
)

// row is one line of an extract from a school's management system. It is flat,
// so that a line of CSV can say the same as an object of JSON; the columns of
// CSV have the names of the members.
type row struct {
	Record       string       `json:"record"` // "attendance-fall", "suspension" or "off-roll"
	Reference    string       `json:"reference"`
	Revision     number       `json:"revision"` // from 2 on, when a row is sent again with changes
	RecordedAt   string       `json:"recordedAt"`
	ConsentScope events.Scope `json:"consentScope"` // if an attendance-fall is shared on consent
	ContactTeam  string       `json:"contactTeam"`
	ContactPhone string       `json:"contactPhone"`
	ContactEmail string       `json:"contactEmail"`
	Pupil

	From          string `json:"from"` // of attendance-fall and suspension
	To            string `json:"to"`   // of attendance-fall
	Percent       number `json:"percent"`
	PercentBefore number `json:"percentBefore"`
	Unauthorised  number `json:"unauthorised"`
	Circumstances string `json:"circumstances"`

	Days   number `json:"days"`   // of suspension
	Reason string `json:"reason"` // of suspension and off-roll

	On          string `json:"on"` // of off-roll
	Destination string `json:"destination"`
}

// number is a whole number, or one that a spreadsheet turned into text.
type number = jsontext.Value

// Extract translates an extract: one row as a JSON object, many as an array, or
// CSV with a heading line. Places in CSV are named as in the array that it
// stands for: "/0/percent" is in the first line below the heading.
func Extract(raw []byte) ([]events.Notice, error) {
	rows, many, err := rows(raw)
	if err != nil {
		return nil, err
	}
	return native.Each(rows, many, row.notice)
}

func (r row) notice(f *native.Form, at string) events.Notice {
	report := events.Report{
		Shared: events.Shared{
			RecordedAt: f.Instant(at+"/recordedAt", r.RecordedAt),
			Basis:      r.basis(f, at),
			Label:      events.Core,
			Contact: events.Contact{
				Team: f.Line(at+"/contactTeam", r.ContactTeam), Phone: f.Short(at+"/contactPhone", r.ContactPhone), Email: f.Email(at+"/contactEmail", r.ContactEmail),
			},
		},
		About: []events.Person{r.person(f, at)},
	}
	var on events.Date
	switch r.Record {
	case "attendance-fall":
		report.Fact, on = r.attendanceFall(f, at)
	case "suspension":
		report.Fact, on = r.suspension(f, at)
	case "off-roll":
		report.Fact, on = r.offRoll(f, at)
	default:
		f.Wrong(at+"/record", "one of attendance-fall, suspension, off-roll")
	}
	report.OccurredAt = native.Beginning(on) // checked where it was read
	id, version := r.id(f, at)
	return events.Notice{ID: id, Report: report, Version: version}
}

func (r row) id(f *native.Form, at string) (string, events.Version) {
	n := 1
	if len(r.Revision) > 0 {
		n = whole(f, at+"/revision", r.Revision, 1, 9999)
	}
	return native.Revised(r.Record+":"+f.Reference(at+"/reference", r.Reference), n, at+"/revision")
}

func (r row) basis(f *native.Form, at string) events.Basis {
	switch {
	case r.ConsentScope == "":
		return safeguarding(events.CannotReasonablyAsk, "Those who help the child need to see early that the child is missing education.")
	case r.Record != "attendance-fall":
		f.Wrong(at+"/consentScope", "nothing: only an attendance-fall is shared on consent")
	}
	return events.Basis{
		Article6: events.ByConsent,
		Scope:    native.Choose(f, at+"/consentScope", r.ConsentScope, events.EarlyHelp),
	}
}

// attendanceFall returns the fact and the day on which it occurred: the last of
// the period.
func (r row) attendanceFall(f *native.Form, at string) (events.Education, events.Date) {
	fact := events.AttendanceFall{
		From: f.Day(at+"/from", r.From), To: f.Day(at+"/to", r.To),
		Percent:       whole(f, at+"/percent", r.Percent, 0, 100),
		PercentBefore: whole(f, at+"/percentBefore", r.PercentBefore, 0, 100),
		Unauthorised:  whole(f, at+"/unauthorised", r.Unauthorised, 0, 1000),
		Circumstances: f.Long(at+"/circumstances", r.Circumstances),
	}
	if fact.To < fact.From {
		f.Wrong(at+"/to", "a day not before the first")
	}
	return fact, fact.To
}

func (r row) suspension(f *native.Form, at string) (events.Education, events.Date) {
	from := f.Day(at+"/from", r.From)
	return events.Suspension{
		From: from, Days: whole(f, at+"/days", r.Days, 1, 45), // the most in a school year
		Reason: f.Prose(at+"/reason", r.Reason),
	}, from
}

func (r row) offRoll(f *native.Form, at string) (events.Education, events.Date) {
	on := f.Day(at+"/on", r.On)
	return events.OffRoll{
		On: on, Reason: f.Line(at+"/reason", r.Reason), Destination: f.Line(at+"/destination", r.Destination),
	}, on
}

// whole returns a whole number within limits.
func whole(f *native.Form, pointer string, v number, from, to int) int {
	n, err := strconv.Atoi(strings.Trim(string(v), `"`))
	if err != nil || n < from || n > to {
		f.Wrong(pointer, "a whole number from "+strconv.Itoa(from)+" to "+strconv.Itoa(to))
	}
	return n
}
