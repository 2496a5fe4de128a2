package events

import "time"

// Access is an event of the ledger; only services/ledger writes it.
//
//sumtype:decl
type Access interface {
	Event
	access()
}

// ReadRecorded: somebody asked to see a child's data and this is what they
// were given. It is durable before the answer leaves.
type ReadRecorded struct {
	Reader    ActorID    `json:"reader"`
	Agency    AgencyID   `json:"agency"`
	Kind      AgencyKind `json:"kind,omitempty"` // of the reader's agency, as it was registered then
	Role      string     `json:"role"`
	Purpose   Purpose    `json:"purpose"`
	What      string     `json:"what"`            // "view", "search", "concern", "discussion", "message"; "copy"; "who-looked" and "release" of the ledger itself; "break-glass", "notice", "restrictions"; "review" and "not-shared" of what people decide
	By        string     `json:"by,omitempty"`    // of a search: "number" or "name"
	Ties      []Tie      `json:"ties,omitempty"`  // what connected the reader to the child at that moment
	Child     ChildID    `json:"child,omitempty"` // none when nothing was found
	Shown     []ItemID   `json:"shown,omitempty"`
	Withheld  int        `json:"withheld"`
	Policy    string     `json:"policy,omitempty"` // hash of the policy set that decided
	AsKnownAt *time.Time `json:"asKnownAt,omitempty"`
	Grant     string     `json:"grant,omitempty"`   // the break-glass grant that it rested on, if any
	Label     EntryLabel `json:"label"`             // who may be told that this entry is there
	Rule      string     `json:"rule"`              // which rule gave the label, in a word
	Decided   *Decided   `json:"decided,omitempty"` // what it rested on; absent where no child was found
}

// Decided is what a decision rested on beside the log, the reader and the policies,
// so that it can be made again.
type Decided struct {
	At        time.Time `json:"at"`        // the moment by which consents and clocks were judged
	Log       uint64    `json:"log"`       // the position at which the event log ended
	Authority bool      `json:"authority"` // whether the reader's agency was the local authority
}

// EntryLabel says who may ever be told that there is an entry. Governance sees
// all of them. One that a program does not know is as covert.
type EntryLabel string

const (
	EntryReleasable    EntryLabel = "releasable"     // the child, and whoever may act for the child
	EntryNeverGuardian EntryLabel = "never-guardian" // the child; never a parent or carer, whom it could warn
	EntryOperational   EntryLabel = "operational"    // nobody outside: it is about the running of the service
	EntryCovert        EntryLabel = "covert"         // nobody outside: that somebody looked is itself the secret
)

// Tie is what connects a reader to a child.
type Tie string

const (
	TieHolds     Tie = "holds"     // their agency knows the child
	TieConcern   Tie = "concern"   // somebody raised a concern for the child, which is the authority's to look at
	TieTookPart  Tie = "took-part" // they chair or attend a discussion about the child, open or closed
	TieAttending Tie = "attending" // the same, of an open one
	TieInvited   Tie = "invited"   // their agency is invited to an open one
	TieCopying   Tie = "copying"   // they prepare a copy of the record that somebody asked for
)

// FindingReviewed: somebody of governance looked at what a pattern of unusual
// access found, and decided.
type FindingReviewed struct {
	Finding string        `json:"finding"` // its id
	Pattern string        `json:"pattern"`
	Reader  ActorID       `json:"reader"`          // whose looks it is about
	Child   ChildID       `json:"child,omitempty"` // none where it is about several
	Entries []uint64      `json:"entries"`         // positions in the ledger
	Outcome ReviewOutcome `json:"outcome"`
	Note    string        `json:"note"` // why, in a sentence
	By      ActorID       `json:"by"`
}

// ReviewOutcome is what was decided on a finding.
type ReviewOutcome string

const (
	ReviewFine        ReviewOutcome = "fine"        // there is a good explanation
	ReviewInvestigate ReviewOutcome = "investigate" // the reader's agency is to be asked
)

// ReadRecordedV1 is what was recorded before entries had labels.
type ReadRecordedV1 struct {
	Reader    ActorID    `json:"reader"`
	Agency    AgencyID   `json:"agency"`
	Role      string     `json:"role"`
	Purpose   Purpose    `json:"purpose"`
	What      string     `json:"what"`
	Child     ChildID    `json:"child,omitempty"`
	Shown     []ItemID   `json:"shown,omitempty"`
	Withheld  int        `json:"withheld"`
	Policy    string     `json:"policy,omitempty"`
	AsKnownAt *time.Time `json:"asKnownAt,omitempty"`
}

// BeforeLabels is the rule of an entry that was recorded before there were labels.
// What was shown is not known any more, so that the strictest label is the only
// safe one.
const BeforeLabels = "before-labels"

func labelled(v ReadRecordedV1) ReadRecorded {
	return ReadRecorded{Reader: v.Reader, Agency: v.Agency, Role: v.Role, Purpose: v.Purpose, What: v.What,
		Child: v.Child, Shown: v.Shown, Withheld: v.Withheld, Policy: v.Policy, AsKnownAt: v.AsKnownAt,
		Label: EntryCovert, Rule: BeforeLabels}
}

func (FindingReviewed) Type() Type { return "uk.kith.access.finding-reviewed.v1" }
func (ReadRecorded) Type() Type    { return "uk.kith.access.read-recorded.v2" }
func (ReadRecordedV1) Type() Type  { return "uk.kith.access.read-recorded.v1" }

func (FindingReviewed) event() {}
func (ReadRecorded) event()    {}
func (ReadRecordedV1) event()  {}

func (FindingReviewed) access() {}
func (ReadRecorded) access()    {}
func (ReadRecordedV1) access()  {}
