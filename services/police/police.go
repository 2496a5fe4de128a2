// Package police turns the records of a police service into notices for the
// hub. Every translator is pure: the same record gives the same notice with the
// same id. A record that does not fit gives a *fault.Error of kind Invalid
// that names each place by JSON pointer and never repeats a value.
package police

import (
	"time"

	"github.com/go-json-experiment/json"

	"kith/events"
	"kith/services/internal/native"
)

// Doors says which translator takes what is posted to which path.
func Doors() map[string]func([]byte) ([]events.Notice, error) {
	return map[string]func([]byte) ([]events.Notice, error){
		"/encompass":          Encompass,
		"/missing-episodes":   MissingEpisode,
		"/protection-notices": ProtectionNotice,
		"/online-reports":     OnlineReport,
	}
}

// record is what every police record says.
type record struct {
	PoliceReference string         `json:"policeReference"`
	Revision        int            `json:"revision"` // from 2 on, when a record is sent again with changes
	RecordedAt      string         `json:"recordedAt"`
	Circumstances   string         `json:"circumstances"`
	ChildVoice      *events.Voice  `json:"childVoice"`
	Family          *told          `json:"family"`
	Team            events.Contact `json:"team"`
	People          []person       `json:"people"`
}

// told is whether the family knows that this is shared.
type told struct {
	Told   bool   `json:"told"`
	WhyNot string `json:"whyNot"`
}

// Encompass translates an Operation Encompass notice. It gives one notice for
// the incident, about everybody who was present or lives there.
func Encompass(raw []byte) ([]events.Notice, error) {
	r, err := native.Read[struct {
		record
		OccurredAt    string          `json:"occurredAt"`
		Place         string          `json:"place"`
		ChildPresence events.Presence `json:"childPresence"`
	}](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	fact := events.DomesticAbuseIncident{
		PoliceReference: f.Reference("/policeReference", r.PoliceReference),
		Place:           f.Line("/place", r.Place),
		Presence: native.Choose(f, "/childPresence", r.ChildPresence, events.PresenceSaw, events.PresenceHeard,
			events.PresenceInTheHome, events.PresenceNotPresent, events.PresenceUnknown),
		Circumstances: f.Prose("/circumstances", r.Circumstances),
	}
	report := r.report(f, "/occurredAt", f.Instant("/occurredAt", r.OccurredAt), fact)
	report.Basis = safeguarding(events.WouldPrejudiceSafety,
		"The school and social care need it to support the child; to ask somebody at the scene could put the child or the victim at more risk.")
	return r.notice(f, "domestic-abuse-incident", report)
}

// MissingEpisode translates a report of a missing child: one notice while the
// child is missing, and another, of its own id, once the child is found.
func MissingEpisode(raw []byte) ([]events.Notice, error) {
	r, err := native.Read[struct {
		record
		MissingSince string `json:"missingSince"`
		MissingFrom  string `json:"missingFrom"`
		FoundAt      string `json:"foundAt"`
	}](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	fact := events.MissingEpisode{
		PoliceReference: f.Reference("/policeReference", r.PoliceReference),
		MissingSince:    f.Instant("/missingSince", r.MissingSince),
		MissingFrom:     f.Line("/missingFrom", r.MissingFrom),
		Circumstances:   f.Prose("/circumstances", r.Circumstances),
	}
	kind := "missing"
	if r.FoundAt != "" {
		found := f.Instant("/foundAt", r.FoundAt)
		if found.Before(fact.MissingSince) {
			f.Wrong("/foundAt", "a moment after missingSince")
		}
		if at, err := time.Parse(time.RFC3339, r.RecordedAt); err == nil && found.After(at) {
			f.Wrong("/foundAt", "a moment not after recordedAt")
		}
		fact.FoundAt, kind = &found, "found"
	}
	report := r.report(f, "/missingSince", fact.MissingSince, fact)
	report.Basis = safeguarding(events.CannotReasonablyAsk,
		"Those who know the child need it to find the child and to learn why the child went missing.")
	return r.notice(f, kind, report)
}

// ProtectionNotice translates an officer's graded public protection notice.
func ProtectionNotice(raw []byte) ([]events.Notice, error) {
	r, err := native.Read[struct {
		record
		OccurredAt   string       `json:"occurredAt"`
		Grade        events.Grade `json:"grade"`
		Intelligence bool         `json:"intelligence"` // it rests on police intelligence
	}](raw, json.RejectUnknownMembers(true))
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	fact := events.PublicProtectionNotice{
		PoliceReference: f.Reference("/policeReference", r.PoliceReference),
		Grade:           native.Choose(f, "/grade", r.Grade, events.Red, events.Amber, events.Green),
		Circumstances:   f.Prose("/circumstances", r.Circumstances),
	}
	report := r.report(f, "/occurredAt", f.Instant("/occurredAt", r.OccurredAt), fact)
	report.Basis = safeguarding(events.CannotReasonablyAsk,
		"An officer was concerned for the child and social care has to consider what the child needs.")
	if r.Intelligence {
		report.Caveats = []events.Caveat{events.PoliceIntelligence}
	}
	return r.notice(f, "protection-notice", report)
}

// report returns all but the basis. When it occurred stands at a place.
func (r record) report(f *native.Form, at string, occurred time.Time, fact events.Police) events.Report {
	report := events.Report{Shared: r.shared(f)}
	report.OccurredAt, report.RecordedAt = occurred, f.Instant("/recordedAt", r.RecordedAt)
	if occurred.After(report.RecordedAt) && !report.RecordedAt.IsZero() && occurred.Year() <= 2100 { // else it is wrong anyway
		f.Wrong(at, "a moment not after recordedAt")
	}
	report.About, report.Fact = about(f, r.People), fact
	return report
}

// shared is what every record says beside its fact, without times and basis.
func (r record) shared(f *native.Form) events.Shared {
	team, voice := f.Contact("/team", r.Team), f.Voice("/childVoice", r.ChildVoice)
	var informed *events.Informed
	if r.Family != nil {
		informed = &events.Informed{Told: r.Family.Told, Why: f.AtMost("/family/whyNot", r.Family.WhyNot, 2000)}
		if !informed.Told {
			f.Text("/family/whyNot", informed.Why)
		}
	}
	return events.Shared{Label: events.Core, Informed: informed, Voice: voice, Contact: team}
}

// notice gives the report its id: what it is, the police reference, and the
// revision where there is more than one.
func (r record) notice(f *native.Form, kind string, report events.Report) ([]events.Notice, error) {
	if r.Revision < 0 {
		f.Wrong("/revision", "2 or more, or nothing")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	id, version := native.Revised(kind+":"+r.PoliceReference, r.Revision, "/revision")
	return []events.Notice{{ID: id, Report: report, Version: version}}, nil
}

// safeguarding is the basis on which police share: their public task, and for
// special categories paragraph 18.
func safeguarding(g events.Ground, necessity string) events.Basis {
	return events.Basis{
		Article6: events.PublicTask,
		Article9: events.SubstantialPublicInterest,
		Paragraph18: &events.Paragraph18{
			Ground: g, Necessity: necessity, Subject: events.SubjectUnder18,
			PolicyDocument: "Appropriate policy document: police safeguarding of children",
		},
	}
}
