package health

import (
	"slices"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// consent is what somebody who was asked said to the health service's sharing.
// Consents to treatment, research and advance care say nothing of that.
func (r *reader) consent(x resource) events.Report {
	c := read[fhir.Consent](r.Form, x)
	if !slices.ContainsFunc(c.Scope.Coding, func(c fhir.Coding) bool { return value(c.Code) == "patient-privacy" }) {
		r.Wrong(x.at+"/scope", "the scope patient-privacy: other consents are not shared")
	}
	at := r.moment(x.at+"/dateTime", value(c.DateTime))
	provision := value(c.Provision)
	return events.Report{
		Shared: r.shared(x, c.Meta, at, at, events.Core, r.team(x, "/organization", references(c.Organization)...)),
		About:  r.about(x, "/patient", c.Patient, at, references(c.Performer)),
		Fact: events.SharingConsent{
			Decision: decision(c),
			Scope:    r.Text(x.at+"/category", short(r.Form, x.at+"/category", purposes(c))),
			By:       r.consenter(x, c),
			InPart:   len(provision.Provision) > 0,
			Until:    r.day(x.at+"/provision/period/end", value(provision.Period).End),
		},
	}
}

// decision is what was said: a rule that denies is a refusal, and a consent that
// stands no more was withdrawn.
func decision(c fhir.Consent) events.ConsentDecision {
	denies := value(c.Provision).Type != nil && *c.Provision.Type == fhir.ConsentProvisionTypeDeny
	out := slices.ContainsFunc(value(c.PolicyRule).Coding, func(c fhir.Coding) bool { return value(c.Code) == "OPTOUT" })
	switch {
	case c.Status == fhir.ConsentStateInactive:
		return events.DecisionWithdrawn
	case c.Status == fhir.ConsentStateRejected || denies || out:
		return events.DecisionRefused
	default:
		return events.DecisionGiven
	}
}

// purposes is what the consent is to: its categories and purposes in words.
func purposes(c fhir.Consent) string {
	words := []string{reasons(c.Category)}
	for _, p := range value(c.Provision).Purpose {
		words = append(words, value(p.Display))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	if len(words) < 2 {
		return reasons(c.Category) + joined(words[min(len(words), 1):])
	}
	return words[0] + ": " + reasons([]fhir.CodeableConcept{{Text: &words[1]}})
}

// consenter is who said it, as a relation.
func (r *reader) consenter(x resource, c fhir.Consent) string {
	performers := references(c.Performer)
	if by := r.relation(x, performers); by != "" {
		return by
	}
	for _, p := range performers {
		if _, found := r.find(x, p, "Patient"); found {
			return "the patient"
		}
	}
	return ""
}
