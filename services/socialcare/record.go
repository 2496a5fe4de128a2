package socialcare

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// row is one row of a case management system, of any of its tables.
type row struct {
	Record       string         `json:"record"`   // which table; see Record
	ID           string         `json:"id"`       // the system's own number of the row
	Revision     int            `json:"revision"` // from 2 on, when a row is sent again with changes
	RecordedAt   string         `json:"recordedAt"`
	Child        child          `json:"child"`
	Contact      events.Contact `json:"contact"`
	ChildVoice   *events.Voice  `json:"childVoice"`
	Family       *told          `json:"family"`
	ConsentScope events.Scope   `json:"consentScope"` // of an involvement that is shared on consent

	Reference string `json:"reference"` // of all but involvement

	ReceivedAt string `json:"receivedAt"` // of contact
	From       string `json:"from"`       // source code of the census
	Summary    string `json:"summary"`

	DecidedAt string          `json:"decidedAt"` // of referral-decision
	Decision  events.Decision `json:"decision"`
	Rationale string          `json:"rationale"`
	Threshold string          `json:"threshold"`
	NextStep  string          `json:"nextStep"`

	Service string `json:"service"` // of involvement
	Team    string `json:"team"`

	Started string `json:"started"` // of involvement, section47-enquiry and protection-plan
	Ended   string `json:"ended"`

	Conduct   events.Conduct `json:"conduct"` // of section47-enquiry
	SeenAlone bool           `json:"seenAlone"`
	Outcome   string         `json:"outcome"`

	Category events.Category `json:"category"` // of protection-plan
}

// told is whether the family knows that this is shared.
type told struct {
	Told   bool   `json:"told"`
	WhyNot string `json:"whyNot"`
}

// Record translates one row as a JSON object or many as an array. A row is a
// contact, a referral-decision, an involvement, a section47-enquiry or a
// protection-plan. What begins and ends gives a notice, with an id of its own,
// for each.
func Record(raw []byte) ([]events.Notice, error) {
	rows, many, err := rows(raw)
	if err != nil {
		return nil, err
	}
	return native.Each(rows, many, row.notice)
}

// rows reads one row or many, and says which it was.
func rows(raw []byte) ([]row, bool, error) {
	strict := json.RejectUnknownMembers(true)
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		rs, err := native.Read[[]row](raw, strict)
		return rs, true, err
	}
	r, err := native.Read[row](raw, strict)
	return []row{r}, false, err
}

func (r row) notice(f *native.Form, at string) events.Notice {
	report := events.Report{Shared: r.shared(f, at), About: []events.Person{r.Child.person(f, at+"/child")}}
	switch r.Record {
	case "contact":
		report.OccurredAt = f.Instant(at+"/receivedAt", r.ReceivedAt)
		report.Fact, report.Caveats = r.received(f, at)
	case "referral-decision":
		report.OccurredAt = f.Instant(at+"/decidedAt", r.DecidedAt)
		report.Fact = decided(f, at, r.Reference, r.Decision, r.Rationale, r.Threshold, r.NextStep)
	case "involvement":
		report.OccurredAt, report.Fact, report.Label = r.turned(), r.involvement(f, at), events.Involvement
	case "section47-enquiry":
		report.OccurredAt, report.Fact, report.Basis = r.turned(), r.enquiry(f, at), protection()
	case "protection-plan":
		report.OccurredAt, report.Fact, report.Basis = r.turned(), r.plan(f, at), protection()
	default:
		f.Wrong(at+"/record", "one of contact, referral-decision, involvement, section47-enquiry, protection-plan")
	}
	id, version := r.id(f, at)
	return events.Notice{ID: id, Report: report, Version: version}
}

func (r row) id(f *native.Form, at string) (string, events.Version) {
	if r.Revision < 0 {
		f.Wrong(at+"/revision", "2 or more, or nothing")
	}
	id := r.Record + ":" + f.Reference(at+"/id", r.ID)
	if r.Ended != "" {
		id += ":ended"
	}
	return native.Revised(id, r.Revision, at+"/revision")
}

func (r row) shared(f *native.Form, at string) events.Shared {
	s := events.Shared{
		RecordedAt: f.Instant(at+"/recordedAt", r.RecordedAt),
		Basis:      care(), Label: events.Core, Voice: r.ChildVoice, Contact: r.Contact,
	}
	s.Contact.Team = f.Text(at+"/contact/team", r.Contact.Team)
	if r.ConsentScope != "" {
		s.Basis = events.Basis{
			Article6: events.ByConsent, Article9: events.ExplicitConsent,
			Scope: native.Choose(f, at+"/consentScope", r.ConsentScope, events.EarlyHelp),
		}
		if r.Record != "involvement" {
			f.Wrong(at+"/consentScope", "nothing: only an involvement is shared on consent")
		}
	}
	if r.ChildVoice != nil {
		f.Text(at+"/childVoice/words", r.ChildVoice.Words)
	}
	if r.Family != nil {
		s.Informed = &events.Informed{Told: r.Family.Told, Why: r.Family.WhyNot}
		if !r.Family.Told {
			f.Text(at+"/family/whyNot", r.Family.WhyNot)
		}
	}
	return s
}

// turned is when what the row says came about: its last day, or its first. The
// day itself is checked where the fact is made.
func (r row) turned() time.Time {
	day := r.Started
	if r.Ended != "" {
		day = r.Ended
	}
	return native.Beginning(events.Date(day))
}
