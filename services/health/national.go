package health

import (
	"net/url"
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

// signal is an event of the Multicast Notification Service, and where the parts
// lie that can be wrong: it comes in three forms.
type signal struct {
	id, source, kind, time, dataRef string
	subject                         nationalSubject
	at                              struct{ id, source, kind, time, dataRef, subject string }
}

type nationalSubject struct {
	NHSNumber  string `json:"nhsNumber"`
	DOB        string `json:"dob"`
	FamilyName string `json:"familyName"`
}

// National translates an event of the Multicast Notification Service that was
// published to the hub as it is. It claims only what is one, which is what true
// says: a type of that service's fashion, an id, a time, and a valid NHS number
// as the subject.
func National(raw []byte) (events.Notice, bool) {
	e, err := native.Read[national](raw)
	if err != nil || !nationalType.MatchString(e.Type) {
		return events.Notice{}, false
	}
	f := &native.Form{}
	n := e.signal(f).notice(f)
	return n, f.Err() == nil
}

// Notification translates an event of the Multicast Notification Service in any
// of its forms: a CloudEvent, the older one whose subject is an object, or a FHIR
// R4 Bundle of type history. What it points to is kept as it is, never fetched.
func Notification(raw []byte) ([]events.Notice, error) {
	e, err := native.Read[national](raw)
	if len(e.ResourceType) > 0 {
		doc, err := native.Read[any](raw)
		if top, ok := doc.(map[string]any); ok {
			return fromSignal(raw, top)
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	f := &native.Form{}
	return e.signal(f).strictly(f)
}

// strictly gives the notice of a signal that came through a door of its own, where
// everything that is wrong with it can be said.
func (s signal) strictly(f *native.Form) ([]events.Notice, error) {
	if !nationalType.MatchString(s.kind) {
		f.Wrong(s.at.kind, "a type of the Multicast Notification Service, such as pds-change-of-gp-2")
	}
	f.Text(s.at.source, s.source)
	if u, err := url.Parse(s.dataRef); s.dataRef != "" &&
		(err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(s.dataRef) > 2000) {
		f.Wrong(s.at.dataRef, "an https URL of at most 2,000 characters, without credentials")
	}
	n := s.notice(f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return []events.Notice{n}, nil
}

func (s signal) notice(f *native.Form) events.Notice {
	at := f.Instant(s.at.time, s.time)
	f.Text(s.at.id, s.id)
	name := s.kind[:max(0, strings.LastIndexByte(s.kind, '-'))]
	if name == "nhshco-hc-complete" {
		f.Wrong(s.at.kind, "an event about children: NHS Health Checks are for people of 40 to 74 years")
	}
	return events.Notice{ID: s.uuid(), Report: events.Report{
		Shared: events.Shared{
			OccurredAt: at, RecordedAt: at, Basis: care(), Label: thin(name),
			Contact: events.Contact{Team: "NHS England national notification"},
		},
		About: []events.Person{s.person(f)},
		Fact:  events.NationalRecordChanged{Change: s.kind, DataRef: s.dataRef},
	}}
}

// thin is the label of a signal. Those about somebody's registration tell no more
// than that the NHS knows them. That there was a test, a vaccination or a document
// is health detail; so is a flag, whose address says of what it warns; and so may
// be what is not known yet.
func thin(name string) events.Label {
	switch name {
	case "pds-change-of-gp", "pds-record-change", "pds-death-notification", "nhs-number-change",
		"gpreg-change-gp-req":
		return events.Involvement
	case "vrs-proxy-role-created", "vrs-proxy-role-changed", "vrs-proxy-role-deleted": // who may act for somebody
		return events.Core
	default:
		return events.Sensitive
	}
}

// uuid tells one national event from another. The service's own id does not: its
// published examples give several events of different types and sources one id.
// The same event in another form is the same event.
func (s signal) uuid() string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(s.source+"\x00"+s.kind+"\x00"+s.id)).String()
}

// person is who the event is about. The number comes from the national service
// itself and so is verified.
func (s signal) person(f *native.Form) events.Person {
	if !events.ValidNHSNumber(s.subject.NHSNumber) {
		f.Wrong(s.at.subject, "the patient's NHS number: ten digits with the right check digit")
	}
	p := events.Person{
		Role: events.RoleChild, Name: events.Name{Family: short(f, s.at.subject+"/familyName", s.subject.FamilyName)},
		Identifiers: events.Identifiers{NHSNumber: &events.NHSNumber{Value: s.subject.NHSNumber, Status: events.NHSVerified}},
	}
	if s.subject.DOB != "" {
		p.DateOfBirth = f.Day(s.at.subject+"/dob", s.subject.DOB)
	}
	p.LocalID = localID(p)
	return p
}

// national is a signal as JSON: a CloudEvent, or the older form.
type national struct {
	ID      string         `json:"id"`
	Source  jsontext.Value `json:"source"`
	Type    string         `json:"type"`
	Time    string         `json:"time"`
	DataRef string         `json:"dataref"` // of a CloudEvent
	Subject jsontext.Value `json:"subject"`
	Data    jsontext.Value `json:"data"`

	ResourceType jsontext.Value `json:"resourceType"` // of the FHIR form
}

func (e national) signal(f *native.Form) signal {
	s := signal{id: e.ID, kind: e.Type, time: e.Time, dataRef: e.DataRef}
	s.at.id, s.at.source, s.at.kind, s.at.time = "/id", "/source", "/type", "/time"
	s.at.dataRef, s.at.subject = "/dataref", "/subject"
	if source := e.Source.Clone(); source.Compact() == nil {
		s.source = string(source)
	}
	if e.Subject.Kind() == '{' {
		subject, err := native.Read[nationalSubject](e.Subject)
		f.Within("/subject", err)
		s.subject, s.at.subject = subject, "/subject"
	} else if number, err := native.Read[string](e.Subject); err == nil {
		s.subject.NHSNumber = number
	}
	if e.DataRef == "" && e.Data.Kind() == '{' { // the older form says it in its data
		d, err := native.Read[struct {
			FullURL string `json:"fullUrl"`
		}](e.Data)
		f.Within("/data", err)
		s.dataRef, s.at.dataRef = strings.TrimSpace(d.FullURL), "/data/fullUrl"
	}
	return s
}
