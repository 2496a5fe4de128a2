package health

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"

	"kith/events"
)

// Where the parts of a patient's record have their own meaning in the NHS; the
// URLs of extensions are by how they end, whatever server publishes them.
const (
	nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	nhsNumberStatus = "/Extension-UKCore-NHSNumberVerificationStatus"
	birthSex        = "/Extension-UKCore-BirthSex"
)

// oldest is how old somebody may be of whom something is shared: care leavers are
// supported until they are 25.
const oldest = 25

// about are the people of a report: the child, who is the resource's subject, and
// those of the others who took part that the service has a number for.
func (r *reader) about(x resource, at string, subject *fhir.Reference, when time.Time, took []*fhir.Reference) []events.Person {
	child := r.child(x, x.at+at, subject, when)
	out := []events.Person{child}
	for _, ref := range took {
		to, found := r.find(x, ref, "RelatedPerson")
		if !found {
			continue
		}
		p := r.related(to)
		if p.LocalID != "" && !slices.ContainsFunc(out, func(o events.Person) bool { return o.LocalID == p.LocalID }) {
			out = append(out, p)
		}
	}
	return out
}

// child is who the resource is about: the Patient referred to, or the only one
// there is, or somebody of whom the reference itself gives the NHS number.
func (r *reader) child(x resource, at string, subject *fhir.Reference, when time.Time) events.Person {
	to, found := r.find(x, subject, "Patient")
	if value(subject).Reference == nil && value(subject).Identifier == nil {
		to, found = r.onlyPatient()
	}
	switch {
	case found:
		p := r.patient(to)
		if r.grown(p, when) {
			r.once(to.at+"/birthDate", "a patient of at most "+strconv.Itoa(oldest)+" years: nothing of older people is shared")
		}
		return p
	case value(subject).Identifier != nil:
		p := events.Person{Role: events.RoleChild}
		r.identify(&p, at+"/identifier", *subject.Identifier)
		if p.Identifiers.NHSNumber == nil {
			r.Wrong(at+"/identifier", "the patient's NHS number, of the system "+nhsNumberSystem)
		}
		p.LocalID = localID(p)
		return p
	case r.many && !r.has("Patient"):
		r.once("/entry", "an entry whose resource is a Patient")
	case r.many:
		r.Wrong(at+"/reference", "a reference to a Patient of this Bundle")
	default:
		r.Wrong(at, "a reference to a Patient contained here, or an identifier with the patient's NHS number")
	}
	return events.Person{}
}

// grown reports whether somebody is too old for anything to be shared of them.
func (r *reader) grown(p events.Person, when time.Time) bool {
	born, err := time.Parse(time.DateOnly, string(p.DateOfBirth))
	return err == nil && !when.IsZero() && !when.Before(born.AddDate(oldest+1, 0, 0))
}

func (r *reader) onlyPatient() (only resource, found bool) {
	for _, x := range r.all {
		if x.kind == "Patient" {
			if found {
				return resource{}, false
			}
			only, found = x, true
		}
	}
	return only, found
}

func (r *reader) has(kind string) bool {
	return slices.ContainsFunc(r.all, func(x resource) bool { return x.kind == kind })
}

// once says what is wrong at a place that several resources lead to.
func (r *reader) once(at, instead string) {
	if !r.said[at] {
		r.said[at] = true
		r.Wrong(at, instead)
	}
}

// patient is a Patient as the hub knows people.
func (r *reader) patient(x resource) events.Person {
	if p, known := r.people[x.at]; known {
		return p
	}
	in := read[fhir.Patient](r.Form, x)
	p := events.Person{
		Role: events.RoleChild, Name: shortName(r.Form, x.at+"/name", name(in.Name)), Sex: sex(in),
		Address: shortAddress(r.Form, x.at+"/address", home(in)),
	}
	for i, id := range in.Identifier {
		r.identify(&p, x.at+"/identifier/"+strconv.Itoa(i), id)
	}
	if p.Name == (events.Name{}) && p.Identifiers.NHSNumber == nil {
		r.Wrong(x.at+"/name", "a name, or an NHS number among the identifiers")
	}
	// FHIR allows a year or a month; neither can be compared with a day.
	p.DateOfBirth = r.day(x.at+"/birthDate", in.BirthDate)
	for i, l := range in.Link {
		if l.Type == fhir.LinkTypeReplacedBy {
			r.Wrong(x.at+"/link/"+strconv.Itoa(i), "the Patient that replaced this one")
		}
	}
	if p.LocalID == "" {
		if p.Identifiers.NHSNumber == nil {
			r.Wrong(x.at+"/identifier", "an identifier: the hospital's own, or an NHS number")
		}
		p.LocalID = localID(p)
	}
	r.people[x.at] = p
	return p
}

