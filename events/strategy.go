package events

import "time"

// Strategy is an event of a child's strategy stream; only services/strategy
// writes it.
//
//sumtype:decl
type Strategy interface {
	Event
	strategy()
}

// DiscussionConvened: a strategy discussion under section 47 was called.
type DiscussionConvened struct {
	Discussion DiscussionID `json:"discussion"`
	Child      ChildID      `json:"child"`
	Chair      ActorID      `json:"chair"`
	Agency     AgencyID     `json:"agency"` // the chair's
	At         time.Time    `json:"at"`     // when it is held
	Reason     string       `json:"reason"`
	Invited    []AgencyID   `json:"invited"`
}

// DiscussionAttended: somebody takes part for an agency.
type DiscussionAttended struct {
	Discussion DiscussionID `json:"discussion"`
	Actor      ActorID      `json:"actor"`
	Agency     AgencyID     `json:"agency"`
	Role       string       `json:"role"`
}

// DecisionRecorded: the discussion decided and is closed.
type DecisionRecorded struct {
	Discussion    DiscussionID `json:"discussion"`
	Section47     bool         `json:"section47"`         // an enquiry is initiated
	Conduct       Conduct      `json:"conduct,omitempty"` // single or joint, if it is
	Rationale     string       `json:"rationale"`
	Actions       []Action     `json:"actions,omitempty"`
	ConferenceDue Date         `json:"conferenceDue,omitempty"` // last day for the initial conference
	Rule          string       `json:"rule,omitempty"`          // of the rule pack that set the day, with its edition
}

// Action is something somebody has to do by a day.
type Action struct {
	What  string `json:"what"`
	Owner string `json:"owner"` // a role or an agency
	Due   Date   `json:"due"`
}

// ConferenceOverdue: the day for the initial conference passed.
type ConferenceOverdue struct {
	Discussion DiscussionID `json:"discussion"`
	Due        Date         `json:"due"`
}

func (DiscussionConvened) Type() Type { return "uk.kith.strategy.discussion-convened.v1" }
func (DiscussionAttended) Type() Type { return "uk.kith.strategy.discussion-attended.v1" }
func (DecisionRecorded) Type() Type   { return "uk.kith.strategy.decision-recorded.v1" }
func (ConferenceOverdue) Type() Type  { return "uk.kith.strategy.conference-overdue.v1" }

func (DiscussionConvened) event() {}
func (DiscussionAttended) event() {}
func (DecisionRecorded) event()   {}
func (ConferenceOverdue) event()  {}

func (DiscussionConvened) strategy() {}
func (DiscussionAttended) strategy() {}
func (DecisionRecorded) strategy()   {}
func (ConferenceOverdue) strategy()  {}
