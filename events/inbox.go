package events

import (
	"encoding/json"
	"time"
)

// Told is one message of the hub to an agency: a CloudEvent, and whom it is about.
type Told struct {
	Seq    uint64 // 1, 2, 3 for each agency
	Type   Type
	At     time.Time
	Child  ChildID // "" where the message names none
	Item   ItemID  // "" where it is about no item
	Detail json.RawMessage
}

// Inbox is what an agency has not read yet.
type Inbox struct {
	Messages []json.RawMessage `json:"messages"` // CloudEvents, oldest first
	Next     string            `json:"next"`     // what to ask for after these
}

// What the hub tells an agency beside receipts and refusals.
const (
	TypeReferralFeedback     Type = "uk.kith.hub.referral-feedback.v1"
	TypeDiscussionInvitation Type = "uk.kith.hub.discussion-invitation.v1"
	TypeWebhookDisabled      Type = "uk.kith.hub.webhook-disabled.v1"
	TypeItemCorrected        Type = "uk.kith.hub.item-corrected.v1"
	TypeItemWithdrawn        Type = "uk.kith.hub.item-withdrawn.v1"
)

// TypeWebhookTest is what a webhook is tried with. It is in no inbox.
const TypeWebhookTest Type = "uk.kith.hub.webhook-test.v1"
