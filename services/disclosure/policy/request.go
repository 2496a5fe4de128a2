package policy

import "kith/events"

// Act is what somebody wants to do. Each policy names the acts it is about.
type Act string

const (
	Open           Act = "open" // know that the hub holds anything about this child
	Know           Act = "know" // know that the agency of an item is involved, and whom to call
	See            Act = "see"  // see the content of an item
	Ask            Act = "ask"  // be told that there is something to ask its originator for
	ReadDiscussion Act = "read-discussion"
	ReadConsent    Act = "read-consent"
	ReadConcern    Act = "read-concern"
	ListConcerns   Act = "list-concerns" // resource.own: those of one's own agency; else all
	Convene        Act = "convene"
	Attend         Act = "attend"
	Conclude       Act = "decide"
	Consent        Act = "consent"   // record that consent was given or withdrawn
	Copy           Act = "copy"      // record that somebody asks for a copy of the record, and prepare it
	NotShare       Act = "not-share" // record a decision not to share
	Judge          Act = "judge"     // decide on what policies leave to a person; resource.own: on an item of one's own agency
)

// acts lists every act, so that a policy with a misspelt one is refused.
func acts() []Act {
	return []Act{Open, Know, See, Ask, ReadDiscussion, ReadConsent, ReadConcern, ListConcerns,
		Convene, Attend, Conclude, Consent, Copy, NotShare, Judge}
}

// Acts lists every act.
func Acts() []Act { return acts() }

// Request is everything a decision may rest on, and nothing that names anyone.
// Two equal requests have the same answer.
type Request struct {
	Act     Act
	Purpose events.Purpose
	Reader  Reader
	Ties    Ties
	Thing   Thing
}

// Reader is what counts about the person who asks.
type Reader struct {
	Role      events.ReaderRole
	Kind      events.AgencyKind
	Authority bool // of the local authority whose children these are
}

// Ties is what connects the reader to the child today.
type Ties struct {
	Holds     bool // the reader's agency holds a subject that is this child
	Concern   bool // somebody raised a concern for the child
	TookPart  bool // the reader chairs or attends a discussion about the child, open or closed
	Attending bool // the same, of an open one
	Invited   bool // the reader's agency is invited to an open one
	Copying   bool // the reader prepares a copy that somebody asked for and that is not made yet
	Barred    bool // a conflict or a restriction stands between them, whatever else does
}

// Thing is what counts about the item, discussion, consent or concern.
type Thing struct {
	Own         bool // of the reader's agency
	Kind        events.AgencyKind
	Label       events.Label
	Guarded     bool // never leaves its agency; see guarded
	Basis       events.Article6
	Condition   events.Article9
	Paragraph18 bool // stated, and complete
	Scope       events.Scope
	Consent     Standing

	TakesPart bool // a discussion that the reader chairs or attends
	Invited   bool // an open discussion to which the reader's agency is invited
	Named     bool // a consent that covers the reader's agency

	ThirdParty bool   // it says something about somebody else
	Objected   bool   // a young person with capacity objects to its being shared with the reader's agency
	Ruling     Ruling // what a person decided, where policies leave it to one
}

// Ruling is what a person decided on a thing that policies leave to one.
type Ruling string

const (
	NoRuling Ruling = ""
	Share    Ruling = "share"
	Withhold Ruling = "withhold"
)

// Standing is how the consent stands on which an item rests.
type Standing string

const (
	NotRelied  Standing = "" // the item does not rest on consent
	InForce    Standing = "in-force"
	Withdrawn  Standing = "withdrawn"
	Expired    Standing = "expired"
	WithOthers Standing = "with-others" // in force, but it does not name the reader's agency
	NotGiven   Standing = "not-given"
)
