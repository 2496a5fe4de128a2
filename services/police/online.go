package police

import (
	"net/mail"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/internal/native"
)

// poleIncident is what we read of the incident.
type poleIncident struct {
	Description     string         `json:"incidentDescription"`
	StillHappening  jsontext.Value `json:"incidentStillHappening"`
	Start           jsontext.Value `json:"incidentStartDateTime"`
	ApproximateDate string         `json:"incidentApproximateDate"`
	Involvement     string         `json:"incidentInvolvement"` // IVLD_0001 ...
}

// poleSubmission is what we read of the submission. The address of the computer
// and the browser are nobody's business.
type poleSubmission struct {
	Reference   string         `json:"customerReferenceNumber"`
	SubmitTime  string         `json:"submitTime"`
	Content     string         `json:"submissionContent"`
	HighHarm    jsontext.Value `json:"highHarmFlag"`
	Involvement string         `json:"howInvolvedInCrime"`
}

// OnlineReport translates a submission of Single Online Home in iHub's Standard
// Data Model, full or skeleton. It gives one notice. A full one names people; of
// the grown-ups it passes on suspects, victims and who cares for the child, not who
// reported it. A skeleton is free text: there meta.people says who the child is.
func OnlineReport(raw []byte) ([]events.Notice, error) {
	f := &native.Form{}
	g, d, err := readPole(raw, f)
	if err != nil {
		return nil, err
	}
	s, at := g.submission(f)
	i := attributes[poleIncident](f, g.root)
	recorded := f.Instant(at+"/submitTime", s.SubmitTime)
	occurred := i.when(f, recorded)
	if occurred.After(recorded) && !recorded.IsZero() {
		f.Wrong("/data/attributes/incidentStartDateTime", "a moment not after submitTime")
	}
	reference := f.Reference(at+"/customerReferenceNumber", s.Reference)
	fact := events.OnlineReport{
		PoliceReference: reference,
		By:              involvement(f, at, i.Involvement, s.Involvement),
		Place:           g.place(f),
		Attachments:     held(f, g.of("attachment"), reference),
	}
	fact.StillHappening, _ = flag(f, "/data/attributes/incidentStillHappening", i.StillHappening)
	fact.HighHarm, _ = flag(f, at+"/highHarmFlag", s.HighHarm)
	r := record{PoliceReference: reference, Revision: d.Revision, RecordedAt: s.SubmitTime,
		ChildVoice: d.ChildVoice, Family: d.Family, Team: g.team(f, d)}
	report := events.Report{Shared: events.Shared{OccurredAt: occurred, RecordedAt: recorded, Label: events.Core}}
	if skeleton := len(g.of("person")) == 0; skeleton {
		fact.Reported = f.Prose(at+"/submissionContent", s.Content)
		report.Label = events.Sensitive // nobody has taken out who reported it
	} else {
		fact.Reported = f.Prose("/data/attributes/incidentDescription", i.Description)
	}
	on := occurred
	if on.IsZero() { // it is wrong, and said so
		on = recorded
	}
	report.About, fact.ChildAges = g.people(f, d, reference, on)
	report.Fact = fact
	return r.online(f, report)
}

// online adds what every police record says, and the id.
func (r record) online(f *native.Form, report events.Report) ([]events.Notice, error) {
	sub := &native.Form{}
	shared := r.shared(sub)
	report.Informed, report.Voice, report.Contact = shared.Informed, shared.Voice, shared.Contact
	report.Caveats = []events.Caveat{events.ThirdParty}
	report.Basis = safeguarding(events.CannotReasonablyAsk,
		"Somebody reported online that a child may be at risk; those who work with the child need to know it early.")
	if r.Revision < 0 {
		sub.Wrong("/revision", "2 or more, or nothing")
		r.Revision = 0
	}
	f.Within("/meta", sub.Err())
	return r.notice(f, "online-report", report)
}

// submission is the one that the incident came with.
func (g graph) submission(f *native.Form) (poleSubmission, string) {
	if all := g.linked(g.root, "submission", "submission"); len(all) == 1 {
		return attributes[poleSubmission](f, all[0]), all[0].at + "/attributes"
	}
	f.Wrong("/data/relationships/submission", "a link to one submission in included")
	return poleSubmission{}, "/included/*/attributes"
}

// when it began: the moment or, as Single Online Home also writes it, the days
// between which it was; else the day that was guessed, else when it was reported.
func (i poleIncident) when(f *native.Form, recorded time.Time) time.Time {
	const at = "/data/attributes/incidentStartDateTime"
	switch {
	case len(i.Start) > 0 && i.Start[0] == '{':
		days, err := native.Read[struct {
			From string `json:"dateFrom"`
		}](i.Start)
		f.Within(at, err)
		return startOf(f, at+"/dateFrom", days.From)
	case len(i.Start) > 0 && string(i.Start) != "null":
		return f.Instant(at, strings.Trim(string(i.Start), `"`))
	case i.ApproximateDate != "":
		return startOf(f, "/data/attributes/incidentApproximateDate", i.ApproximateDate)
	}
	return recorded
}

func startOf(f *native.Form, at, day string) time.Time {
	return native.Beginning(f.Day(at, day))
}

// involvement is how whoever reported it has to do with it.
func involvement(f *native.Form, at, incident, submission string) events.Reporter {
	id, where := incident, "/data/attributes/incidentInvolvement"
	if id == "" {
		id, where = submission, at+"/howInvolvedInCrime"
	}
	switch id {
	case "":
		return events.ReporterUnknown
	case "IVLD_0001":
		return events.ReporterVictim
	case "IVLD_0002":
		return events.ReporterWitness
	case "IVLD_0003":
		return events.ReporterOnBehalf
	case "IVLD_0004":
		return events.ReporterBusiness
	}
	f.Wrong(where, "a constrained value from IVLD_0001 to IVLD_0004, or nothing")
	return ""
}

func (g graph) place(f *native.Form) string {
	for _, e := range g.linked(g.root, "location", "incidentLocation") {
		return f.Short(e.at+"/attributes", attributes[poleAddress](f, e).place())
	}
	return ""
}

// team is whom to call: who the desk says, or the mailbox to which iHub sends.
func (g graph) team(f *native.Form, d desk) events.Contact {
	out := d.Team
	if out.Team != "" {
		return out
	}
	out.Team = "Single Online Home desk"
	for _, s := range g.linked(g.root, "submission", "submission") {
		for _, e := range g.linked(s, "email", "toEmailAddress") {
			to := attributes[struct {
				Address string `json:"emailAddress"`
			}](f, e).Address
			if a, err := mail.ParseAddress(to); err == nil && a.Address == to && out.Email == "" && len(to) <= 120 {
				out.Email = to
			}
		}
	}
	return out
}
