package events

import (
	"fmt"
	"log/slog"
	"time"
)

// Restriction is an event of the hub's one stream of restrictions: who may not
// know of a child, whatever else connects them, and what was done to change that.
// It names everybody by pseudonym and says why in codes. Only services/disclosure
// writes it.
//
//sumtype:decl
type Restriction interface {
	Event
	restriction()
}

type (
	ConflictID    string // one conflict of interest; a UUID
	RestrictionID string // one restriction of one child; a UUID
	LiftID        string // one wish to lift either; a UUID
	GlassID       string // one breaking of the glass; a UUID
	NoticeID      string // what the privacy officer quotes; a UUID
	PersonID      string // one member of staff, whatever their accounts; a pseudonym
)

// Signatory is who signed something, and as what.
type Signatory struct {
	Actor  ActorID    `json:"actor"`
	Agency AgencyID   `json:"agency"`
	Role   ReaderRole `json:"role"`
	Person PersonID   `json:"person"`
}

// ConflictDeclared: a member of staff is related to a child, or may be: to
// whoever bears one of the marks. Marks are keyed hashes of numbers, of names with
// the date of birth, and of addresses.
type ConflictDeclared struct {
	Conflict ConflictID  `json:"conflict"`
	Person   PersonID    `json:"person"`
	Agency   AgencyID    `json:"agency"` // of the member of staff
	Relation Relation    `json:"relation"`
	Child    ChildID     `json:"child,omitempty"`
	Subjects []SubjectID `json:"subjects,omitempty"` // of the child, then
	Marks    []string    `json:"marks,omitempty"`
	By       Signatory   `json:"by"`
	At       time.Time   `json:"at"`
}

// Relation is what the member of staff is to whom the conflict is about.
type Relation string

const (
	RelationSelf      Relation = "self" // the marks are the member of staff's own
	RelationFamily    Relation = "family"
	RelationHousehold Relation = "household"
	RelationFriend    Relation = "friend"
	RelationNeighbour Relation = "neighbour"
	RelationOther     Relation = "other"
)

// ConflictMet: somebody asked for a child with whom they have a conflict, and was
// told what everybody is told of a child that is not there.
type ConflictMet struct {
	Notice NoticeID  `json:"notice"`
	Person PersonID  `json:"person"`
	Actor  ActorID   `json:"actor"`
	Agency AgencyID  `json:"agency"`
	Child  ChildID   `json:"child"`
	At     time.Time `json:"at"`
}

// RestrictionPlaced: from now on nobody may know of the child but those who are
// named, whatever else connects them.
type RestrictionPlaced struct {
	Restriction RestrictionID       `json:"restriction"`
	Child       ChildID             `json:"child"`
	Subjects    []SubjectID         `json:"subjects"` // of the child, then; the restriction goes where they go
	Category    RestrictionCategory `json:"category"`
	Known       []Account           `json:"known"` // who may know of the child
	By          Signatory           `json:"by"`
	At          time.Time           `json:"at"`
	ReviewBy    time.Time           `json:"reviewBy"`
}

// RestrictionCategory is why a child is restricted.
type RestrictionCategory string

const (
	ForAdoption RestrictionCategory = "adoption"
	ForIdentity RestrictionCategory = "new-identity"
	ForWitness  RestrictionCategory = "witness-protection"
	ForStaffKin RestrictionCategory = "staff-family"
	ForHighRisk RestrictionCategory = "high-risk"
)

// Severs reports whether a record of the category may never be joined with
// another, which would join an old and a new identity.
func (c RestrictionCategory) Severs() bool { return c == ForAdoption || c == ForIdentity }

// Account is somebody who may sign in, by account and agency.
type Account struct {
	Actor  ActorID  `json:"actor"`
	Agency AgencyID `json:"agency"`
}

// RestrictionReviewed: somebody looked at a restriction again, and it stays.
type RestrictionReviewed struct {
	Restriction RestrictionID `json:"restriction"`
	By          Signatory     `json:"by"`
	At          time.Time     `json:"at"`
	ReviewBy    time.Time     `json:"reviewBy"`
}

