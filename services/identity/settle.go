package identity

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/identity/match"
)

const (
	self  events.ActorID = "identity" // who acts where no person does
	batch                = 64
	pause                = time.Second // after a failure
)

// work decides where pending subjects belong, until ctx ends.
func (i *Identity) work(ctx context.Context) {
	for ctx.Err() == nil {
		more, err := i.round(ctx)
		if err != nil && ctx.Err() == nil {
			i.log.Error("identity cannot decide; will try again", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			continue
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-i.wake:
		}
	}
}

// round decides for some pending subjects, side by side where they have nothing
// to do with one another, and reports whether there may be more.
func (i *Identity) round(ctx context.Context) (more bool, err error) {
	// To look whether there is anything needs no turn. What comes later nudges.
	if ps, err := i.file.next(ctx, 1); err != nil || len(ps) == 0 {
		return false, err
	}
	end, err := i.begin(ctx)
	if err != nil {
		return false, err
	}
	defer end()
	ps, err := i.file.next(ctx, batch)
	if err != nil || len(ps) == 0 {
		return false, err
	}
	cases, err := i.independent(ctx, ps)
	if err != nil {
		return false, err
	}
	at := make([]store.Position, len(cases))
	errs := make([]error, len(cases))
	var wg sync.WaitGroup
	for n, c := range cases {
		wg.Go(func() {
			at[n], errs[n] = i.carryOut(ctx, c, store.Cause{By: self, For: c.subject.Agency})
			if errors.Is(errs[n], store.ErrKeyGone) && c.subject.child == "" {
				// The child it belongs to was erased. It must not be lost for that: what
				// is shared from now on is about a child nobody has heard of.
				c.others = nil
				at[n], errs[n] = i.carryOut(ctx, c, store.Cause{By: self, For: c.subject.Agency})
			}
			if errors.Is(errs[n], store.ErrKeyGone) {
				errs[n] = nil // its own data were destroyed: nothing is left to link
			}
		})
	}
	wg.Wait()
	return true, errors.Join(append(errs, i.conclude(ctx, cases, at, errs))...)
}

// conclude waits until the index holds what was decided, then takes the decided
// off the list. If one was put there again meanwhile it stays.
func (i *Identity) conclude(ctx context.Context, cases []placing, at []store.Position, errs []error) error {
	for n := range cases {
		i.alone.last = max(i.alone.last, at[n])
	}
	if err := i.follower.Wait(ctx, i.alone.last); err != nil {
		return err
	}
	tx, err := i.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("take off the list: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for n, c := range cases {
		if errs[n] == nil && err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM pending WHERE subject = ? AND at = ?`, c.subject.ID, c.at)
		}
	}
	if err == nil {
		err = tx.Commit()
	}
	i.settled.broadcast()
	return err
}

// placing is a pending subject with all that bears on where it belongs.
type placing struct {
	pending
	subject subject
	others  []match.Child
	alone   bool // in its child
	settled bool // its child has a history of its own
}

// independent picks those of ps that share neither a key nor a child with one
// that stands before them: the rest have to see what becomes of that one.
func (i *Identity) independent(ctx context.Context, ps []pending) ([]placing, error) {
	var cases []placing
	touched := map[string]bool{}
	for _, p := range ps {
		c, err := i.load(ctx, p)
		if err != nil {
			return nil, err
		}
		free := true
		for _, t := range c.touches() {
			free = free && !touched[t]
			touched[t] = true
		}
		if free {
			cases = append(cases, c)
		}
	}
	return cases, nil
}

func (p placing) touches() []string {
	var ts []string
	for _, k := range p.subject.Keys {
		ts = append(ts, string(k.Kind)+" "+k.Value)
	}
	for _, o := range p.others {
		ts = append(ts, "child "+string(o.ID))
	}
	if p.subject.child != "" {
		ts = append(ts, "child "+string(p.subject.child))
	}
	return ts
}

func (i *Identity) load(ctx context.Context, p pending) (placing, error) {
	c := placing{pending: p}
	var err error
	if c.subject, _, err = i.file.subject(ctx, p.subject); err != nil {
		return c, err
	}
	if c.others, err = i.file.others(ctx, c.subject); err != nil {
		return c, err
	}
	if c.subject.child == "" {
		return c, nil
	}
	ms, err := i.file.members(ctx, c.subject.child)
	if err != nil {
		return c, err
	}
	c.alone = len(ms) == 1
	c.settled, err = i.file.settled(ctx, c.subject.child)
	return c, err
}

func (p placing) decide() match.Decision {
	return match.Decide(match.Case{
		Subject: p.subject.Subject,
		Linked:  p.subject.child != "",
		Alone:   p.alone,
		Held:    p.subject.held || p.settled,
		Others:  p.others,
	})
}

// carryOut records a decision: the proposals first and the link last, so that
// the link shows that all of it was recorded.
func (i *Identity) carryOut(ctx context.Context, p placing, c store.Cause) (store.Position, error) {
	c.Because, c.Trace = p.because, p.trace
	d := p.decide()
	var last store.Position
	for _, q := range d.Propose {
		e := events.LinkProposed{Child: q.Child, Subject: p.subject.ID, Rule: q.Rule}
		at, err := i.transact(ctx, q.Child, c, func(l links) ([]events.Identity, error) { return propose(l, e) })
		if err != nil {
			return last, err
		}
		last = max(last, at)
	}
	e := events.SubjectLinked{Child: d.Link, Subject: p.subject.ID, Agency: p.subject.Agency, Rule: d.Rule}
	switch {
	case d.Own:
		own, err := i.own(ctx, p)
		if err != nil {
			return last, err
		}
		e.Child = own
		if p.subject.held {
			e.Rule, e.Reason = events.RulePerson, "Parted from another record, so it has one of its own."
		}
	case d.Link == "":
		return last, nil
	}
	at, err := i.move(ctx, c, p.subject.child, e, "Its "+string(d.Rule)+" is that of another record.")
	return max(last, at), err
}

// move links a subject, after it unlinked it from where it was, if anywhere.
func (i *Identity) move(ctx context.Context, c store.Cause, from events.ChildID, to events.SubjectLinked, why string) (store.Position, error) {
	if from != "" {
		e := events.SubjectUnlinked{Child: from, Subject: to.Subject, Reason: why}
		if _, err := i.transact(ctx, from, c, func(l links) ([]events.Identity, error) { return unlink(l, e) }); err != nil {
			return 0, err
		}
	}
	return i.transact(ctx, to.Child, c, func(l links) ([]events.Identity, error) { return link(l, to) })
}

// own names the child that a subject is by itself: its first, or another once
// that one was in use.
func (i *Identity) own(ctx context.Context, p placing) (events.ChildID, error) {
	first := events.ChildID(i.store.Pseudonym("child", string(p.subject.ID)))
	if used, err := i.file.used(ctx, first); err != nil || !used {
		return first, err
	}
	return events.ChildID(i.store.Pseudonym("child", string(p.subject.ID)+"\x00"+p.because)), nil
}

func (i *Identity) transact(ctx context.Context, child events.ChildID, c store.Cause, decide func(links) ([]events.Identity, error)) (store.Position, error) {
	at, err := store.Transact(ctx, i.store, store.Stream("child-"+child), c, evolve, decide)
	return at.Position, err
}
