package health

import (
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"kith/events"
	"kith/services/internal/native"
)

// nationalType is how the Multicast Notification Service names its events: words
// and a version, such as "pds-change-of-gp-2". No type of ours looks like that.
var nationalType = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*-[0-9]+$`)

// national is an event of the Multicast Notification Service in either form: a
// CloudEvent, or the older one whose subject is an object.
type national struct {
	ID      string         `json:"id"`
	Source  jsontext.Value `json:"source"`
	Type    string         `json:"type"`
	Time    string         `json:"time"`
	DataRef string         `json:"dataref"` // of a CloudEvent
	Subject jsontext.Value `json:"subject"`
	Data    jsontext.Value `json:"data"`
}

type nationalSubject struct {
	NHSNumber  string `json:"nhsNumber"`
	DOB        string `json:"dob"`
	FamilyName string `json:"familyName"`
}

// National translates an event of NHS England's Multicast Notification Service.
// It claims only what is one, which is what true says: a type of that service's
// fashion, an id, a time, and a valid NHS number as the subject.
func National(raw []byte) (events.Notice, bool) {
	e, err := native.Read[national](raw)
	if err != nil || !nationalType.MatchString(e.Type) {
		return events.Notice{}, false
	}
	f := &native.Form{}
	at := f.Instant("/time", e.Time)
	f.Text("/id", e.ID)
	report := events.Report{
		Shared: events.Shared{
			OccurredAt: at, RecordedAt: at, Basis: care(), Label: events.Involvement,
			Contact: events.Contact{Team: "NHS England national notification"},
		},
		About: []events.Person{e.person(f)},
		Fact:  events.NationalRecordChanged{Change: e.Type, DataRef: e.dataRef(f)},
	}
	return events.Notice{ID: e.id(), Report: report}, f.Err() == nil
}

// id tells one national event from another. The service's own id does not: its
// published examples give several events of different types and sources one id.
func (e national) id() string {
	source := e.Source.Clone()
	if source.Compact() != nil {
		source = nil
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(string(source)+"\x00"+e.Type+"\x00"+e.ID)).String()
}

// person is who the event is about. The number comes from the national service
// itself and so is verified.
func (e national) person(f *native.Form) events.Person {
	s := e.subject(f)
	if !events.ValidNHSNumber(s.NHSNumber) {
		f.Wrong("/subject", "an NHS number")
	}
	p := events.Person{
		Role: events.RoleChild, Name: events.Name{Family: s.FamilyName},
		Identifiers: events.Identifiers{NHSNumber: &events.NHSNumber{Value: s.NHSNumber, Status: events.NHSVerified}},
	}
	if s.DOB != "" {
		p.DateOfBirth = f.Day("/subject/dob", s.DOB)
	}
	p.LocalID = localID(p)
	return p
}

func (e national) subject(f *native.Form) nationalSubject {
	if e.Subject.Kind() == '{' {
		s, err := native.Read[nationalSubject](e.Subject)
		f.Within("/subject", err)
		return s
	}
	number, err := native.Read[string](e.Subject)
	f.Within("/subject", err)
	return nationalSubject{NHSNumber: number}
}

// dataRef is where the detail can be read, which the older form says in its data.
func (e national) dataRef(f *native.Form) string {
	if e.DataRef != "" || e.Data.Kind() != '{' {
		return e.DataRef
	}
	d, err := native.Read[struct {
		FullURL string `json:"fullUrl"`
	}](e.Data)
	f.Within("/data", err)
	return strings.TrimSpace(d.FullURL)
}
