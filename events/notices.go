package events

import "time"

// Notices is an event about how an agency is told things; only services/notices
// writes it.
//
//sumtype:decl
type Notices interface {
	Event
	notices()
}

// WebhookDisabled: the hub brings this agency no more messages by webhook. They
// stay in its inbox.
type WebhookDisabled struct {
	Agency    AgencyID   `json:"agency"`
	Why       WebhookEnd `json:"why"`
	At        time.Time  `json:"at"`
	Since     *time.Time `json:"since,omitempty"` // of the first of the failures, if there were any
	Delivered uint64     `json:"delivered"`       // number of the last message that was delivered
}

// WebhookEnd is why a webhook was disabled.
type WebhookEnd string

const (
	WebhookGone    WebhookEnd = "gone"     // the receiver said so
	WebhookFailing WebhookEnd = "failing"  // nothing arrived for days
	WebhookStopped WebhookEnd = "operator" // the hub's operator did
)

func (WebhookDisabled) Type() Type { return "uk.kith.notices.webhook-disabled.v1" }
func (WebhookDisabled) event()     {}
func (WebhookDisabled) notices()   {}