// LiftProposed: the first of two people wants a restriction or a conflict lifted,
// or one more account let in to what is restricted.
type LiftProposed struct {
	Lift         LiftID        `json:"lift"`
	Restriction  RestrictionID `json:"restriction,omitempty"`
	Conflict     ConflictID    `json:"conflict,omitempty"`
	Admit        *Account      `json:"admit,omitempty"`
	DangerToLife bool          `json:"dangerToLife"` // so that nobody waits
	By           Signatory     `json:"by"`
	At           time.Time     `json:"at"`
}

// LiftApproved: the second agreed, and it is done.
type LiftApproved struct {
	Lift LiftID    `json:"lift"`
	By   Signatory `json:"by"`
	At   time.Time `json:"at"`
}

// GlassBroken: somebody whom nothing connects to a child opened what is held, in
// an emergency, for a few hours. Child is empty where there was none, or none that
// may be opened like this.
type GlassBroken struct {
	Glass    GlassID   `json:"glass"`
	Child    ChildID   `json:"child,omitempty"`
	Code     GlassCode `json:"code"`
	By       Signatory `json:"by"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
	ReviewBy Date      `json:"reviewBy"` // two working days later
}

// GlassCode is why the glass was broken.
type GlassCode string

const (
	GlassDanger     GlassCode = "immediate-danger"
	GlassMissing    GlassCode = "missing-child"
	GlassOutOfHours GlassCode = "out-of-hours-duty"
	GlassOther      GlassCode = "other"
)

// GlassReason is what was written about it. It lies apart, under a key of the
// child's.
type GlassReason struct {
	Glass GlassID `json:"glass"`
	Words string  `json:"words"`
	Case  string  `json:"case"` // reference of the case at the reader's own agency
}

// GlassReviewed: governance looked at it.
type GlassReviewed struct {
	Glass   GlassID      `json:"glass"`
	Outcome GlassOutcome `json:"outcome"`
	By      Signatory    `json:"by"`
	At      time.Time    `json:"at"`
}

// GlassOutcome is what a review found.
type GlassOutcome string

const (
	GlassJustified GlassOutcome = "justified"
	GlassNotNeeded GlassOutcome = "not-needed" // there was another way
	GlassMisused   GlassOutcome = "misused"
)

func (ConflictDeclared) Type() Type    { return "uk.kith.restriction.conflict-declared.v1" }
func (ConflictMet) Type() Type         { return "uk.kith.restriction.conflict-met.v1" }
func (RestrictionPlaced) Type() Type   { return "uk.kith.restriction.placed.v1" }
func (RestrictionReviewed) Type() Type { return "uk.kith.restriction.reviewed.v1" }
func (LiftProposed) Type() Type        { return "uk.kith.restriction.lift-proposed.v1" }
func (LiftApproved) Type() Type        { return "uk.kith.restriction.lift-approved.v1" }

func (ConflictDeclared) event()    {}
func (ConflictMet) event()         {}
func (RestrictionPlaced) event()   {}
func (RestrictionReviewed) event() {}
func (LiftProposed) event()        {}
func (LiftApproved) event()        {}

func (ConflictDeclared) restriction()    {}
func (ConflictMet) restriction()         {}
func (RestrictionPlaced) restriction()   {}
func (RestrictionReviewed) restriction() {}
func (LiftProposed) restriction()        {}
func (LiftApproved) restriction()        {}

func (GlassBroken) Type() Type   { return "uk.kith.restriction.glass-broken.v1" }
func (GlassBroken) event()       {}
func (GlassBroken) restriction() {}

func (GlassReason) Type() Type   { return "uk.kith.restriction.glass-reason.v1" }
func (GlassReason) event()       {}
func (GlassReason) restriction() {}

func (GlassReviewed) Type() Type   { return "uk.kith.restriction.glass-reviewed.v1" }
func (GlassReviewed) event()       {}
func (GlassReviewed) restriction() {}

// What somebody wrote is printed nowhere; see redact.go.

func (GlassReason) Format(f fmt.State, _ rune) { hide(f) }
func (GlassReason) LogValue() slog.Value       { return slog.StringValue(withheld) }
