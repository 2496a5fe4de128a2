package police

import (
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

// poleAddress is what we read of a location of the Standard Data Model.
type poleAddress struct {
	OrganisationName  string `json:"organisationName"`
	SubBuildingName   string `json:"subBuildingName"`
	BuildingName      string `json:"buildingName"`
	BuildingNumber    string `json:"buildingNumber"`
	Street            string `json:"street"`
	DependentLocality string `json:"dependentLocality"`
	CityOrTown        string `json:"cityOrTown"`
	County            string `json:"county"`
	Postcode          string `json:"postcode"`
	FullAddress       string `json:"fullAddress"`
}

// address is where a child lives. A form that the public fills in cannot say that
// it is a refuge, so it is restricted: who knows better says so in meta.people.
func (a poleAddress) address(f *native.Form, at string) *events.Address {
	out := &events.Address{Postcode: strings.TrimSpace(a.Postcode), Label: events.Restricted}
	for _, l := range []string{a.OrganisationName, a.SubBuildingName, a.BuildingName,
		a.BuildingNumber + " " + a.Street, a.DependentLocality, a.CityOrTown, a.County} {
		if l = strings.TrimSpace(l); l != "" {
			out.Lines = append(out.Lines, l)
		}
	}
	if len(out.Lines) == 0 && strings.TrimSpace(a.FullAddress) != "" {
		out.Lines = []string{strings.TrimSpace(a.FullAddress)}
	}
	for _, l := range out.Lines {
		if len([]rune(l)) > 200 {
			f.Wrong(at, "lines of at most 200 characters")
			break
		}
	}
	if len(out.Postcode) > 10 {
		f.Wrong(at+"/postcode", "a postcode of at most 10 characters, or nothing")
	}
	if len(out.Lines) == 0 {
		return nil
	}
	return out
}

// place is where it happened, in words that are no home address: no street.
func (a poleAddress) place() string {
	var parts []string
	for _, w := range []string{a.OrganisationName, a.CityOrTown, a.County} {
		if w = strings.TrimSpace(w); w != "" {
			parts = append(parts, w)
		}
	}
	return strings.Join(parts, ", ")
}
