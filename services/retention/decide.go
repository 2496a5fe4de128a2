package retention

import (
	"slices"
	"time"

	"kith/events"
	"kith/services/fault"
)

type decision = []events.Retention

var (
	errHeld   = fault.New(fault.Conflict, "A legal hold stands on this. It has to be lifted, by two people, before anything of it can be erased.")
	errSecond = fault.New(fault.Refused, "It takes a second person, in another role than the first.")
)

// may says who decides about erasures and holds. That a chair is one of the local
// authority is for whoever lets them in to see.
func may(d events.Decider) error {
	switch d.Role {
	case events.RoleGovernance, events.RoleChair, events.RoleOperator:
		return nil
	}
	return fault.New(fault.Refused, "Erasures and legal holds are decided on by information governance, by a chair of the local authority and by the hub's operator.")
}

// second refuses whoever is not a second person in another role: not the same
// account, and not a colleague at the same desk.
func second(first, d events.Decider) error {
	if first.Actor == d.Actor || first.Role == d.Role {
		return errSecond
	}
	return nil
}

func ask(s state, e events.ErasureAsked) (decision, error) {
	if _, ok := s.find(e.Erasure); ok {
		return nil, nil // asked twice
	}
	if err := may(e.By); err != nil {
		return nil, err
	}
	if s.held(e.Whom) {
		return nil, errHeld
	}
	if slices.ContainsFunc(s.Erasures, func(x Erasure) bool { return x.open() && overlap(x.Whom, e.Whom) }) {
		return nil, fault.New(fault.Conflict, "An erasure of this was asked for already, or is under way.")
	}
	return decision{e}, nil
}

// confirm begins the time in which all is hidden and can still be taken back.
// Elsewhere tells of holds that lie in the records of others.
func confirm(s state, e events.ErasureConfirmed, elsewhere bool) (decision, error) {
	x, ok := s.find(e.Erasure)
	switch {
	case !ok:
		return nil, fault.NotFound
	case x.ConfirmedBy != nil && *x.ConfirmedBy == e.By && x.Stage != Cancelled && x.Stage != Undone:
		return nil, nil // confirmed twice
	case x.Stage != Asked:
		return nil, fault.New(fault.Conflict, "This erasure is no longer waiting to be confirmed. Look again how it stands.")
	case s.held(x.Whom) || elsewhere:
		return nil, errHeld
	}
	if err := may(e.By); err != nil {
		return nil, err
	}
	if err := second(x.AskedBy, e.By); err != nil {
		return nil, err
	}
	if len(e.Subjects) == 0 && e.Child == "" {
		return nil, fault.New(fault.Conflict, "There is nothing left of this to erase.")
	}
	return decision{e}, nil
}

func cancel(s state, e events.ErasureCancelled) (decision, error) {
	x, ok := s.find(e.Erasure)
	if !ok {
		return nil, fault.NotFound
	}
	if err := may(e.By); err != nil {
		return nil, err
	}
	switch x.Stage {
	case Asked, Pending:
		return decision{e}, nil
	case Withdrawn, Cancelled, Undone:
		return nil, nil
	default: // begun or done
		return nil, fault.New(fault.Conflict, "The keys are being destroyed, or are: what they sealed cannot be brought back.")
	}
}

// begin is the last moment at which a hold counts.
func begin(s state, id events.ErasureID, now time.Time, elsewhere bool) (decision, error) {
	x, ok := s.find(id)
	if !ok || x.Stage != Pending || x.Due.After(now) || elsewhere || s.held(x.Whom) {
		return nil, nil
	}
	return decision{events.ErasureBegun{Erasure: id}}, nil
}

func carriedOut(s state, e events.ErasureCarriedOut) (decision, error) {
	if x, ok := s.find(e.Erasure); !ok || x.Stage != Begun {
		return nil, nil
	}
	return decision{e}, nil
}

func undone(s state, id events.ErasureID) (decision, error) {
	if x, ok := s.find(id); !ok || x.Stage != Cancelled {
		return nil, nil
	}
	return decision{events.ErasureUndone{Erasure: id}}, nil
}

func place(s state, e events.HoldPlaced) (decision, error) {
	if _, ok := s.findHold(e.Hold); ok {
		return nil, nil
	}
	if err := may(e.By); err != nil {
		return nil, err
	}
	return decision{e}, nil
}

// lift takes two: the first asks, the second agrees.
func lift(s state, e events.HoldLiftAsked) (decision, error) {
	h, ok := s.findHold(e.Hold)
	if !ok {
		return nil, fault.NotFound
	}
	if err := may(e.By); err != nil {
		return nil, err
	}
	switch {
	case !h.Stands():
		return nil, nil
	case h.LiftAskedBy == nil:
		return decision{e}, nil
	case h.LiftAskedBy.Actor == e.By.Actor:
		return nil, nil // asked twice
	}
	if err := second(*h.LiftAskedBy, e.By); err != nil {
		return nil, err
	}
	return decision{events.HoldLifted{Hold: e.Hold, By: e.By}}, nil
}
