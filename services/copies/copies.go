// Package copies keeps who asked for a copy of a child's record, by when it is due,
// what two people judged of each item that no copy holds by itself, and what was made.
// What is in a copy comes through the disclosure gate and is laid out by bundle.
package copies

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// Config is what Copies stand on.
type Config struct {
	Store *store.Store
	// Day is the day in England at a moment, and WorkingDay whether a day is a working
	// day there.
	Day        func(time.Time) events.Date
	WorkingDay func(events.Date) bool
	Now        func() time.Time // time.Now, if nil
}

// Copies are kept in the event log, in a stream for each child that is sealed under
// the key of its consents and goes with it. Whether an actor may do something is for
// the gate's MayAct to say, before.
type Copies struct{ Config }

// New returns Copies.
func New(c Config) *Copies {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Copies{c}
}

// openFor is how long after it was made a copy may be looked at again: whoever got
// it may complain within three months.
const openFor = 92 * 24 * time.Hour

// RequestForm records that somebody asked for a copy.
type RequestForm struct {
	Child     events.ChildID
	Recipient events.CopyRecipient
	For       events.CopyFor
	Identity  string
	Received  events.Date
}

// Request records a request and sets the day by which it is due. The same request
// again gives the same id and changes nothing.
func (c *Copies) Request(ctx context.Context, cause store.Cause, f RequestForm) (events.CopyID, error) {
	today := c.Day(c.Now())
	if err := f.check(today); err != nil {
		return "", err
	}
	due, err := c.due(f.Received)
	if err != nil {
		return "", err
	}
	e := events.CopyRequested{Child: f.Child, Recipient: f.Recipient, For: f.For, Identity: f.Identity, Received: f.Received, Due: due}
	e.Copy = events.CopyID(store.NewEventID(stream(f.Child), cause.Because, e.Type(), 0).String())
	return e.Copy, c.transact(ctx, f.Child, cause, func(rs Requests) ([]events.Copy, error) { return request(rs, e) })
}

// Judge records what one person says of an item. Two who say the same have decided.
func (c *Copies) Judge(ctx context.Context, cause store.Cause, child events.ChildID, e events.CopyItemJudged) error {
	e.By = cause.By
	if err := checkJudgment(e); err != nil {
		return err
	}
	return c.transact(ctx, child, cause, func(rs Requests) ([]events.Copy, error) { return judge(rs, e) })
}

// ConfirmAddress records that one person looked whether it is safe to send the copy
// to where it is to go.
func (c *Copies) ConfirmAddress(ctx context.Context, cause store.Cause, child events.ChildID, id events.CopyID) error {
	e := events.CopyAddressConfirmed{Copy: id, By: cause.By}
	return c.transact(ctx, child, cause, func(rs Requests) ([]events.Copy, error) { return confirm(rs, e) })
}

// Made records that a copy is handed over. It is on stable storage before the copy is.
func (c *Copies) Made(ctx context.Context, cause store.Cause, child events.ChildID, e events.CopyMade) error {
	e.By = cause.By
	return c.transact(ctx, child, cause, func(rs Requests) ([]events.Copy, error) { return made(rs, e) })
}

// Of are the requests about a child, oldest first.
func (c *Copies) Of(ctx context.Context, child events.ChildID) (Requests, error) {
	rs, _, err := store.Fold(ctx, c.Store, stream(child), evolve)
	if err != nil {
		return nil, fmt.Errorf("copies: %w", err)
	}
	return rs, nil
}

// Open reports whether a copy of a child's record is to be prepared, or was made so
// lately that somebody may still ask about it.
func (c *Copies) Open(ctx context.Context, child events.ChildID) (bool, error) {
	rs, err := c.Of(ctx, child)
	for _, r := range rs {
		if n := len(r.Made); n == 0 || c.Now().Before(r.Made[n-1].At.Add(openFor)) {
			return true, nil
		}
	}
	return false, err
}

func (c *Copies) transact(ctx context.Context, child events.ChildID, cause store.Cause, f func(Requests) ([]events.Copy, error)) error {
	_, err := store.Transact(ctx, c.Store, stream(child), cause, evolve, f)
	return err
}

// stream is sealed under the key of the child's consents: see store.Stream.Key.
func stream(child events.ChildID) store.Stream { return "consent-" + store.Stream(child) + ".copies" }

// longest is how much of what somebody wrote is kept, in characters.
const longest = 2000

func blank(s string) bool { return strings.TrimSpace(s) == "" || len(s) > 4*longest }

func invalid(at []fault.Place) error {
	if len(at) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.", At: at}
}
