package disclosure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

const (
	// coolingPeriod is how long the second of two people waits before they may agree
	// to lift something, so that neither is talked into it.
	coolingPeriod = 24 * time.Hour
	// liftLapses is how long a proposal may wait for the second.
	liftLapses = 14 * 24 * time.Hour
)

// LiftForm is the wish to lift a restriction or a conflict, or to let one more
// account know of a restricted child.
type LiftForm struct {
	Restriction  events.RestrictionID
	Conflict     events.ConflictID
	Admit        *events.Account
	DangerToLife bool // nobody waits
}

// signer is somebody who signs, and what was looked up for that.
type signer struct {
	events.Signatory
	of     events.AgencyID             // the local authority
	kin    kin                         // of the child that is restricted
	stands func(events.Signatory) bool // whether an account may still act as it did
}

// ProposeLift is the first of two people's. The second approves it not before a
// day has passed, unless there is danger to life.
func (g *Gate) ProposeLift(ctx context.Context, r events.Reader, c store.Cause, f LiftForm) (events.LiftID, error) {
	if err := g.checkLift(f); err != nil {
		return "", err
	}
	s, err := g.signing(ctx, r, f.Restriction)
	if err != nil {
		return "", err
	}
	e := events.LiftProposed{Restriction: f.Restriction, Conflict: f.Conflict, Admit: f.Admit, DangerToLife: f.DangerToLife, By: s.Signatory}
	e.Lift = events.LiftID(named(c, e))
	return e.Lift, g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.propose(s, e, g.Now()) })
}

// ApproveLift is the second's, and lifts it: somebody else than the first, of
// another agency or role, neither of them with a conflict, and both still what
// they were when they signed.
func (g *Gate) ApproveLift(ctx context.Context, r events.Reader, c store.Cause, id events.LiftID) error {
	w, err := g.book(ctx)
	if err != nil {
		return err
	}
	s, err := g.signing(ctx, r, w.lifts[id].Restriction)
	if err != nil {
		return err
	}
	return g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.approve(s, id, g.Now()) })
}

func (g *Gate) checkLift(f LiftForm) error {
	var wrong places
	if (f.Restriction == "") == (f.Conflict == "") {
		wrong.add("restriction", "Name the restriction or the conflict that is to be lifted, one of the two.")
	}
	if a := f.Admit; a != nil {
		if _, ok := g.register()[a.Agency]; !ok || a.Actor == "" || f.Restriction == "" {
			wrong.add("admit", "Name the account that is to know of the child, with its agency.")
		}
	}
	return wrong.err()
}

func (s signer) authority() bool { return s.Agency == s.of }

// as is the first of two who sign, in the eyes of the second.
func (s signer) as(first events.Signatory) signer {
	s.Signatory = first
	return s
}

func (b book) propose(s signer, e events.LiftProposed, clock time.Time) ([]events.Restriction, error) {
	if _, before := b.lifts[e.Lift]; before {
		return nil, nil // the same request again
	}
	if err := b.maySign(s, e); err != nil {
		return nil, err
	}
	e.At = b.now(clock)
	return []events.Restriction{e}, nil
}

func (b book) approve(s signer, id events.LiftID, clock time.Time) ([]events.Restriction, error) {
	l, proposed := b.lifts[id]
	if !proposed {
		return nil, fault.NotFound
	}
	if l.done {
		return nil, nil
	}
	if err := b.maySign(s, l.LiftProposed); err != nil {
		return nil, err
	}
	now := b.now(clock)
	switch first := l.By; {
	case first.Person == s.Person || first.Actor == s.Actor && first.Agency == s.Agency:
		return nil, fault.New(fault.Refused, "It takes somebody else than who proposed it.")
	case first.Agency == s.Agency && first.Role == s.Role:
		return nil, fault.New(fault.Refused, "It takes somebody of another agency, or in another role, than who proposed it.")
	case b.maySign(s.as(first), l.LiftProposed) != nil, !s.stands(first):
		return nil, fault.New(fault.Refused, "Who proposed it may not do so any more. Propose it anew.")
	case now.After(l.At.Add(liftLapses)):
		return nil, fault.New(fault.Refused, "It was proposed too long ago. Propose it anew.")
	case !l.DangerToLife && now.Before(l.At.Add(coolingPeriod)):
		return nil, fault.New(fault.Refused, "A day has to pass between the two signatures, unless there is danger to life.")
	}
	return []events.Restriction{events.LiftApproved{Lift: id, By: s.Signatory, At: now}}, nil
}

// maySign: for who may not know of what is to be lifted there is nothing to lift.
func (b book) maySign(s signer, l events.LiftProposed) error {
	if l.Conflict != "" && b.governs(s, l.Conflict) {
		return nil
	}
	if x, standing := b.restrictions[l.Restriction]; standing && b.knows(s, x) {
		return nil
	}
	return fault.NotFound
}

// knows: those who are named, and governance of their agencies and of the
// authority; none of them if they have a conflict with the child.
func (b book) knows(s signer, x events.RestrictionPlaced) bool {
	named := slices.Contains(x.Known, events.Account{Actor: s.Actor, Agency: s.Agency})
	governs := s.Role == events.RoleGovernance && (s.authority() ||
		slices.ContainsFunc(x.Known, func(a events.Account) bool { return a.Agency == s.Agency }))
	return (named || governs) && !s.kin.related(b.conflicts[s.Person])
}

// governs: governance of the agency of the member of staff, and who answers for
// children at the authority; never the member of staff.
func (b book) governs(s signer, id events.ConflictID) bool {
	for person, cs := range b.conflicts {
		i := slices.IndexFunc(cs, func(c events.ConflictDeclared) bool { return c.Conflict == id })
		if i < 0 || person == s.Person {
			continue
		}
		switch s.Role {
		case events.RoleGovernance:
			return s.authority() || cs[i].Agency == s.Agency
		case events.RoleChair, events.RoleSocialWorker:
			return s.authority()
		case events.RoleDSL, events.RolePractitioner:
			return false
		}
	}
	return false
}

// signing looks up what bears on a signature before it is decided on.
func (g *Gate) signing(ctx context.Context, r events.Reader, id events.RestrictionID) (signer, error) {
	s := signer{Signatory: g.signatory(r), of: g.Authority, stands: g.Stands}
	if err := signed(r); err != nil {
		return s, err
	}
	w, err := g.book(ctx)
	if err != nil {
		return s, err
	}
	x := w.restrictions[id]
	p, err := g.Sources.Picture(ctx, cmp.Or(x.Child, nobody), nil)
	if err != nil && !absent(err) {
		return s, fmt.Errorf("child to lift a restriction of: %w", err)
	}
	p.Child = x.Child
	for _, id := range x.Subjects {
		p.Items = append(p.Items, events.Held{Item: events.Item{With: []events.Companion{{Subject: id}}}})
	}
	if s.stands == nil {
		s.stands = func(events.Signatory) bool { return true }
	}
	s.kin, err = g.kinOf(ctx, p)
	return s, err
}
