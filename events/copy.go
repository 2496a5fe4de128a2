package events

import "time"

// Copy is an event of a child's stream of copies: who asked for a copy of what the
// hub holds about the child, and what became of it. Only services/copies writes it.
//
//sumtype:decl
type Copy interface {
	Event
	copied()
}

// CopyID is one request for a copy; a UUID.
type CopyID string

// CopyRequested: somebody asked for a copy.
type CopyRequested struct {
	Copy      CopyID        `json:"copy"`
	Child     ChildID       `json:"child"`
	Recipient CopyRecipient `json:"recipient"`
	For       CopyFor       `json:"for"`
	Identity  string        `json:"identity"` // how it was checked that they are who they say
	Received  Date          `json:"received"`
	Due       Date          `json:"due"` // one month on (UK GDPR Article 12(3))
}

// CopyRecipient is whom the copy is made for and where it is to go.
type CopyRecipient struct {
	Kind RecipientKind `json:"kind"`
	Name Name          `json:"name"` // of a court: its name, as the family name
	Born Date          `json:"dateOfBirth,omitempty"`
	// ParentalResponsibility is of a parent: nobody else asks in a child's place.
	ParentalResponsibility bool `json:"parentalResponsibility"`
	// NoContact: an order or a safety plan keeps them from the child or from somebody
	// who lives with the child.
	NoContact bool     `json:"noContact"`
	SendTo    []string `json:"sendTo"` // as the recipient gave it now, never out of the record
}

// RecipientKind is who somebody is who asks for a copy.
type RecipientKind string

const (
	RecipientChild  RecipientKind = "child" // who understands what they ask for
	RecipientParent RecipientKind = "parent"
	RecipientCourt  RecipientKind = "court"
)

// CopyFor is what a copy is made for.
type CopyFor string

const (
	ForSubjectAccess CopyFor = "subject-access" // UK GDPR Article 15
	ForCourt         CopyFor = "court"          // an order or a direction
)

// CopyItemJudged: one of two people said what is to become of an item that no copy
// holds by itself.
type CopyItemJudged struct {
	Copy     CopyID       `json:"copy"`
	Item     ItemID       `json:"item"`
	Judgment CopyJudgment `json:"judgment"`
	Without  []string     `json:"without,omitempty"` // the words that are struck out
	Reason   string       `json:"reason"`
	By       ActorID      `json:"by"`
}

// CopyJudgment is what becomes of an item.
type CopyJudgment string

const (
	CopyInclude  CopyJudgment = "include"
	CopyWithhold CopyJudgment = "withhold"
	CopyWithout  CopyJudgment = "include-without"
)

// CopyAddressConfirmed: somebody looked whether it is safe to send the copy to where
// it is to go.
type CopyAddressConfirmed struct {
	Copy CopyID  `json:"copy"`
	By   ActorID `json:"by"`
}

// CopyMade: the copy was made and handed to whoever sends it. Made again of the same
// moment it has the same digest.
type CopyMade struct {
	Copy   CopyID    `json:"copy"`
	At     time.Time `json:"at"` // as known at which moment
	By     ActorID   `json:"by"`
	Digest string    `json:"digest"` // SHA-256 of the archive, hex
	Policy string    `json:"policy"` // hash of the policy set that decided
}

func (CopyRequested) Type() Type        { return "uk.kith.copies.requested.v1" }
func (CopyItemJudged) Type() Type       { return "uk.kith.copies.item-judged.v1" }
func (CopyAddressConfirmed) Type() Type { return "uk.kith.copies.address-confirmed.v1" }
func (CopyMade) Type() Type             { return "uk.kith.copies.made.v1" }

func (CopyRequested) event()        {}
func (CopyItemJudged) event()       {}
func (CopyAddressConfirmed) event() {}
func (CopyMade) event()             {}

func (CopyRequested) copied()        {}
func (CopyItemJudged) copied()       {}
func (CopyAddressConfirmed) copied() {}
func (CopyMade) copied()             {}

// Copyable is what a copy is prepared from: what the one who prepares it may see,
// and what must not be in it by any way. Only services/disclosure makes one.
type Copyable struct {
	Shown  Shown
	Others []Person // everybody else of the same reports, as those describe them
	// Addresses are all that anybody gave for the child, whatever their label.
	Addresses []Address
}
