package events

import "time"

// Health is a fact that a health service may state.
//
//sumtype:decl
type Health interface {
	Fact
	health()
}

// EmergencyAttendance: a child came to an emergency department.
type EmergencyAttendance struct {
	Provider  string     `json:"provider"` // name of the department
	ArrivedAt time.Time  `json:"arrivedAt"`
	LeftAt    *time.Time `json:"leftAt,omitempty"`
	Reason    string     `json:"reason"` // the injury or complaint in plain English
	BroughtBy string     `json:"broughtBy,omitempty"`
	Disposal  string     `json:"disposal,omitempty"` // what happened next: admitted, discharged, left before being seen
}

// WasNotBrought: a child was not brought to a health appointment.
type WasNotBrought struct {
	Service        string    `json:"service"`
	AppointmentAt  time.Time `json:"appointmentAt"`
	MissedLastYear int       `json:"missedLastYear"` // including this one
	NextStep       string    `json:"nextStep,omitempty"`
}

// PractitionerConcern: a health practitioner is concerned for a child.
type PractitionerConcern struct {
	Practitioner string `json:"practitioner"` // role, for example "health visitor"
	Concern      string `json:"concern"`
	ChildSeen    bool   `json:"childSeen"`
}

// NationalRecordChanged: NHS England's Multicast Notification Service said that
// a national record changed. It is thin: the detail stays where DataRef points.
type NationalRecordChanged struct {
	Change  string `json:"change"` // the national event's own type, for example "pds-change-of-gp-2"
	DataRef string `json:"dataRef,omitempty"`
}

// ClinicalObservation: a health service observed something about a child.
type ClinicalObservation struct {
	Observed    string `json:"observed"`          // what was looked at or noticed, in plain English
	Finding     string `json:"finding,omitempty"` // what was found: a value with its unit, or words
	BodySite    string `json:"bodySite,omitempty"`
	Provisional bool   `json:"provisional"` // not yet confirmed by who is responsible for it
}

// HealthFlag: a flag was put on a child's health record, or taken off it.
type HealthFlag struct {
	Flag     string `json:"flag"` // what it says, in plain English
	Category string `json:"category,omitempty"`
	Active   bool   `json:"active"`
	From     Date   `json:"from,omitempty"`
	Until    Date   `json:"until,omitempty"`
}

// SharingConsent: a health service recorded that somebody consented to its
// sharing what it knows, refused to, or withdrew. It is that service's record:
// what the hub shows goes by the basis of each item.
type SharingConsent struct {
	Decision ConsentDecision `json:"decision"`
	Scope    string          `json:"scope"`        // what may be shared, or with whom or for what
	By       string          `json:"by,omitempty"` // a relation or role, not a name
	InPart   bool            `json:"inPart"`
	Until    Date            `json:"until,omitempty"`
}

// ConsentDecision is what somebody who was asked for consent said.
type ConsentDecision string

const (
	DecisionGiven     ConsentDecision = "given"
	DecisionRefused   ConsentDecision = "refused"
	DecisionWithdrawn ConsentDecision = "withdrawn"
)

// QuestionnaireAnswered: a health service filled in a form about a child, such
// as a safeguarding screen in an emergency department.
type QuestionnaireAnswered struct {
	Questionnaire string   `json:"questionnaire"`
	By            string   `json:"by,omitempty"` // who answered, as a role or relation
	Answers       []Answer `json:"answers"`
}

// Answer is a question and what was answered, in words.
type Answer struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

func (EmergencyAttendance) Type() Type   { return "uk.kith.health.emergency-attendance.v1" }
func (WasNotBrought) Type() Type         { return "uk.kith.health.was-not-brought.v1" }
func (PractitionerConcern) Type() Type   { return "uk.kith.health.practitioner-concern.v1" }
func (NationalRecordChanged) Type() Type { return "uk.kith.health.national-record-changed.v1" }
func (ClinicalObservation) Type() Type   { return "uk.kith.health.observation.v1" }
func (HealthFlag) Type() Type            { return "uk.kith.health.flag.v1" }
func (SharingConsent) Type() Type        { return "uk.kith.health.consent.v1" }
func (QuestionnaireAnswered) Type() Type { return "uk.kith.health.questionnaire.v1" }

func (EmergencyAttendance) fact()   {}
func (WasNotBrought) fact()         {}
func (PractitionerConcern) fact()   {}
func (NationalRecordChanged) fact() {}
func (ClinicalObservation) fact()   {}
func (HealthFlag) fact()            {}
func (SharingConsent) fact()        {}
func (QuestionnaireAnswered) fact() {}

func (EmergencyAttendance) health()   {}
func (WasNotBrought) health()         {}
func (PractitionerConcern) health()   {}
func (NationalRecordChanged) health() {}
func (ClinicalObservation) health()   {}
func (HealthFlag) health()            {}
func (SharingConsent) health()        {}
func (QuestionnaireAnswered) health() {}
