package health

import (
	"strings"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// encounter is an emergency attendance.
func (r *reader) encounter(x resource) events.Report {
	e := read[fhir.Encounter](r.Form, x)
	period := value(e.Period)
	arrived := r.Instant(x.at+"/period/start", value(period.Start))
	fact := events.EmergencyAttendance{
		ArrivedAt: arrived,
		Reason:    r.Text(x.at+"/reasonCode", long(r.Form, x.at+"/reasonCode", reasons(e.ReasonCode))),
		Disposal:  short(r.Form, x.at+"/hospitalization/dischargeDisposition", concept(value(e.Hospitalization).DischargeDisposition)),
	}
	recorded := arrived
	if period.End != nil {
		left := r.Instant(x.at+"/period/end", *period.End)
		fact.LeftAt, recorded = &left, left
		if left.Before(arrived) {
			r.Wrong(x.at+"/period/end", "a moment after the start")
		}
	}
	var took []*fhir.Reference
	for _, p := range e.Participant {
		took = append(took, p.Individual)
	}
	fact.BroughtBy = r.relation(x, took)
	contact := r.contact(x, "/serviceProvider", e.ServiceProvider)
	fact.Provider = r.Text(x.at+"/serviceProvider", contact.Team)
	return events.Report{
		Shared: r.shared(x, e.Meta, arrived, recorded, events.Core, contact),
		About:  r.about(x, "/subject", e.Subject, arrived, took),
		Fact:   fact,
	}
}

func reasons(cs []fhir.CodeableConcept) string {
	var words []string
	for _, c := range cs {
		if w := concept(&c); w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, "; ")
}

// concept is a concept in words: its text, or what its first code displays.
func concept(c *fhir.CodeableConcept) string {
	if c == nil {
		return ""
	}
	if c.Text != nil || len(c.Coding) == 0 {
		return strings.TrimSpace(value(c.Text))
	}
	return strings.TrimSpace(value(c.Coding[0].Display))
}
