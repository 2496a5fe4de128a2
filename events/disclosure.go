package events

import "time"

// Consent is an event of a child's consent stream; only services/disclosure
// writes it.
//
//sumtype:decl
type Consent interface {
	Event
	consent()
}

// ConsentGiven: somebody who may do so agreed to information being shared.
type ConsentGiven struct {
	Consent  ConsentID  `json:"consent"`
	Child    ChildID    `json:"child"`
	By       ConsentBy  `json:"by"`
	Scope    Scope      `json:"scope"`
	Partners []AgencyID `json:"partners,omitempty"` // with whom; none named means all partners
	Until    *time.Time `json:"until,omitempty"`
}

// ConsentBy is who gave or withdrew consent.
type ConsentBy string

const (
	ByParentalResponsibility ConsentBy = "person-with-parental-responsibility"
	ByYoungPerson            ConsentBy = "young-person-with-capacity"
)

// ConsentWithdrawn: it may not be relied on from now; what was shared stays
// recorded as shared.
type ConsentWithdrawn struct {
	Consent ConsentID `json:"consent"`
	Child   ChildID   `json:"child"`
	By      ConsentBy `json:"by"`
	Reason  string    `json:"reason,omitempty"`
}

func (ConsentGiven) Type() Type     { return "uk.kith.disclosure.consent-given.v1" }
func (ConsentWithdrawn) Type() Type { return "uk.kith.disclosure.consent-withdrawn.v1" }

func (ConsentGiven) event()     {}
func (ConsentWithdrawn) event() {}

func (ConsentGiven) consent()     {}
func (ConsentWithdrawn) consent() {}
