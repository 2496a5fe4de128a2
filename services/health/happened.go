package health

import (
	"slices"
	"strings"
	"time"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// notices are those of all resources that say what happened.
func (r *reader) notices() ([]events.Notice, error) {
	var out []events.Notice
	var alone []resource
	for _, x := range r.all {
		if happened[x.kind] == nil {
			continue
		}
		if at, _ := unshared(x); at != "" {
			alone = append(alone, x)
			continue
		}
		if v := r.void(x); v.Void != nil {
			out = append(out, v)
			continue
		}
		if !r.stands(x) {
			continue
		}
		report := happened[x.kind](r, x)
		if r.Err() != nil {
			continue
		}
		n, err := identified(report)
		if err != nil {
			return nil, err
		}
		n.Version = r.version(x)
		out = append(out, n)
	}
	switch {
	case r.Err() != nil || len(out) > 0:
	case len(alone) > 0:
		at, instead := unshared(alone[0])
		r.Wrong(at, instead)
	default:
		r.Wrong("/entry", "an entry whose resource says what happened: a Consent, Encounter, Flag, Observation or QuestionnaireResponse")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// unshared says what to give instead of a resource that safeguarding partners do
// not need, and nothing for any other. In a Bundle such a resource is left alone.
func unshared(x resource) (at, instead string) {
	switch x.kind {
	case "Encounter":
		if class, _ := x.doc["class"].(map[string]any); class["code"] != "EMER" {
			return x.at + "/class/code", "EMER: only emergency attendances are shared"
		}
	case "Observation":
		for _, c := range categories(x) {
			if slices.Contains([]string{"vital-signs", "laboratory", "imaging", "procedure", "therapy", "activity"}, c) {
				return x.at + "/category", "social-history, exam or survey, or no category: measurements and results of tests are not shared"
			}
		}
	}
	return "", ""
}

// categories are the codes of a resource's categories.
func categories(x resource) (out []string) {
	list, _ := x.doc["category"].([]any)
	for _, c := range list {
		concept, _ := c.(map[string]any)
		codings, _ := concept["coding"].([]any)
		for _, c := range codings {
			coding, _ := c.(map[string]any)
			if code, ok := coding["code"].(string); ok {
				out = append(out, code)
			}
		}
	}
	return out
}

// stands reports whether the status of a resource is one under which it says
// something. HL7's schema takes a resource without a status.
func (r *reader) stands(x resource) bool {
	may := map[string][]string{
		"Consent":               {"active", "rejected", "inactive"},
		"Encounter":             {"arrived", "triaged", "in-progress", "onleave", "finished"},
		"Flag":                  {"active", "inactive"},
		"Observation":           {"preliminary", "final", "amended", "corrected"},
		"QuestionnaireResponse": {"completed", "amended"},
	}[x.kind]
	status, _ := x.doc["status"].(string)
	switch {
	case status == "entered-in-error":
		r.Wrong(x.at+"/status", "another status, or the resource with the id that it has at your server: what was entered in error is not shared, and without that nobody can tell what to withdraw")
	case !slices.Contains(may, status):
		r.Wrong(x.at+"/status", "one of "+strings.Join(may, ", ")+": nothing is shared that has not happened")
	default:
		return true
	}
	return false
}

// shared is what every report says beside its fact.
func (r *reader) shared(x resource, meta *fhir.Meta, at, recorded time.Time, least events.Label, contact events.Contact) events.Shared {
	if u := value(meta).LastUpdated; u != nil {
		recorded = r.Instant(x.at+"/meta/lastUpdated", *u)
	}
	return events.Shared{
		OccurredAt: at, RecordedAt: recorded, Basis: care(), Contact: contact,
		Label: label(least, value(r.bundle.Meta).Security, value(meta).Security),
	}
}

// label goes by the codes of confidentiality and sensitivity of the record: R is
// restricted and V very restricted (HL7 v3 Confidentiality and ActCode).
func label(out events.Label, security ...[]fhir.Coding) events.Label {
	for _, c := range slices.Concat(security...) {
		switch value(c.Code) {
		case "V":
			return events.Restricted
		case "R", "SDV", "VIO", "SUD", "ETH", "MH", "PSY", "SEX", "STD", "HIV":
			out = events.Sensitive
		}
	}
	return out
}

// moment is a dateTime of FHIR. Of a day alone it is the start; a month or a
// year says too little of when.
func (r *reader) moment(at, v string) time.Time {
	if len(v) == len(time.DateOnly) {
		t, err := time.Parse(time.DateOnly, v)
		if err != nil || t.Year() < 1900 || t.Year() > 2100 {
			r.Wrong(at, "a date, such as 2016-04-30")
		}
		return t
	}
	return r.Instant(at, v)
}

// day is the day of a dateTime of FHIR, if it says one.
func (r *reader) day(at string, v *string) events.Date {
	if len(value(v)) < len(time.DateOnly) {
		return ""
	}
	return r.Day(at, (*v)[:len(time.DateOnly)])
}
