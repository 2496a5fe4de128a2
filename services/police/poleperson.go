package police

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"kith/events"
	"kith/services/internal/native"
)

// polePerson is what we read of a person of the Standard Data Model.
type polePerson struct {
	GivenName   []string `json:"givenName"`
	MiddleName  []string `json:"middleName"`
	Surname     string   `json:"surname"`
	Gender      string   `json:"gender"` // GNDR_0001 ...
	DateOfBirth string   `json:"dateOfBirth"`

	Under18   jsontext.Value `json:"under18"`
	Age       jsontext.Value `json:"age"`
	AgeThen   jsontext.Value `json:"ageAtTimeOfIncident"`
	AgeFrom   jsontext.Value `json:"approximateAgeFrom"`
	AgeTo     jsontext.Value `json:"approximateAgeTo"`
	AgeBucket string         `json:"ageRange"` // ARNG_0001 ...
}

// Links by which a person of the model is what to a child, and to the incident.
var (
	parents = []string{"mother", "father", "parent", "stepMother", "stepFather", "stepParent",
		"adoptedMother", "adoptedFather", "adoptedParent"}
	carers   = []string{"guardian", "carer", "fosterParent"}
	suspects = []string{"knownSuspect", "unknownSuspect"}
)

// buckets are the age ranges of the model, as years; 200 where there is no end.
func bucket(f *native.Form, at, id string) (events.AgeRange, bool) {
	r, ok := map[string]events.AgeRange{
		"ARNG_0001": {From: 0, To: 9}, "ARNG_0002": {From: 10, To: 16}, "ARNG_0003": {From: 10, To: 17},
		"ARNG_0004": {From: 17, To: 24}, "ARNG_0005": {From: 18, To: 24}, "ARNG_0006": {From: 25, To: 39},
		"ARNG_0007": {From: 40, To: 54}, "ARNG_0008": {From: 55, To: 69}, "ARNG_0009": {From: 70, To: 79},
		"ARNG_0010": {From: 80, To: 200},
	}[id]
	if !ok && id != "" && id != "ARNG_0011" { // not known
		f.Wrong(at, "a constrained value from ARNG_0001 to ARNG_0011, or nothing")
	}
	return r, ok
}

// child says whether a person is one on a day, and the age if it is a guess.
func (p polePerson) child(f *native.Form, at string, on time.Time) (bool, *events.AgeRange) {
	said, given := flag(f, at+"/under18", p.Under18)
	if p.DateOfBirth != "" {
		born, _ := time.Parse(time.DateOnly, string(f.Day(at+"/dateOfBirth", p.DateOfBirth)))
		is := on.Before(born.AddDate(18, 0, 0))
		if given && said != is {
			f.Wrong(at+"/under18", "the same as dateOfBirth says, or nothing")
		}
		return is, nil
	}
	r, ok := p.years(f, at)
	switch {
	case given && said && ok && r.From < 18:
		return true, &events.AgeRange{From: r.From, To: min(r.To, 17)}
	case given:
		return said, nil
	case ok && r.From < 18 && r.To >= 18:
		f.Wrong(at+"/under18", "true or false: the approximate age leaves open whether the person is a child")
		return true, nil
	}
	return ok && r.To < 18, &r
}

// years is the age, exact or not, if any is given.
func (p polePerson) years(f *native.Form, at string) (events.AgeRange, bool) {
	for _, n := range []int{years(f, at+"/ageAtTimeOfIncident", p.AgeThen), years(f, at+"/age", p.Age)} {
		if n >= 0 {
			return events.AgeRange{From: n, To: n}, true
		}
	}
	from, to := years(f, at+"/approximateAgeFrom", p.AgeFrom), years(f, at+"/approximateAgeTo", p.AgeTo)
	switch {
	case from >= 0 && to >= 0 && from > to:
		f.Wrong(at+"/approximateAgeTo", "an age not below approximateAgeFrom")
	case from >= 0 && to >= 0:
		return events.AgeRange{From: from, To: to}, true
	case from >= 0:
		return events.AgeRange{From: from, To: 200}, true
	case to >= 0:
		return events.AgeRange{From: 0, To: to}, true
	}
	return bucket(f, at+"/ageRange", p.AgeBucket)
}

// person is somebody of the model as the hub knows people. The ids of the model
// are new in each submission, so that a name and a date of birth say more.
func (p polePerson) person(f *native.Form, e entity, reference string, role events.Role) events.Person {
	at := e.at + "/attributes"
	for _, n := range append(slices.Concat(p.GivenName, p.MiddleName), p.Surname) {
		if len([]rune(n)) > 35 {
			f.Wrong(at, "names of at most 35 characters each, as the model has it")
			break
		}
	}
	out := events.Person{
		Role: role,
		Name: events.Name{
			Given:  f.AtMost(at+"/givenName", strings.Join(strings.Fields(strings.Join(slices.Concat(p.GivenName, p.MiddleName), " ")), " "), 140),
			Family: strings.TrimSpace(p.Surname),
		},
		DateOfBirth: events.Date(p.DateOfBirth),
		Sex:         sexOf(f, at+"/gender", p.Gender),
	}
	if role == events.RoleChild && out.Name == (events.Name{}) {
		f.Wrong(at+"/surname", "a name of the child, or say in meta.people who the child is")
	}
	if out.Name.Given == "" || out.Name.Family == "" || out.DateOfBirth == "" {
		out.LocalID = reference + "/" + f.Reference(e.at+"/id", e.ID)
		return out
	}
	out.LocalID = person{Surname: out.Name.Family, Forenames: out.Name.Given, DateOfBirth: p.DateOfBirth}.localID(f, at)
	return out
}

// sexOf reads a gender of the model, of which only two have a word in the census.
func sexOf(f *native.Form, at, id string) events.Sex {
	switch id {
	case "":
		return ""
	case "GNDR_0001":
		return events.Female
	case "GNDR_0003":
		return events.Male
	case "GNDR_0002", "GNDR_0004", "GNDR_0005", "GNDR_0006", "GNDR_0007", "GNDR_0008", "GNDR_0009", "GNDR_0010":
		return events.SexUnknown
	}
	f.Wrong(at, "a constrained value from GNDR_0001 to GNDR_0010, or nothing")
	return ""
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
