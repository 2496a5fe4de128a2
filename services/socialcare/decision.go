package socialcare

import (
	"strings"
	"time"

	"kith/events"
	"kith/services/internal/native"
)

// ReferralDecisionForm is what a social worker fills in to answer a concern or a
// referral.
type ReferralDecisionForm struct {
	Reference string        // of the concern, exactly as it was sent
	LAChildID string        // the authority's number for the child, if it has one yet
	Child     events.Person // as the concern describes the child; its role and local id are not used

	Decision  events.Decision
	Rationale string // what the referrer is told
	Threshold string
	NextStep  string
	Contact   events.Contact
}

// Notice is the form as a notice; it was decided and recorded at that moment.
// What is wrong with the form is named as "/reference", "/child", "/decision",
// "/rationale" or "/contact/team".
func (d ReferralDecisionForm) Notice(at time.Time) (events.Notice, error) {
	f := &native.Form{}
	child := d.Child
	child.Role, child.LocalID = events.RoleChild, localID(d.LAChildID, d.Child)
	if child.Name == (events.Name{}) && child.Identifiers == (events.Identifiers{}) {
		f.Wrong("/child", "a name, or a number that identifies the child")
	}
	contact := d.Contact
	contact.Team = f.Text("/contact/team", contact.Team)
	report := events.Report{
		Shared: events.Shared{
			OccurredAt: at.UTC(), RecordedAt: at.UTC(),
			Basis: care(), Label: events.Core, Contact: contact,
		},
		About: []events.Person{child},
		Fact:  decided(f, "", d.Reference, d.Decision, d.Rationale, d.Threshold, d.NextStep),
	}
	if err := f.Err(); err != nil {
		return events.Notice{}, err
	}
	return identified(report)
}

func decided(f *native.Form, at, reference string, d events.Decision, rationale, threshold, next string) events.ReferralDecided {
	return events.ReferralDecided{
		Reference: f.Text(at+"/reference", reference),
		Decision: native.Choose(f, at+"/decision", d, events.DecideStrategyDiscussion, events.DecideAssessment,
			events.DecideFamilyHelp, events.DecideAlreadyOpen, events.DecideNoFurtherAction),
		Rationale: f.Text(at+"/rationale", rationale),
		Threshold: strings.TrimSpace(threshold),
		NextStep:  strings.TrimSpace(next),
	}
}
