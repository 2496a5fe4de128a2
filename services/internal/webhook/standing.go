package webhook

import (
	"time"

	"kith/events"
)

// Standing is how far an agency's webhook is: all that has to be known again
// after a crash. It is a value; its methods return the next one.
type Standing struct {
	Begun      bool       `json:"begun"`               // it is known where to begin
	Delivered  uint64     `json:"delivered"`           // number of the last message that arrived
	Answered   uint64     `json:"answered,omitempty"`  // position of the last receipt or refusal that arrived
	Answering  bool       `json:"answering,omitempty"` // it is known where to begin with those
	Recorded   uint64     `json:"recorded"`            // number of the last message whose disclosure is in the ledger
	Failures   int        `json:"failures,omitempty"`  // in a row
	Since      time.Time  `json:"since,omitzero"`      // of the first of them
	Next       time.Time  `json:"next,omitzero"`       // not before
	Last       Outcome    `json:"last"`
	LastAt     time.Time  `json:"lastAt,omitzero"`
	Permission Permission `json:"permission"`
	Disabled   *Disabled  `json:"disabled,omitempty"`
}

// Disabled says that and why nothing is sent any more.
type Disabled struct {
	At   time.Time         `json:"at"`
	Why  events.WebhookEnd `json:"why"`
	Told bool              `json:"told"` // the notice of it is in the log
}

// Mark is how far the agency was brought its inbox.
func (s Standing) Mark() events.InboxMark {
	return events.InboxMark{Seq: s.Delivered, Position: s.Answered}
}

// Succeeded is after a message arrived.
func (s Standing) Succeeded(m events.Told, o Outcome, now time.Time) Standing {
	mark := s.Mark().Past(m)
	s.Delivered, s.Answered = mark.Seq, mark.Position
	s.Failures, s.Since, s.Next, s.Last, s.LastAt = 0, time.Time{}, time.Time{}, o, now
	return s
}

// Failed is after one that did not, with how long to wait now. The receiver may
// ask for longer. Who is gone, or has been failing for days, is left alone.
func (s Standing) Failed(o Outcome, now time.Time, wait time.Duration) Standing {
	if s.Failures == 0 {
		s.Since = now
	}
	s.Failures++
	s.Last, s.LastAt, s.Next = o, now, now.Add(max(wait, o.After))
	switch {
	case s.Disabled != nil:
	case o.Code == Gone:
		s.Disabled = &Disabled{At: now, Why: events.WebhookGone}
	case s.Failures >= Enough && now.Sub(s.Since) >= GiveUp:
		s.Disabled = &Disabled{At: now, Why: events.WebhookFailing}
	}
	return s
}

// Stopped is after the operator disabled it.
func (s Standing) Stopped(now time.Time) Standing {
	if s.Disabled == nil {
		s.Disabled = &Disabled{At: now, Why: events.WebhookStopped}
	}
	return s
}

// Enabled is after the operator enabled it: it begins where it was, and asks for
// permission anew.
func (s Standing) Enabled() Standing {
	s.Disabled, s.Failures, s.Since, s.Next, s.Permission = nil, 0, time.Time{}, time.Time{}, Permission{}
	return s
}

// nextAfter is when to try next, as of a moment.
func (s Standing) nextAfter(now time.Time) time.Time {
	if s.Next.After(now) {
		return s.Next
	}
	return now
}
