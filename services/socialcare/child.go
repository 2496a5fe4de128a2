package socialcare

import (
	"kith/events"

	"kith/services/internal/native"
)

// child is a child as the authority's system describes one, with the identifiers
// of the children in need census.
type child struct {
	LAChildID   string     `json:"laChildId"`
	UPN         string     `json:"upn"`
	NHSNumber   string     `json:"nhsNumber"`
	NHSTraced   bool       `json:"nhsTraced"` // the number was found by a trace, not copied
	GivenName   string     `json:"givenName"`
	FamilyName  string     `json:"familyName"`
	DateOfBirth string     `json:"dateOfBirth"`
	Sex         events.Sex `json:"sex"`
	Address     *address   `json:"address"`
}

type address struct {
	Lines     []string `json:"lines"`
	Postcode  string   `json:"postcode"`
	Protected bool     `json:"protected"` // must not become known, for example a refuge
}

func (c child) person(f *native.Form, at string) events.Person {
	out := events.Person{
		Role: events.RoleChild,
		Name: events.Name{
			Given:  f.Text(at+"/givenName", c.GivenName),
			Family: f.Text(at+"/familyName", c.FamilyName),
		},
		Identifiers: c.identifiers(f, at),
	}
	if c.DateOfBirth != "" {
		out.DateOfBirth = f.Day(at+"/dateOfBirth", c.DateOfBirth)
	}
	if c.Sex != "" {
		out.Sex = native.Choose(f, at+"/sex", c.Sex, events.Female, events.Male, events.SexUnknown)
	}
	if a := c.Address; a != nil {
		out.Address = &events.Address{Lines: a.Lines, Postcode: a.Postcode, Label: events.Core}
		if a.Protected {
			out.Address.Label = events.Restricted
		}
		if len(a.Lines) == 0 {
			f.Wrong(at+"/address/lines", "at least one line")
		}
	}
	out.LocalID = f.Text(at+"/laChildId", c.LAChildID)
	return out
}

func (c child) identifiers(f *native.Form, at string) events.Identifiers {
	out := events.Identifiers{UPN: c.UPN}
	if c.UPN != "" && !events.ValidUPN(c.UPN) {
		f.Wrong(at+"/upn", "a unique pupil number with the right check letter, or nothing")
	}
	if c.NHSNumber != "" {
		out.NHSNumber = &events.NHSNumber{Value: c.NHSNumber, Status: events.NHSUnverified}
		if c.NHSTraced {
			out.NHSNumber.Status = events.NHSVerified
		}
		if !events.ValidNHSNumber(c.NHSNumber) {
			f.Wrong(at+"/nhsNumber", "ten digits with the right check digit, or nothing")
		}
	}
	return out
}
