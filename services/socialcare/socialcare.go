// Package socialcare turns what children's social care hands over into notices
// for the hub: rows of its case records, and its decision on a concern. Every
// translator is pure: the same record gives the same notice with the same id. A
// record that does not fit gives a *fault.Error of kind Invalid that names each
// place by JSON pointer and never repeats a value.
package socialcare

import (
	"strings"

	"github.com/google/uuid"

	"kith/events"
)

// Doors says which translator takes what is posted to which path.
func Doors() map[string]func([]byte) ([]events.Notice, error) {
	doors := map[string]func([]byte) ([]events.Notice, error){"/records": Record, "/cin-census": Census}
	for path, t := range ssdDoors() {
		doors[path] = t.read
	}
	return doors
}

// care is the basis of social care's ordinary work: its public task, and the
// provision of social care.
func care() events.Basis {
	return events.Basis{Article6: events.PublicTask, Article9: events.HealthOrSocialCare}
}

// protection is the basis of an enquiry or a plan: the duty under section 47 of
// the Children Act 1989, and for special categories paragraph 18.
func protection() events.Basis {
	return events.Basis{
		Article6: events.LegalObligation,
		Article9: events.SubstantialPublicInterest,
		Paragraph18: &events.Paragraph18{
			Ground:         events.WouldPrejudiceSafety,
			Necessity:      "The authority has reasonable cause to suspect that the child suffers or is likely to suffer significant harm, and its partners have to act on the same facts.",
			Subject:        events.SubjectUnder18,
			PolicyDocument: "Appropriate policy document: children's social care",
		},
	}
}

// localID is the authority's number for the child, or else the unique pupil
// number or else name and date of birth: two records of the same child are then
// about one subject.
func localID(number string, p events.Person) string {
	if number = strings.TrimSpace(number); number != "" {
		return number
	}
	if p.Identifiers.UPN != "" {
		return p.Identifiers.UPN
	}
	words := strings.Join([]string{p.Name.Family, p.Name.Given, string(p.DateOfBirth)}, "|")
	return strings.Join(strings.Fields(strings.ToLower(words)), " ")
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
