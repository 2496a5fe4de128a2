package health

import (
	"strconv"
	"strings"
	"time"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// observation is what was observed about a child. It is health detail, and so
// sensitive.
func (r *reader) observation(x resource) events.Report {
	o := read[fhir.Observation](r.Form, x)
	at := r.effective(x, o)
	recorded := at
	if o.Issued != nil {
		recorded = r.Instant(x.at+"/issued", *o.Issued)
	}
	return events.Report{
		Shared: r.shared(x, o.Meta, at, recorded, events.Sensitive, r.team(x, "/performer", references(o.Performer)...)),
		About:  r.about(x, "/subject", o.Subject, at, nil),
		Fact: events.ClinicalObservation{
			Observed:    r.Text(x.at+"/code/text", short(r.Form, x.at+"/code/text", concept(&o.Code))),
			Finding:     long(r.Form, x.at, finding(o)),
			BodySite:    short(r.Form, x.at+"/bodySite", concept(o.BodySite)),
			Provisional: o.Status == fhir.ObservationStatusPreliminary,
		},
	}
}

// effective is when it was so.
func (r *reader) effective(x resource, o fhir.Observation) time.Time {
	switch {
	case o.EffectiveDateTime != nil:
		return r.moment(x.at+"/effectiveDateTime", *o.EffectiveDateTime)
	case o.EffectiveInstant != nil:
		return r.Instant(x.at+"/effectiveInstant", *o.EffectiveInstant)
	case value(o.EffectivePeriod).Start != nil:
		return r.moment(x.at+"/effectivePeriod/start", *o.EffectivePeriod.Start)
	case o.Issued != nil:
		return r.Instant(x.at+"/issued", *o.Issued)
	default:
		r.Wrong(x.at+"/effectiveDateTime", "when it was observed")
		return time.Time{}
	}
}

// finding is what was found, in words: the value, those of the components, how
// it was read, and what was noted.
func finding(o fhir.Observation) string {
	lines := []string{result{
		o.ValueQuantity, o.ValueCodeableConcept, o.ValueString, o.ValueBoolean, o.ValueInteger, o.DataAbsentReason,
	}.words()}
	for _, c := range o.Component {
		w := result{c.ValueQuantity, c.ValueCodeableConcept, c.ValueString, c.ValueBoolean, c.ValueInteger, c.DataAbsentReason}.words()
		if name := concept(&c.Code); w != "" && name != "" {
			w = name + ": " + w
		}
		lines = append(lines, w)
	}
	lines = append(lines, reasons(o.Interpretation))
	for _, n := range o.Note {
		lines = append(lines, n.Text)
	}
	return joined(lines)
}

func joined(lines []string) string {
	var out []string
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// result is the value of an observation or of a part of one, as FHIR spells it:
// of these at most one is there.
type result struct {
	quantity *fhir.Quantity
	concept  *fhir.CodeableConcept
	text     *string
	truth    *bool
	whole    *int
	absent   *fhir.CodeableConcept
}

func (r result) words() string {
	switch {
	case r.quantity != nil:
		return quantity(*r.quantity)
	case r.concept != nil:
		return concept(r.concept)
	case r.text != nil:
		return *r.text
	case r.truth != nil:
		return yesNo(*r.truth)
	case r.whole != nil:
		return strconv.Itoa(*r.whole)
	default:
		return concept(r.absent)
	}
}

func quantity(q fhir.Quantity) string {
	if q.Value == nil {
		return ""
	}
	words := q.Value.String()
	if q.Comparator != nil {
		words = q.Comparator.Code() + " " + words
	}
	return strings.TrimSpace(words + " " + orElse(value(q.Unit), value(q.Code)))
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}