// identify takes one identifier: the NHS number, or else the service's own, of
// which the first counts.
func (r *reader) identify(p *events.Person, at string, id fhir.Identifier) {
	number, old := short(r.Form, at+"/value", value(id.Value)), id.Use != nil && *id.Use == fhir.IdentifierUseOld
	switch {
	case number == "" || old:
	case value(id.System) != nhsNumberSystem:
		p.LocalID = orElse(p.LocalID, number)
	case p.Identifiers.NHSNumber != nil && p.Identifiers.NHSNumber.Value != number:
		r.Wrong(at, "one NHS number: mark the others as old")
	default:
		if !events.ValidNHSNumber(number) {
			r.Wrong(at+"/value", "ten digits with the right check digit")
		}
		p.Identifiers.NHSNumber = &events.NHSNumber{Value: number, Status: verified(id.Extension)}
	}
}

// verified goes by the extension of UK Core. Only a number that was traced counts
// as verified; the codes are those of England and of all of the UK.
func verified(xs []fhir.Extension) events.NHSNumberStatus {
	for _, c := range extension(xs, nhsNumberStatus) {
		if code := value(c.Code); code == "01" || code == "number-present-and-verified" {
			return events.NHSVerified
		}
	}
	return events.NHSUnverified
}

func extension(xs []fhir.Extension, ends string) []fhir.Coding {
	for _, x := range xs {
		if strings.HasSuffix(x.Url, ends) {
			return value(x.ValueCodeableConcept).Coding
		}
	}
	return nil
}

// localID is the local id of somebody for whom the service has no number of its
// own. A verified NHS number is enough; one that is not could be anybody's, so
// that name and date of birth are needed beside it to tell two people apart.
func localID(p events.Person) string {
	n := p.Identifiers.NHSNumber
	switch {
	case n == nil:
		return ""
	case n.Status == events.NHSVerified:
		return "nhs:" + n.Value
	default:
		words := strings.Join([]string{"unverified", n.Value, p.Name.Family, p.Name.Given, string(p.DateOfBirth)}, "|")
		return strings.Join(strings.Fields(strings.ToLower(words)), " ")
	}
}

// name is the official name or else the usual one or else the first.
func name(all []fhir.HumanName) events.Name {
	for _, use := range []string{"official", "usual", ""} {
		for _, n := range all {
			is := ""
			if n.Use != nil {
				is = n.Use.Code()
			}
			if is == use || use == "" && is != "old" {
				return events.Name{Given: strings.Join(n.Given, " "), Family: value(n.Family)}
			}
		}
	}
	return events.Name{}
}

func full(n events.Name) string { return strings.TrimSpace(n.Given + " " + n.Family) }

// sex is the administrative one or else that of birth.
func sex(p fhir.Patient) events.Sex {
	switch {
	case p.Gender == nil:
	case *p.Gender == fhir.AdministrativeGenderFemale:
		return events.Female
	case *p.Gender == fhir.AdministrativeGenderMale:
		return events.Male
	}
	for _, c := range extension(p.Extension, birthSex) {
		switch value(c.Code) {
		case "F":
			return events.Female
		case "M":
			return events.Male
		}
	}
	if p.Gender == nil {
		return ""
	}
	return events.SexUnknown
}

// home is the home address. It is restricted if the patient's record is: that
// is how the Personal Demographics Service marks an address to be kept safe.
func home(p fhir.Patient) *events.Address {
	for _, a := range p.Address {
		if a.Use != nil && *a.Use != fhir.AddressUseHome {
			continue
		}
		lines := slices.Clone(a.Line)
		if city := value(a.City); city != "" {
			lines = append(lines, city)
		}
		if len(lines) == 0 {
			continue
		}
		out := &events.Address{Lines: lines, Postcode: value(a.PostalCode), Label: events.Core}
		if safe(value(p.Meta).Security) {
			out.Label = events.Restricted
		}
		return out
	}
	return nil
}

// safe reports whether where somebody lives must not be passed on: the record is
// restricted, or their location or living arrangement is named as sensitive.
func safe(security []fhir.Coding) bool {
	return slices.ContainsFunc(security, func(c fhir.Coding) bool {
		return slices.Contains([]string{"R", "V", "LOCIS", "LIVARG"}, value(c.Code))
	})
}
