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

func (EmergencyAttendance) Type() Type   { return "uk.kith.health.emergency-attendance.v1" }
func (WasNotBrought) Type() Type         { return "uk.kith.health.was-not-brought.v1" }
func (PractitionerConcern) Type() Type   { return "uk.kith.health.practitioner-concern.v1" }
func (NationalRecordChanged) Type() Type { return "uk.kith.health.national-record-changed.v1" }

func (EmergencyAttendance) fact()   {}
func (WasNotBrought) fact()         {}
func (PractitionerConcern) fact()   {}
func (NationalRecordChanged) fact() {}

func (EmergencyAttendance) health()   {}
func (WasNotBrought) health()         {}
func (PractitionerConcern) health()   {}
func (NationalRecordChanged) health() {}
