package police

import (
	"fmt"
	"strconv"
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

// person is a nominal: somebody as the police record describes them.
type person struct {
	Nominal     string      `json:"nominal"` // the police's own reference for the person, if there is one yet
	Role        events.Role `json:"role"`
	Surname     string      `json:"surname"`
	Forenames   string      `json:"forenames"`
	DateOfBirth string      `json:"dateOfBirth"`
	Sex         events.Sex  `json:"sex"`
	UPN         string      `json:"upn"` // from the schools' list for Operation Encompass
	NHSNumber   string      `json:"nhsNumber"`
	NHSTraced   bool        `json:"nhsTraced"` // the number was found by a trace, not copied
	Address     *address    `json:"address"`
}

type address struct {
	Lines     []string `json:"lines"`
	Postcode  string   `json:"postcode"`
	Protected bool     `json:"protected"` // must not become known, for example a refuge
}

// about returns the people of a record, of whom one at least is a child.
func about(f *native.Form, people []person) []events.Person {
	var out []events.Person
	child := false
	seen := map[string]bool{}
	for i, p := range people {
		at := fmt.Sprintf("/people/%d", i)
		out = append(out, p.person(f, at))
		child = child || p.Role == events.RoleChild
		if seen[out[i].LocalID] {
			f.Wrong(at, "somebody who is not yet in the list")
		}
		seen[out[i].LocalID] = true
	}
	if len(people) > 50 {
		f.Wrong("/people", "at most 50 people")
	}
	if !child {
		f.Wrong("/people", "at least one person whose role is child")
	}
	return out
}

func (p person) person(f *native.Form, at string) events.Person {
	out := events.Person{
		LocalID: p.localID(f, at),
		Role: native.Choose(f, at+"/role", p.Role, events.RoleChild, events.RoleParent, events.RoleCarer, events.RoleVictim,
			events.RoleAllegedPerpetrator, events.RoleHousehold, events.RoleOther),
		Name: events.Name{Given: f.Short(at+"/forenames", p.Forenames), Family: f.Short(at+"/surname", p.Surname)},
	}
	if p.DateOfBirth != "" {
		out.DateOfBirth = f.Day(at+"/dateOfBirth", p.DateOfBirth)
	}
	if p.Sex != "" {
		out.Sex = native.Choose(f, at+"/sex", p.Sex, events.Female, events.Male, events.SexUnknown)
	}
	out.Identifiers = p.identifiers(f, at)
	if p.Role == events.RoleChild && out.Name == (events.Name{}) && out.Identifiers == (events.Identifiers{}) {
		f.Wrong(at+"/surname", "a name, or a number that identifies the child")
	}
	out.Address = p.Address.address(f, at+"/address")
	return out
}

func (a *address) address(f *native.Form, at string) *events.Address {
	if a == nil {
		return nil
	}
	out := &events.Address{Postcode: f.AtMost(at+"/postcode", a.Postcode, 10), Label: events.Core}
	if a.Protected {
		out.Label = events.Restricted
	}
	for i, l := range a.Lines {
		out.Lines = append(out.Lines, f.Line(at+"/lines/"+strconv.Itoa(i), l))
	}
	if len(a.Lines) == 0 || len(a.Lines) > 10 {
		f.Wrong(at+"/lines", "at least one line, and at most ten")
	}
	return out
}

func (p person) identifiers(f *native.Form, at string) events.Identifiers {
	out := events.Identifiers{UPN: p.UPN}
	if p.UPN != "" && !events.ValidUPN(p.UPN) {
		f.Wrong(at+"/upn", "a unique pupil number with the right check letter")
	}
	if p.NHSNumber != "" {
		out.NHSNumber = &events.NHSNumber{Value: p.NHSNumber, Status: events.NHSUnverified}
		if p.NHSTraced {
			out.NHSNumber.Status = events.NHSVerified
		}
		if !events.ValidNHSNumber(p.NHSNumber) {
			f.Wrong(at+"/nhsNumber", "ten digits with the right check digit")
		}
	}
	return out
}

// localID is the nominal or, for somebody who has none yet, the name and date
// of birth: the same person reported twice is then one subject.
func (p person) localID(f *native.Form, at string) string {
	if n := strings.TrimSpace(p.Nominal); n != "" {
		return f.Short(at+"/nominal", n)
	}
	if strings.TrimSpace(p.Surname) == "" || strings.TrimSpace(p.Forenames) == "" || p.DateOfBirth == "" {
		f.Wrong(at+"/nominal", "a nominal, or surname, forenames and dateOfBirth")
	}
	words := strings.Join([]string{p.Surname, p.Forenames, p.DateOfBirth}, "|")
	id := strings.Join(strings.Fields(strings.ToLower(words)), " ")
	if len([]rune(id)) > 200 {
		f.Wrong(at+"/nominal", "a nominal: the names are too long to tell who it is")
	}
	return id
}
