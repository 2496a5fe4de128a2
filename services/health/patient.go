package health

import (
	"fmt"
	"slices"
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

const (
	nhsNumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	nhsNumberStatus = "/Extension-UKCore-NHSNumberVerificationStatus" // where its URL ends
	nhsTraced       = "01"                                            // present and verified
)

// person is the patient as the hub knows people; the child that it is about.
func (p patient) person(f *native.Form) events.Person {
	out := events.Person{Role: events.RoleChild, Name: p.name(), Sex: sex(p.Gender), Address: p.home()}
	for i, id := range p.Identifier {
		switch {
		case id.Value == "":
		case id.System == nhsNumberSystem:
			out.Identifiers.NHSNumber = nhsNumber(f, fmt.Sprintf("%s/identifier/%d/value", p.at, i), id)
		case out.LocalID == "":
			out.LocalID = id.Value
		}
	}
	if out.Name == (events.Name{}) && out.Identifiers.NHSNumber == nil {
		f.Wrong(p.at+"/name", "a name, or an NHS number among the identifiers")
	}
	if len(p.BirthDate) != len("2006") && len(p.BirthDate) != len("2006-01") && p.BirthDate != "" {
		// FHIR allows a year or a month; neither can be compared with a day.
		out.DateOfBirth = f.Day(p.at+"/birthDate", p.BirthDate)
	}
	if out.LocalID == "" {
		if out.Identifiers.NHSNumber == nil {
			f.Wrong(p.at+"/identifier", "an identifier: the hospital's own, or an NHS number")
		}
		out.LocalID = localID(out)
	}
	return out
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

func nhsNumber(f *native.Form, at string, id identifier) *events.NHSNumber {
	if !events.ValidNHSNumber(id.Value) {
		f.Wrong(at, "ten digits with the right check digit")
	}
	n := &events.NHSNumber{Value: id.Value, Status: events.NHSUnverified}
	for _, x := range id.Extension {
		if strings.HasSuffix(x.URL, nhsNumberStatus) &&
			slices.ContainsFunc(x.Concept.Coding, func(c coding) bool { return c.Code == nhsTraced }) {
			n.Status = events.NHSVerified
		}
	}
	return n
}

// name is the official name or else the usual one or else the first.
func (p patient) name() events.Name {
	for _, use := range []string{"official", "usual", ""} {
		for _, n := range p.Name {
			if n.Use == use || use == "" && n.Use != "old" {
				return events.Name{Given: strings.Join(n.Given, " "), Family: n.Family}
			}
		}
	}
	return events.Name{}
}

func sex(gender string) events.Sex {
	switch gender {
	case "":
		return ""
	case "female":
		return events.Female
	case "male":
		return events.Male
	default:
		return events.SexUnknown
	}
}

// home is the home address. It is restricted if the patient's record is: that
// is how the Personal Demographics Service marks an address to be kept safe.
func (p patient) home() *events.Address {
	for _, a := range p.Address {
		if a.Use != "home" && a.Use != "" {
			continue
		}
		lines := slices.Clone(a.Line)
		if a.City != "" {
			lines = append(lines, a.City)
		}
		if len(lines) == 0 {
			continue
		}
		out := &events.Address{Lines: lines, Postcode: a.PostalCode, Label: events.Core}
		if p.Meta.confidential("R") || p.Meta.confidential("V") {
			out.Label = events.Restricted
		}
		return out
	}
	return nil
}
