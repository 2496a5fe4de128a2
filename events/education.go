package events

// Education is a fact that a school or college may state.
//
//sumtype:decl
type Education interface {
	Fact
	education()
}

// Concern: a designated safeguarding lead is concerned for a child. It asks
// social care for a decision. The child's own words are in the report's voice.
type Concern struct {
	Reference string `json:"reference"` // by which the school asks what became of it
	Observed  string `json:"observed"`  // what was seen, heard or said
	SafeNow   Safe   `json:"safeNow"`
	Immediate bool   `json:"immediate"` // immediate concern: acted on before anything is read
	DoneSoFar string `json:"doneSoFar,omitempty"`
}

// Safe is whether the child is safe now, as far as the school knows.
type Safe string

const (
	SafeYes    Safe = "yes"
	SafeNo     Safe = "no"
	SafeUnsure Safe = "unsure"
)

// AttendanceFall: a child's attendance fell.
type AttendanceFall struct {
	From          Date   `json:"from"`
	To            Date   `json:"to"`
	Percent       int    `json:"percent"`       // sessions attended, 0 to 100
	PercentBefore int    `json:"percentBefore"` // in the period of the same length before
	Unauthorised  int    `json:"unauthorised"`  // sessions of unauthorised absence
	Circumstances string `json:"circumstances,omitempty"`
}

// Suspension: a child was suspended.
type Suspension struct {
	From   Date   `json:"from"`
	Days   int    `json:"days"`
	Reason string `json:"reason"`
}

// PermanentExclusion: a child was permanently excluded from a school.
type PermanentExclusion struct {
	On     Date   `json:"on"`
	Reason string `json:"reason"`
}

// SafeguardingRecord: an entry in a school's own log of concerns, as it was made at
// the time. It asks nobody for a decision, as a Concern does.
type SafeguardingRecord struct {
	Reference  string   `json:"reference"`
	Observed   string   `json:"observed"`             // what was seen, heard or said
	Categories []string `json:"categories,omitempty"` // in the school's own words
	Actions    string   `json:"actions,omitempty"`    // what the school did
}

// FileTransfer: a school handed the child protection file of a child to the next
// school. What is in it is between the two.
type FileTransfer struct {
	Reference string `json:"reference"`
	To        string `json:"to"`                 // the new school
	Starts    Date   `json:"starts"`             // the child's first day there
	Due       Date   `json:"due"`                // the last day for handing it over
	Sent      Date   `json:"sent"`               // when it was made
	Received  Date   `json:"received,omitempty"` // when the new school had it whole, by its receipt
}

// OffRoll: a child was taken off the school roll.
type OffRoll struct {
	On          Date   `json:"on"`
	Reason      string `json:"reason"`
	Destination string `json:"destination"` // next school, "elective home education" or "not known"
}

func (Concern) Type() Type            { return "uk.kith.education.concern.v1" }
func (AttendanceFall) Type() Type     { return "uk.kith.education.attendance-fall.v1" }
func (Suspension) Type() Type         { return "uk.kith.education.suspension.v1" }
func (OffRoll) Type() Type            { return "uk.kith.education.off-roll.v1" }
func (PermanentExclusion) Type() Type { return "uk.kith.education.permanent-exclusion.v1" }
func (FileTransfer) Type() Type       { return "uk.kith.education.file-transfer.v1" }
func (SafeguardingRecord) Type() Type { return "uk.kith.education.safeguarding-record.v1" }

func (Concern) fact()            {}
func (AttendanceFall) fact()     {}
func (Suspension) fact()         {}
func (OffRoll) fact()            {}
func (PermanentExclusion) fact() {}
func (FileTransfer) fact()       {}
func (SafeguardingRecord) fact() {}

func (Concern) education()            {}
func (AttendanceFall) education()     {}
func (Suspension) education()         {}
func (OffRoll) education()            {}
func (PermanentExclusion) education() {}
func (FileTransfer) education()       {}
func (SafeguardingRecord) education() {}
