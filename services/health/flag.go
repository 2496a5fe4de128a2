package health

import (
	"slices"
	"time"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// flag is a flag on the child's record. One that warns of danger, of behaviour
// or of who must not be contacted is what partners need; any other is health
// detail.
func (r *reader) flag(x resource) events.Report {
	l := read[fhir.Flag](r.Form, x)
	period := value(l.Period)
	fact := events.HealthFlag{
		Flag:     r.Text(x.at+"/code/text", short(r.Form, x.at+"/code/text", concept(&l.Code))),
		Category: short(r.Form, x.at+"/category", reasons(l.Category)),
		Active:   l.Status == fhir.FlagStatusActive,
		From:     r.day(x.at+"/period/start", period.Start),
		Until:    r.day(x.at+"/period/end", period.End),
	}
	at := r.flagged(x, l, fact.Active)
	least := events.Sensitive
	if slices.ContainsFunc(categories(x), func(c string) bool { return c == "safety" || c == "behavioral" || c == "social-contact" }) {
		least = events.Core
	}
	return events.Report{
		Shared: r.shared(x, l.Meta, at, at, least, r.team(x, "/author", l.Author)),
		About:  r.about(x, "/subject", &l.Subject, at, nil),
		Fact:   fact,
	}
}

// flagged is when the flag was put on or, if it stands no more, taken off.
func (r *reader) flagged(x resource, l fhir.Flag, active bool) time.Time {
	period := value(l.Period)
	switch {
	case !active && period.End != nil:
		return r.moment(x.at+"/period/end", *period.End)
	case active && period.Start != nil:
		return r.moment(x.at+"/period/start", *period.Start)
	case value(l.Meta).LastUpdated != nil:
		return r.Instant(x.at+"/meta/lastUpdated", *l.Meta.LastUpdated)
	case active:
		r.Wrong(x.at+"/period/start", "when the flag was put on")
	default:
		r.Wrong(x.at+"/period/end", "when the flag was taken off")
	}
	return time.Time{}
}
