package health

import (
	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// record is what a service without FHIR hands over: one thing about one child.
type record struct {
	Record       string         `json:"record"` // "was-not-brought" or "practitioner-concern"
	Reference    string         `json:"reference"`
	Revision     int            `json:"revision"` // from 2 on, when a record is sent again with changes
	RecordedAt   string         `json:"recordedAt"`
	Patient      recordPatient  `json:"patient"`
	Team         events.Contact `json:"team"`
	ChildVoice   *events.Voice  `json:"childVoice"`
	Family       *told          `json:"family"`
	ConsentScope events.Scope   `json:"consentScope"` // if it is shared on consent
	Sensitive    bool           `json:"sensitive"`    // health detail beyond what partners ordinarily need

	Service        string `json:"service"` // of was-not-brought
	AppointmentAt  string `json:"appointmentAt"`
	MissedLastYear int    `json:"missedLastYear"`
	NextStep       string `json:"nextStep"`

	OccurredAt   string `json:"occurredAt"` // of practitioner-concern
	Practitioner string `json:"practitioner"`
	Concern      string `json:"concern"`
	ChildSeen    bool   `json:"childSeen"`
}

// told is whether the family knows that this is shared.
type told struct {
	Told   bool   `json:"told"`
	WhyNot string `json:"whyNot"`
}

type recordPatient struct {
	HospitalNumber string     `json:"hospitalNumber"`
	NHSNumber      string     `json:"nhsNumber"`
	NHSTraced      bool       `json:"nhsTraced"` // found by a trace, not copied
	Given          string     `json:"given"`
	Family         string     `json:"family"`
	DateOfBirth    string     `json:"dateOfBirth"`
	Sex            events.Sex `json:"sex"`
}

// Record translates a simple record: a child was not brought to an
// appointment, or a practitioner is concerned.
func Record(raw []byte) ([]events.Notice, error) {
	r, err := native.Read[record](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	report := r.report(f)
	switch r.Record {
	case "was-not-brought":
		at := f.Instant("/appointmentAt", r.AppointmentAt)
		if r.MissedLastYear < 1 || r.MissedLastYear > 366 {
			f.Wrong("/missedLastYear", "1 to 366: this appointment counts")
		}
		report.OccurredAt, report.Fact = at, events.WasNotBrought{
			Service: f.Text("/service", short(f, "/service", r.Service)), AppointmentAt: at,
			MissedLastYear: r.MissedLastYear, NextStep: long(f, "/nextStep", r.NextStep),
		}
	case "practitioner-concern":
		report.OccurredAt = f.Instant("/occurredAt", r.OccurredAt)
		report.Fact = events.PractitionerConcern{
			Practitioner: f.Text("/practitioner", short(f, "/practitioner", r.Practitioner)),
			Concern:      f.Text("/concern", long(f, "/concern", r.Concern)), ChildSeen: r.ChildSeen,
		}
	default:
		f.Wrong("/record", "one of was-not-brought, practitioner-concern")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	id, version := native.Revised(r.Record+":"+r.Reference, r.Revision, "/revision")
	return []events.Notice{{ID: id, Report: report, Version: version}}, nil
}

// report returns what both kinds of record say.
func (r record) report(f *native.Form) events.Report {
	f.Reference("/reference", r.Reference)
	f.Text("/team/team", r.Team.Team)
	if r.ChildVoice != nil {
		f.Text("/childVoice/words", long(f, "/childVoice/words", r.ChildVoice.Words))
		r.ChildVoice.HeardBy = short(f, "/childVoice/heardBy", r.ChildVoice.HeardBy)
	}
	shared := events.Shared{
		RecordedAt: f.Instant("/recordedAt", r.RecordedAt),
		Basis:      care(), Label: events.Core, Voice: r.ChildVoice, Contact: shortContact(f, "/team", r.Team),
	}
	if r.ConsentScope != "" {
		shared.Basis = events.Basis{
			Article6: events.ByConsent, Article9: events.ExplicitConsent,
			Scope: native.Choose(f, "/consentScope", r.ConsentScope, events.EarlyHelp),
		}
	}
	if r.Sensitive {
		shared.Label = events.Sensitive
	}
	if r.Family != nil {
		shared.Informed = &events.Informed{Told: r.Family.Told, Why: atMost(f, "/family/whyNot", r.Family.WhyNot, "2,000", 2000)}
		if !r.Family.Told {
			f.Text("/family/whyNot", r.Family.WhyNot)
		}
	}
	return events.Report{Shared: shared, About: []events.Person{r.Patient.person(f)}}
}

func (p recordPatient) person(f *native.Form) events.Person {
	out := events.Person{
		LocalID: short(f, "/patient/hospitalNumber", p.HospitalNumber), Role: events.RoleChild,
		Name: events.Name{Given: short(f, "/patient/given", p.Given), Family: short(f, "/patient/family", p.Family)},
	}
	if p.NHSNumber != "" {
		out.Identifiers.NHSNumber = &events.NHSNumber{Value: p.NHSNumber, Status: events.NHSUnverified}
		if p.NHSTraced {
			out.Identifiers.NHSNumber.Status = events.NHSVerified
		}
		if !events.ValidNHSNumber(p.NHSNumber) {
			f.Wrong("/patient/nhsNumber", "ten digits with the right check digit")
		}
	} else {
		f.Text("/patient/family", p.Family)
	}
	if p.DateOfBirth != "" {
		out.DateOfBirth = f.Day("/patient/dateOfBirth", p.DateOfBirth)
	}
	if p.Sex != "" {
		out.Sex = native.Choose(f, "/patient/sex", p.Sex, events.Female, events.Male, events.SexUnknown)
	}
	if out.LocalID == "" {
		out.LocalID = f.Text("/patient/hospitalNumber", localID(out))
	}
	return out
}
