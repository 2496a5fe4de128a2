package events

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Told is one message of the hub to an agency: a CloudEvent, and whom it is about.
// A receipt or a refusal is one too, an answer to what the agency sent.
type Told struct {
	Seq      uint64 // 1, 2, 3 for each agency; 0 of an answer
	Position uint64 // in the log, of what it follows from
	Type     Type
	At       time.Time
	Child    ChildID // "" where the message names none
	Item     ItemID  // "" where it is about no item
	Digest   string  // of the message that it answers; "" where it is no answer
	Detail   json.RawMessage
}

// Answer tells whether it is a receipt or a refusal.
func (t Told) Answer() bool { return t.Digest != "" }

// InboxMark is how far an agency has read its inbox. Messages and answers are
// marked apart, so that it may read the answers or leave them, and change its
// mind, and misses none.
type InboxMark struct {
	Seq      uint64 // of the last message
	Position uint64 // of the last answer
}

// Past is the mark of who has read a message too.
func (m InboxMark) Past(t Told) InboxMark {
	if t.Answer() {
		m.Position = max(m.Position, t.Position)
	} else {
		m.Seq = max(m.Seq, t.Seq)
	}
	return m
}

// String is the mark as it stands in a request: "7", or "7.4711" where answers
// were read.
func (m InboxMark) String() string {
	s := strconv.FormatUint(m.Seq, 10)
	if m.Position > 0 {
		s += "." + strconv.FormatUint(m.Position, 10)
	}
	return s
}

var errNoMark = errors.New("not a mark of the inbox")

// ParseInboxMark reads what String wrote; "" is the beginning.
func ParseInboxMark(s string) (m InboxMark, err error) {
	if s == "" {
		return m, nil
	}
	seq, position, answers := strings.Cut(s, ".")
	if m.Seq, err = strconv.ParseUint(seq, 10, 63); err == nil && answers {
		m.Position, err = strconv.ParseUint(position, 10, 63)
	}
	if err != nil {
		return InboxMark{}, errNoMark
	}
	return m, nil
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
