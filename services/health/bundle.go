package health

import (
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/services/internal/native"
)

// Bundle translates a FHIR R4 Bundle (collection, transaction, message or
// document) with a Patient and an Encounter of class EMER. It gives one notice
// for each such Encounter; resources that say nothing of an attendance are
// left alone.
func Bundle(raw []byte) ([]events.Notice, error) {
	b, err := native.Read[bundle](raw)
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	if b.ResourceType != "Bundle" {
		f.Wrong("/resourceType", "Bundle")
	}
	native.Choose(f, "/type", b.Type, "collection", "transaction", "message", "document")
	c := b.contents(f)
	if err := f.Err(); err != nil {
		return nil, err // the rest would be named only because this is
	}
	if len(c.patients) == 0 {
		f.Wrong("/entry", "an entry whose resource is a Patient")
	}
	var out []events.Notice
	for _, e := range emergencies(f, c.encounters) {
		report := e.report(f, b, c)
		if f.Err() != nil {
			continue
		}
		n, err := identified(report)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, f.Err()
}

func emergencies(f *native.Form, all []encounter) []encounter {
	if len(all) == 0 {
		f.Wrong("/entry", "an entry whose resource is an Encounter")
		return nil
	}
	out := slices.DeleteFunc(slices.Clone(all), func(e encounter) bool { return e.Class.Code != "EMER" })
	if len(out) == 0 {
		f.Wrong(all[0].at+"/class/code", "EMER: only emergency attendances are shared")
	}
	return out
}

func (e encounter) report(f *native.Form, b bundle, c contents) events.Report {
	if e.Status == "entered-in-error" || e.Status == "cancelled" {
		f.Wrong(e.at+"/status", "an Encounter that took place")
	}
	arrived := f.Instant(e.at+"/period/start", e.Period.Start)
	fact := events.EmergencyAttendance{
		ArrivedAt: arrived,
		Reason:    f.Text(e.at+"/reasonCode", e.reason()),
		BroughtBy: e.broughtBy(c.related),
		Disposal:  e.Hospitalization.DischargeDisposition.words(),
	}
	if e.Period.End != "" {
		left := f.Instant(e.at+"/period/end", e.Period.End)
		fact.LeftAt = &left
		if left.Before(arrived) {
			f.Wrong(e.at+"/period/end", "a moment after the start")
		}
	}
	contact := e.contact(c.organizations)
	fact.Provider = f.Text(e.at+"/serviceProvider", contact.Team)
	return events.Report{
		Shared: events.Shared{
			OccurredAt: arrived,
			RecordedAt: e.recorded(f, b, fact),
			Basis:      care(),
			Label:      label(b.Meta, e.Meta),
			Contact:    contact,
		},
		About: []events.Person{e.patient(f, c.patients)},
		Fact:  fact,
	}
}

// recorded is when the record was last changed or, if it does not say, the
// latest moment that it names: never the time of sending while there is
// another, so that sending the same record again gives the same notice.
func (e encounter) recorded(f *native.Form, b bundle, fact events.EmergencyAttendance) time.Time {
	switch {
	case e.Meta.LastUpdated != "":
		return f.Instant(e.at+"/meta/lastUpdated", e.Meta.LastUpdated)
	case fact.LeftAt != nil:
		return *fact.LeftAt
	case b.Timestamp != "":
		return f.Instant("/timestamp", b.Timestamp)
	default:
		return fact.ArrivedAt
	}
}

// label goes by the confidentiality codes of the record: R is restricted and V
// very restricted (HL7 v3 Confidentiality).
func label(ms ...meta) events.Label {
	out := events.Core
	for _, m := range ms {
		if m.confidential("V") {
			return events.Restricted
		}
		if m.confidential("R") {
			out = events.Sensitive
		}
	}
	return out
}

func (e encounter) reason() string {
	var words []string
	for _, r := range e.ReasonCode {
		if w := r.words(); w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, "; ")
}

// broughtBy is the relation to the child of a RelatedPerson who took part.
func (e encounter) broughtBy(related []relatedPerson) string {
	for _, p := range e.Participant {
		for _, r := range related {
			if r.is(p.Individual.Reference, e.resource) && len(r.Relationship) > 0 {
				return r.Relationship[0].words()
			}
		}
	}
	return ""
}

// contact is the department, by the name that the Encounter displays or else
// by the Organization's own.
func (e encounter) contact(organizations []organization) events.Contact {
	c := events.Contact{Team: e.ServiceProvider.Display}
	for _, o := range organizations {
		if !o.is(e.ServiceProvider.Reference, e.resource) {
			continue
		}
		if c.Team == "" {
			c.Team = o.Name
		}
		for _, t := range o.Telecom {
			switch t.System {
			case "phone":
				c.Phone = t.Value
			case "email":
				c.Email = t.Value
			}
		}
	}
	return c
}

// patient is who attended: the one referred to, or the only one there is.
func (e encounter) patient(f *native.Form, all []patient) events.Person {
	for _, p := range all {
		if p.is(e.Subject.Reference, e.resource) || e.Subject.Reference == "" && len(all) == 1 {
			return p.person(f)
		}
	}
	if len(all) > 0 {
		f.Wrong(e.at+"/subject/reference", "a reference to a Patient of this Bundle")
	}
	return events.Person{}
}
