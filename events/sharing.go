package events

// SharingDecision is an event about what people decide where policies leave it to them, and
// about what they decide not to share; only services/disclosure writes it. In the
// hub's one stream of it everybody and everything stands by id and code; what is in
// words lies in the child's own.
//
//sumtype:decl
type SharingDecision interface {
	Event
	sharing()
}

type (
	ReviewID    string // one question to a person; a UUID
	NotSharedID string // one decision not to share; a UUID
)

// ReviewAsked: policies left it to a person whether an item is shown to readers of an
// agency, in a role, for a purpose.
type ReviewAsked struct {
	Review  ReviewID   `json:"review"`
	Child   ChildID    `json:"child"`
	Item    ItemID     `json:"item"`
	Holder  AgencyID   `json:"holder"` // that recorded the item
	Label   Label      `json:"label"`
	Agency  AgencyID   `json:"agency"` // that asks
	Role    ReaderRole `json:"role"`
	Purpose Purpose    `json:"purpose"`
	For     []string   `json:"for"`     // policies that would permit it
	Against []string   `json:"against"` // policies that leave it to a person
}

// ReviewRuled: a person judged. A later ruling takes the place of an earlier one.
type ReviewRuled struct {
	Review ReviewID   `json:"review"`
	Ruling string     `json:"ruling"` // "share" or "withhold"
	Agency AgencyID   `json:"agency"` // of who judged
	Role   ReaderRole `json:"role"`
}

// RulingReasoned is why somebody judged as they did.
type RulingReasoned struct {
	Review ReviewID `json:"review"`
	Item   ItemID   `json:"item"`
	Ruling string   `json:"ruling"`
	Reason string   `json:"reason"`
}

// NotSharedNoted: somebody decided not to share something about a child.
type NotSharedNoted struct {
	Decision NotSharedID `json:"decision"`
	Child    ChildID     `json:"child"`
	Agency   AgencyID    `json:"agency"` // that decided
	Role     ReaderRole  `json:"role"`
	With     AgencyID    `json:"with,omitempty"` // with whom it is not shared; none: with nobody
	Why      WhyNot      `json:"why"`
}

// WhyNot is the sort of reason for which something is not shared.
type WhyNot string

const (
	MoreDetrimental WhyNot = "more-detrimental" // to the child than not to share it: Children Act 2004 section 16LA
	NotRelevant     WhyNot = "not-relevant"     // it would not help the recipient safeguard the child
	NoBasis         WhyNot = "no-lawful-basis"
	Refused         WhyNot = "agreement-refused" // where it rests on agreement
)

// NotSharedReasoned is what is not shared, and why, in words.
type NotSharedReasoned struct {
	Decision NotSharedID `json:"decision"`
	What     string      `json:"what"`
	Reason   string      `json:"reason"`
}

func (ReviewAsked) Type() Type       { return "uk.kith.sharing.review-asked.v1" }
func (ReviewRuled) Type() Type       { return "uk.kith.sharing.review-ruled.v1" }
func (RulingReasoned) Type() Type    { return "uk.kith.sharing.ruling-reasoned.v1" }
func (NotSharedNoted) Type() Type    { return "uk.kith.sharing.not-shared-noted.v1" }
func (NotSharedReasoned) Type() Type { return "uk.kith.sharing.not-shared-reasoned.v1" }

func (ReviewAsked) event()       {}
func (ReviewRuled) event()       {}
func (RulingReasoned) event()    {}
func (NotSharedNoted) event()    {}
func (NotSharedReasoned) event() {}

func (ReviewAsked) sharing()       {}
func (ReviewRuled) sharing()       {}
func (RulingReasoned) sharing()    {}
func (NotSharedNoted) sharing()    {}
func (NotSharedReasoned) sharing() {}
