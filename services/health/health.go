// Package health turns the records of a health service into notices for the
// hub: FHIR R4 resources, simple records, and the events of NHS England's
// Multicast Notification Service. Every translator is pure: the same record
// gives the same notice with the same id. A record that does not fit gives a
// *fault.Error of kind Invalid that names each place by JSON pointer and never
// repeats a value.
package health

import (
	"github.com/google/uuid"

	"kith/events"
)

// Doors says which translator takes what is posted to which path.
func Doors() map[string]func([]byte) ([]events.Notice, error) {
	return map[string]func([]byte) ([]events.Notice, error){
		"/fhir":    FHIR,
		"/records": Record,
		"/mns":     Notification,
	}
}

// care is the basis on which health services share: their public task, and the
// provision of health and social care.
func care() events.Basis {
	return events.Basis{Article6: events.PublicTask, Article9: events.HealthOrSocialCare}
}

// identified gives a report that brings no reference of its own an id: the
// UUIDv5 of its content.
func identified(r events.Report) (events.Notice, error) {
	data, err := events.EncodeReport(r)
	if err != nil {
		return events.Notice{}, err
	}
	return events.Notice{ID: uuid.NewSHA1(uuid.NameSpaceURL, data).String(), Report: r}, nil
}
