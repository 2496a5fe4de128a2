package events

import "time"

// Picture is all that the hub holds about one child, before anybody decided who
// may see what. Only services/disclosure may hand any of it on.
type Picture struct {
	Child       ChildID
	Subjects    []SubjectID // linked, in the order of their links
	Agencies    []AgencyID  // that hold a linked subject
	AsKnownAt   *time.Time  // nil for now
	Log         uint64      // the position at which the event log ended when it was made
	Items       []Held      // by the time they occurred
	Discussions []Discussion
	Clocks      []Clock
	Consents    []ConsentRecord
	Objections  []ObjectionRecord
}

// ObjectionRecord is that somebody objects to what is held about a child being
// shared.
type ObjectionRecord struct {
	By        ConsentBy
	Partners  []AgencyID // with whom; none named means with anybody
	RaisedAt  time.Time
	DroppedAt *time.Time
}

// Stands reports whether the objection stands at a moment.
func (o ObjectionRecord) Stands(at time.Time) bool {
	return !at.Before(o.RaisedAt) && (o.DroppedAt == nil || at.Before(*o.DroppedAt))
}

// ReviewShown is a question that policies leave to a person, as far as somebody who
// may judge is told of it.
type ReviewShown struct {
	ReviewAsked
	AskedAt time.Time  `json:"askedAt"`
	Ruling  string     `json:"ruling,omitempty"`
	RuledBy AgencyID   `json:"ruledBy,omitempty"`
	RuledAt *time.Time `json:"ruledAt,omitempty"`
	Reason  string     `json:"reason,omitempty"`
}

// NotSharedShown is a decision not to share, as information governance sees it.
type NotSharedShown struct {
	NotSharedNoted
	At     time.Time `json:"at"`
	What   string    `json:"what,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Held is an item with the time at which the hub recorded it.
type Held struct {
	Item
	HubRecordedAt time.Time `json:"hubRecordedAt"`
	Late          bool      `json:"late,omitempty"`     // recorded by the hub more than 7 days after it occurred
	Corrects      bool      `json:"corrects,omitempty"` // an earlier item of its agency was shown in its place before
}

// Discussion is a strategy discussion as it stands.
type Discussion struct {
	ID        DiscussionID         `json:"discussion"`
	Child     ChildID              `json:"child"`
	Chair     ActorID              `json:"chair"`
	Agency    AgencyID             `json:"agency"`
	At        time.Time            `json:"at"`
	Reason    string               `json:"reason"`
	Invited   []AgencyID           `json:"invited"`
	Attendees []DiscussionAttended `json:"attendees"`
	Open      bool                 `json:"open"`
	Decision  *DecisionRecorded    `json:"decision,omitempty"`
	DecidedAt *time.Time           `json:"decidedAt,omitempty"`
}

// Clock is something that has to be done by a day, and the rule that says so.
type Clock struct {
	Rule       string       `json:"rule"` // for example "Working Together 2026: initial conference, 15 working days"
	What       string       `json:"what"`
	From       Date         `json:"from"`
	Due        Date         `json:"due"`
	Overdue    bool         `json:"overdue"`
	Discussion DiscussionID `json:"discussion,omitempty"`
}

// ConsentRecord is a consent as it stands.
type ConsentRecord struct {
	ConsentGiven
	GivenAt     time.Time  `json:"givenAt"`
	WithdrawnAt *time.Time `json:"withdrawnAt,omitempty"`
}

// InForce reports whether the consent may be relied on at a moment.
func (c ConsentRecord) InForce(at time.Time) bool {
	return !at.Before(c.GivenAt) &&
		(c.WithdrawnAt == nil || at.Before(*c.WithdrawnAt)) &&
		(c.Until == nil || at.Before(*c.Until))
}

// Shown is what one reader may see of a picture, with the grounds, and what is
// withheld, with as much of the reason as may be told.
type Shown struct {
	Child       ChildID         `json:"child"`
	Purpose     Purpose         `json:"purpose"`
	AsKnownAt   *time.Time      `json:"asKnownAt,omitempty"`
	Agencies    []Involved      `json:"agencies"`
	Items       []ShownItem     `json:"items"`
	Withheld    []Withheld      `json:"withheld"`
	Discussions []Discussion    `json:"discussions"`
	Clocks      []Clock         `json:"clocks"`
	Consents    []ConsentRecord `json:"consents"`
	Policy      string          `json:"policy"` // hash of the policy set that decided
}

// Involved is an agency that knows the child and how to reach it.
type Involved struct {
	Agency  AgencyID   `json:"agency"`
	Kind    AgencyKind `json:"kind"`
	Name    string     `json:"name"`
	Contact Contact    `json:"contact"`
	Since   time.Time  `json:"since"` // of the earliest thing it shared
	Last    time.Time  `json:"last"`  // of the latest
	Grounds []Grounds  `json:"grounds"`
}

// ShownItem is an item and the grounds on which this reader may see it.
type ShownItem struct {
	Held
	Grounds []Grounds `json:"grounds"`
}

// Grounds names a policy that decided and its basis in plain words.
type Grounds struct {
	Policy string `json:"policy"`
	Basis  string `json:"basis"`
}

// Withheld says that something is not shown and as much of why as may be told.
type Withheld struct {
	Agency AgencyID `json:"agency"`
	What   string   `json:"what"` // "item", "address"
	Count  int      `json:"count"`
	Reason string   `json:"reason"`
	Policy string   `json:"policy,omitempty"`
}

// ConcernStatus is what became of a concern.
type ConcernStatus struct {
	Reference  string           `json:"reference"`
	Agency     AgencyID         `json:"agency"` // that raised it
	Child      ChildID          `json:"child,omitempty"`
	Person     Person           `json:"-"` // as the school described the child
	Item       ItemID           `json:"item"`
	ReceivedAt time.Time        `json:"receivedAt"`
	DecideBy   Date             `json:"decideBy"` // one working day (Working Together 2026)
	Concern    Concern          `json:"concern"`
	Voice      *Voice           `json:"voice,omitempty"`
	Informed   *Informed        `json:"informed,omitempty"`
	Decided    *ReferralDecided `json:"decided,omitempty"`
	DecidedAt  *time.Time       `json:"decidedAt,omitempty"`
}

// Match is a child that a search found.
type Match struct {
	Child ChildID `json:"child"`
	Name  Name    `json:"name"`
	Born  Date    `json:"dateOfBirth"`
}

// Query is what somebody searches by: an exact identifier, or name and date of
// birth together.
type Query struct {
	NHSNumber   string `json:"nhsNumber,omitempty"`
	UPN         string `json:"upn,omitempty"`
	Name        Name   `json:"name,omitzero"`
	DateOfBirth Date   `json:"dateOfBirth,omitempty"`
}
