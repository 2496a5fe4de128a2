// Package education turns what a school hands over into notices for the hub:
// the concern of its designated safeguarding lead, and extracts of its pupil
// records. Every translator is pure: the same record gives the same notice with
// the same id. A record that does not fit gives a *fault.Error of kind Invalid
// that names each place by JSON pointer and never repeats a value.
package education

import (
	"strings"

	"kith/events"
	"kith/services/internal/native"
)

// Doors says which translator takes what is posted to which path.
func Doors() map[string]func([]byte) ([]events.Notice, error) {
	return Mapping{}.Doors()
}

// Pupil is a child as a school knows one.
type Pupil struct {
	PupilNumber string     `json:"pupilNumber"` // the school's own number
	UPN         string     `json:"upn"`
	GivenName   string     `json:"givenName"`
	FamilyName  string     `json:"familyName"`
	DateOfBirth string     `json:"dateOfBirth"`
	Sex         events.Sex `json:"sex"`
}

// person is the pupil as the hub knows people. Pointers begin with at.
func (p Pupil) person(f *native.Form, at string) events.Person {
	out := events.Person{
		Role: events.RoleChild,
		Name: events.Name{
			Given:  f.Line(at+"/givenName", p.GivenName),
			Family: f.Line(at+"/familyName", p.FamilyName),
		},
		DateOfBirth: f.Day(at+"/dateOfBirth", strings.TrimSpace(p.DateOfBirth)),
		Identifiers: events.Identifiers{UPN: strings.ToUpper(strings.TrimSpace(p.UPN))},
	}
	if upn := out.Identifiers.UPN; upn != "" && !events.ValidUPN(upn) {
		f.Wrong(at+"/upn", "a unique pupil number with the right check letter, or nothing")
	}
	if p.Sex != "" {
		out.Sex = native.Choose(f, at+"/sex", p.Sex, events.Female, events.Male, events.SexUnknown)
	}
	out.LocalID = localID(p.PupilNumber, out)
	if len([]rune(out.LocalID)) > 200 {
		f.Wrong(at+"/pupilNumber", "your number for the pupil, of at most 200 characters")
	}
	return out
}

// localID is the school's number for the pupil, or else the unique pupil number
// or else name and date of birth: whoever writes about the same pupil twice
// writes about one subject.
func localID(number string, p events.Person) string {
	if number = strings.TrimSpace(number); number != "" {
		return number
	}
	if p.Identifiers.UPN != "" {
		return p.Identifiers.UPN
	}
	words := strings.Join([]string{p.Name.Family, p.Name.Given, string(p.DateOfBirth)}, "|")
	return strings.Join(strings.Fields(strings.ToLower(words)), " ")
}

// safeguarding is the basis on which schools share without consent: their
// public task, and for special categories paragraph 18.
func safeguarding(g events.Ground, necessity string) events.Basis {
	return events.Basis{
		Article6: events.PublicTask,
		Article9: events.SubstantialPublicInterest,
		Paragraph18: &events.Paragraph18{
			Ground: g, Necessity: necessity, Subject: events.SubjectUnder18,
			PolicyDocument: "Appropriate policy document: safeguarding of pupils",
		},
	}
}
