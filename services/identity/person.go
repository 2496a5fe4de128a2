package identity

import (
	"context"
	"errors"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// What a person may decide. The cause says who, and its Because is the id of the
// request: the same request given again changes nothing. Each verb returns after
// ChildOf and Candidates know of it.

// Link makes a subject part of a child because a person says so, and takes it
// from the child that it was part of. The reason is required.
func (i *Identity) Link(ctx context.Context, c store.Cause, child events.ChildID, id events.SubjectID, reason string) error {
	if err := checkReason(reason); err != nil {
		return err
	}
	return i.decide(ctx, func() (store.Position, error) {
		s, known, err := i.file.subject(ctx, id)
		if err != nil {
			return 0, err
		}
		ms, err := i.file.members(ctx, child)
		if err != nil {
			return 0, err
		}
		if !known || len(ms) == 0 {
			return 0, fault.NotFound
		}
		if s.child == child {
			return 0, nil
		}
		if err := i.leavable(ctx, s); err != nil {
			return 0, err
		}
		e := events.SubjectLinked{Child: child, Subject: id, Agency: s.Agency, Rule: events.RulePerson, Reason: reason}
		return i.move(ctx, c, s.child, e, reason)
	})
}

// leavable refuses to empty a child for which there were discussions or
// consents: nobody would find them again.
func (i *Identity) leavable(ctx context.Context, s subject) error {
	if s.child == "" {
		return nil
	}
	ms, err := i.file.members(ctx, s.child)
	if err != nil || len(ms) > 1 {
		return err
	}
	if settled, err := i.file.settled(ctx, s.child); err != nil || !settled {
		return err
	}
	return fault.New(fault.Conflict, "There are discussions or consents under this record. Link the other records to it instead.")
}

// Unlink parts a subject from a child because a person says that they are not
// the same. Its facts leave the child's view at once, it has a child of its own,
// and the hub never links the two again by itself. The reason is required.
func (i *Identity) Unlink(ctx context.Context, c store.Cause, child events.ChildID, id events.SubjectID, reason string) error {
	if err := checkReason(reason); err != nil {
		return err
	}
	e := events.SubjectUnlinked{Child: child, Subject: id, Reason: reason}
	err := i.decide(ctx, func() (store.Position, error) {
		return i.transact(ctx, child, c, func(l links) ([]events.Identity, error) { return part(l, e) })
	})
	if err != nil {
		return err
	}
	return i.decide(ctx, func() (store.Position, error) {
		p, err := i.load(ctx, pending{subject: id, because: c.Because, trace: c.Trace})
		if err != nil || p.subject.child != "" {
			return 0, err
		}
		return i.carryOut(ctx, p, c)
	})
}

// Decline settles a proposal: they are not the same child. It is not proposed
// again. The reason is required.
func (i *Identity) Decline(ctx context.Context, c store.Cause, child events.ChildID, id events.SubjectID, reason string) error {
	if err := checkReason(reason); err != nil {
		return err
	}
	e := events.LinkDeclined{Child: child, Subject: id, Reason: reason}
	return i.decide(ctx, func() (store.Position, error) {
		return i.transact(ctx, child, c, func(l links) ([]events.Identity, error) { return decline(l, e) })
	})
}

// decide runs f alone, on an index that holds all that was decided before, and
// returns when it holds what f decided.
func (i *Identity) decide(ctx context.Context, f func() (store.Position, error)) error {
	end, err := i.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	at, err := f()
	i.alone.last = max(i.alone.last, at)
	if errors.Is(err, store.ErrKeyGone) {
		return fault.NotFound
	}
	if err != nil {
		return err
	}
	return i.follower.Wait(ctx, i.alone.last)
}

// Candidate is a proposal that a person has yet to decide on: the subject, now
// part of one child, may be another.
type Candidate struct {
	Child      events.ChildID   `json:"child"`
	Subject    events.SubjectID `json:"subject"`
	Now        events.ChildID   `json:"now"` // the child that the subject is part of
	Agency     events.AgencyID  `json:"agency"`
	Rule       events.LinkRule  `json:"rule"`
	ProposedAt time.Time        `json:"proposedAt"`
}

// Candidates are the open proposals, oldest first.
func (i *Identity) Candidates(ctx context.Context) ([]Candidate, error) {
	return rows(ctx, i.db.Read, func(scan func(...any) error) (c Candidate, err error) {
		var at int64
		err = scan(&c.Child, &c.Subject, &c.Now, &c.Agency, &c.Rule, &at)
		c.ProposedAt = time.Unix(0, at).UTC()
		return c, err
	}, `SELECT c.child, c.subject, s.child, s.agency, c.rule, c.at FROM candidate c JOIN subject s USING (subject)
		WHERE s.child <> c.child AND EXISTS (SELECT 1 FROM subject m WHERE m.child = c.child)
		ORDER BY c.at, c.child, c.subject`)
}
