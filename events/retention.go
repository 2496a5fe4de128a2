package events

import "time"

// Retention is an event about how long something is kept: an erasure, or a hold
// that forbids it. Only services/retention writes it. None holds free text: why
// somebody decided is written down where their reference says.
//
//sumtype:decl
type Retention interface {
	Event
	retention()
}

type (
	ErasureID string // one erasure; a UUID
	HoldID    string // one legal hold; a UUID
)

// Whom says what an erasure or a hold is about: a child; what one agency shared
// about it; or one person as one agency knows them.
type Whom struct {
	Child   ChildID   `json:"child,omitempty"`
	Agency  AgencyID  `json:"agency,omitempty"` // of a child: what this one shared and nothing else
	Subject SubjectID `json:"subject,omitempty"`
}

// Decider is who decided, in which role.
type Decider struct {
	Actor  ActorID    `json:"actor"`
	Agency AgencyID   `json:"agency"`
	Role   ReaderRole `json:"role"`
}

// ErasureReason is the class of reasons for which something is erased.
type ErasureReason string

const (
	RetentionExpired ErasureReason = "retention-expired"
	WrongChild       ErasureReason = "wrong-child"    // it was never about this child
	Unlawful         ErasureReason = "unlawful"       // it should not have been shared
	SubjectsRight    ErasureReason = "subjects-right" // UK GDPR article 17
	Decommissioning  ErasureReason = "decommissioning"
)

// HoldReason is why something may not be erased.
type HoldReason string

const (
	HoldCourt     HoldReason = "court"
	HoldPolice    HoldReason = "police-investigation"
	HoldInquiry   HoldReason = "public-inquiry"
	HoldReview    HoldReason = "safeguarding-review" // a local child safeguarding practice review
	HoldComplaint HoldReason = "complaint-or-claim"
)

// ErasureAsked: somebody asked that something be erased. Nothing changes until a
// second person confirms it.
type ErasureAsked struct {
	Erasure   ErasureID     `json:"erasure"`
	Whom      Whom          `json:"whom"`
	Why       ErasureReason `json:"why"`
	Reference string        `json:"reference"` // of the decision, in the records of whoever asks
	By        Decider       `json:"by"`
}

// ErasureConfirmed: a second person agreed. From now on what it is about is
// hidden; on the day it is due the keys are destroyed.
type ErasureConfirmed struct {
	Erasure  ErasureID   `json:"erasure"`
	By       Decider     `json:"by"`
	Due      time.Time   `json:"due"`
	Subjects []SubjectID `json:"subjects"`        // whose streams are erased
	Child    ChildID     `json:"child,omitempty"` // whose links, discussions and consents are; none if it is about less than a child
	Kept     int         `json:"kept"`            // other people of the same reports whose records stay, for they are in others too
}

// ErasureCancelled: somebody took it back in time.
type ErasureCancelled struct {
	Erasure   ErasureID `json:"erasure"`
	Reference string    `json:"reference"`
	By        Decider   `json:"by"`
}

// ErasureUndone: what a cancelled erasure had hidden can be read again.
type ErasureUndone struct {
	Erasure ErasureID `json:"erasure"`
}

// ErasureBegun: it is due and nothing holds it. It cannot be taken back any more.
type ErasureBegun struct {
	Erasure ErasureID `json:"erasure"`
}

// ErasureCarriedOut: the keys are destroyed, and every store purged of what it
// derived from what they sealed. This is what remains.
type ErasureCarriedOut struct {
	Erasure ErasureID `json:"erasure"`
	Keys    int       `json:"keys"`
	Stores  []string  `json:"stores"` // that were purged, by their names in the register of stores
}

// HoldPlaced: what it is about must not be erased, whatever anybody decided.
type HoldPlaced struct {
	Hold      HoldID      `json:"hold"`
	Whom      Whom        `json:"whom"`
	Why       HoldReason  `json:"why"`
	Reference string      `json:"reference"`
	By        Decider     `json:"by"`
	Subjects  []SubjectID `json:"subjects"` // whom it was about when it was placed
}

// HoldLiftAsked: somebody asked that the hold be lifted.
type HoldLiftAsked struct {
	Hold      HoldID  `json:"hold"`
	Reference string  `json:"reference"`
	By        Decider `json:"by"`
}

// HoldLifted: a second person agreed.
type HoldLifted struct {
	Hold HoldID  `json:"hold"`
	By   Decider `json:"by"`
}

func (ErasureAsked) Type() Type      { return "uk.kith.retention.erasure-asked.v1" }
func (ErasureConfirmed) Type() Type  { return "uk.kith.retention.erasure-confirmed.v1" }
func (ErasureCancelled) Type() Type  { return "uk.kith.retention.erasure-cancelled.v1" }
func (ErasureUndone) Type() Type     { return "uk.kith.retention.erasure-undone.v1" }
func (ErasureBegun) Type() Type      { return "uk.kith.retention.erasure-begun.v1" }
func (ErasureCarriedOut) Type() Type { return "uk.kith.retention.erasure-carried-out.v1" }
func (HoldPlaced) Type() Type        { return "uk.kith.retention.hold-placed.v1" }
func (HoldLiftAsked) Type() Type     { return "uk.kith.retention.hold-lift-asked.v1" }
func (HoldLifted) Type() Type        { return "uk.kith.retention.hold-lifted.v1" }

func (ErasureAsked) event()      {}
func (ErasureConfirmed) event()  {}
func (ErasureCancelled) event()  {}
func (ErasureUndone) event()     {}
func (ErasureBegun) event()      {}
func (ErasureCarriedOut) event() {}
func (HoldPlaced) event()        {}
func (HoldLiftAsked) event()     {}
func (HoldLifted) event()        {}

func (ErasureAsked) retention()      {}
func (ErasureConfirmed) retention()  {}
func (ErasureCancelled) retention()  {}
func (ErasureUndone) retention()     {}
func (ErasureBegun) retention()      {}
func (ErasureCarriedOut) retention() {}
func (HoldPlaced) retention()        {}
func (HoldLiftAsked) retention()     {}
func (HoldLifted) retention()        {}
