package health

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// Protection is what the NHS is told of a child who is on a child protection plan
// or looked after, or was within twelve months: what Child Protection -
// Information Sharing tells, and no more. As JSON it is a FHIR R4 Bundle of type
// searchset with a Flag for each, and the team that answers for it.
type Protection struct {
	child  events.NHSNumber
	spells []spell
}

func (Protection) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "withheld") }
func (Protection) LogValue() slog.Value       { return slog.StringValue("withheld") }

// spell is a time on a plan or in care.
type spell struct {
	code, display string // SNOMED CT, UK edition
	agency        events.AgencyID
	reference     string
	from, until   events.Date
	ended         bool
	contact       events.Contact
}

// Protected folds what is held, or shown to somebody, of one child. Without one
// verified NHS number it is empty: the NHS knows nobody by anything else, and a
// flag on another child's record would be worse than none.
func Protected(items []events.Item, today events.Date) Protection {
	latest := map[string]events.Item{}
	numbers := map[string]bool{}
	born := events.Date("")
	for _, i := range items {
		if n := i.Person.Identifiers.NHSNumber; n != nil && n.Status == events.NHSVerified {
			numbers[n.Value] = true
		}
		born = events.Date(orElse(string(i.Person.DateOfBirth), string(born)))
		if s, ok := spellOf(i.Fact); ok {
			key := string(i.Agency) + " " + s.code + " " + s.reference
			if was, known := latest[key]; !known || !i.RecordedAt.Before(was.RecordedAt) {
				latest[key] = i
			}
		}
	}
	if len(numbers) != 1 {
		return Protection{}
	}
	p := Protection{child: events.NHSNumber{Value: slices.Collect(maps.Keys(numbers))[0], Status: events.NHSVerified}}
	for _, i := range latest {
		if s, told := spellOf(i.Fact); told && s.told(today) {
			s.agency, s.contact, s.ended = i.Agency, i.Contact, s.until != "" && s.until <= today
			if s.code == onPlan && born > today {
				s.code, s.display = unbornOnPlan, "Unborn child subject to child protection plan"
			}
			p.spells = append(p.spells, s)
		}
	}
	slices.SortFunc(p.spells, func(a, b spell) int {
		return cmp.Or(cmp.Compare(b.from, a.from), cmp.Compare(a.agency, b.agency), cmp.Compare(a.code, b.code), cmp.Compare(a.reference, b.reference))
	})
	return p
}

// The codes of NHS England's value set of child protection plans.
const (
	onPlan       = "342191000000101"
	lookedAfter  = "764841000000100"
	unbornOnPlan = "818901000000100"
)

func spellOf(f events.Fact) (spell, bool) {
	switch f := f.(type) {
	case events.ProtectionPlan:
		return spell{code: onPlan, display: "Subject to child protection plan", reference: f.Reference, from: f.Started, until: f.Ended}, true
	case events.InvolvementChanged:
		words := strings.ToLower(f.Service)
		if !strings.Contains(words, "looked after") && words != "cla" && words != "lac" {
			return spell{}, false
		}
		return spell{code: lookedAfter, display: "Looked after child", reference: string(f.Since), from: f.Since, until: f.Until}, true
	default: // nothing else is told
		return spell{}, false
	}
}

// told reports whether it has begun, and ended less than twelve months ago.
func (s spell) told(today events.Date) bool {
	t, err := time.Parse(time.DateOnly, string(today))
	if err != nil || s.from > today {
		return false
	}
	return s.until == "" || s.until > events.Date(t.AddDate(-1, 0, 0).Format(time.DateOnly))
}

// MarshalJSON writes the Bundle.
func (p Protection) MarshalJSON() ([]byte, error) {
	total := len(p.spells)
	b := fhir.Bundle{Type: fhir.BundleTypeSearchset, Total: &total}
	var include []fhir.BundleEntry
	for _, s := range p.spells {
		team := urn(string(s.agency), s.contact.Team, s.contact.Phone, s.contact.Email)
		flag, err := entry(urn(string(s.agency), s.code, s.reference), fhir.SearchEntryModeMatch, s.flag(p.child, team))
		if err != nil {
			return nil, err
		}
		b.Entry = append(b.Entry, flag)
		if slices.ContainsFunc(include, func(e fhir.BundleEntry) bool { return *e.FullUrl == team }) {
			continue
		}
		organization, err := entry(team, fhir.SearchEntryModeInclude, s.organization())
		if err != nil {
			return nil, err
		}
		include = append(include, organization)
	}
	b.Entry = append(b.Entry, include...)
	return json.Marshal(b)
}

func entry(url string, mode fhir.SearchEntryMode, resource json.Marshaler) (fhir.BundleEntry, error) {
	raw, err := resource.MarshalJSON()
	return fhir.BundleEntry{FullUrl: &url, Resource: raw, Search: &fhir.BundleEntrySearch{Mode: &mode}}, err
}

// urn names a resource for ever.
func urn(parts ...string) string {
	return "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, []byte("kith protection\x00"+strings.Join(parts, "\x00"))).String()
}

func (s spell) flag(child events.NHSNumber, team string) fhir.Flag {
	f := fhir.Flag{
		Meta:   &fhir.Meta{Profile: []string{"https://fhir.hl7.org.uk/StructureDefinition/UKCore-Flag"}},
		Status: fhir.FlagStatusActive,
		Category: []fhir.CodeableConcept{
			coded("https://fhir.nhs.uk/England/CodeSystem/PatientFlagCategory", "CP-IS", "Child Protection - Information Sharing Flag"),
			coded("http://terminology.hl7.org/CodeSystem/flag-category", "safety", "Safety"),
		},
		Code:    coded("http://snomed.info/sct", s.code, s.display),
		Subject: fhir.Reference{Type: text("Patient"), Identifier: numbered(child)},
		Period:  &fhir.Period{Start: text(string(s.from))},
		Author:  &fhir.Reference{Reference: &team, Type: text("Organization"), Display: text(s.contact.Team)},
	}
	if s.until != "" {
		f.Period.End = text(string(s.until))
	}
	if s.ended {
		f.Status = fhir.FlagStatusInactive
	}
	return f
}

func (s spell) organization() fhir.Organization {
	o := fhir.Organization{Name: text(s.contact.Team)}
	for _, t := range []struct {
		system fhir.ContactPointSystem
		value  string
	}{{fhir.ContactPointSystemPhone, s.contact.Phone}, {fhir.ContactPointSystemEmail, s.contact.Email}} {
		if t.value != "" {
			o.Telecom = append(o.Telecom, fhir.ContactPoint{System: &t.system, Value: &t.value})
		}
	}
	return o
}

func numbered(n events.NHSNumber) *fhir.Identifier {
	status := coded("https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "01", "Number present and verified")
	return &fhir.Identifier{System: text(nhsNumberSystem), Value: &n.Value,
		Extension: []fhir.Extension{{Url: "https://fhir.hl7.org.uk/StructureDefinition" + nhsNumberStatus, ValueCodeableConcept: &status}}}
}

func coded(system, code, display string) fhir.CodeableConcept {
	return fhir.CodeableConcept{Coding: []fhir.Coding{{System: &system, Code: &code, Display: &display}}}
}

func text(s string) *string { return &s }
