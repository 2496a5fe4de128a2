package disclosure

import (
	"context"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// reviewEvery is how long a restriction stands before somebody has to look at it
// again (Nottingham City's policy on restricted records: 90 days, rolling).
const reviewEvery = 90 * 24 * time.Hour

// RestrictionForm keeps a child from everybody but those named and whoever fills
// it in.
type RestrictionForm struct {
	Child    events.ChildID
	Category events.RestrictionCategory
	Known    []events.Account
}

// Restrict keeps a child from all who are not named, from the next read on: for
// them there is no such child. It takes one person: a chair or social worker of
// the authority, or for witness protection an officer of the police, who may open
// the child. To undo it takes two; see ProposeLift.
func (g *Gate) Restrict(ctx context.Context, r events.Reader, c store.Cause, f RestrictionForm) (events.RestrictionID, error) {
	if err := g.MayAct(ctx, r, f.Child, "open"); err != nil {
		return "", err
	}
	if !g.places(r, f.Category) {
		return "", fault.New(fault.Refused, "A record is restricted by a chair or social worker of the authority; for witness protection also by the police.")
	}
	if err := g.checkRestriction(f); err != nil {
		return "", err
	}
	p, _, err := g.picture(ctx, r, f.Child, nil)
	if err != nil {
		return "", err
	}
	own := events.Account{Actor: r.Actor, Agency: r.Agency}
	e := events.RestrictionPlaced{Child: f.Child, Subjects: append([]events.SubjectID{}, p.Subjects...), Category: f.Category, Known: []events.Account{own}, By: g.signatory(r)}
	for _, a := range f.Known {
		if !slices.Contains(e.Known, a) {
			e.Known = append(e.Known, a)
		}
	}
	e.Restriction = events.RestrictionID(named(c, e))
	return e.Restriction, g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.place(e, g.Now()) })
}

// places says who may restrict a record.
func (g *Gate) places(r events.Reader, c events.RestrictionCategory) bool {
	caseworker := r.Agency == g.Authority && (r.Role == events.RoleChair || r.Role == events.RoleSocialWorker)
	protects := g.register()[r.Agency].Kind == events.KindPolice && r.Role == events.RolePractitioner
	return caseworker || protects && c == events.ForWitness
}

func (g *Gate) checkRestriction(f RestrictionForm) error {
	var wrong places
	switch f.Category {
	case events.ForAdoption, events.ForIdentity, events.ForWitness, events.ForStaffKin, events.ForHighRisk:
	default:
		wrong.add("category", "Say why: adoption, new-identity, witness-protection, staff-family or high-risk.")
	}
	for _, a := range f.Known {
		if _, ok := g.register()[a.Agency]; a.Actor == "" || !ok {
			wrong.add("known", "Name each account with its agency, as they stand in the ledger.")
			break
		}
	}
	return wrong.err()
}

func (b book) place(e events.RestrictionPlaced, clock time.Time) ([]events.Restriction, error) {
	if _, standing := b.restrictions[e.Restriction]; standing || b.wasLifted(e.Restriction, "") {
		return nil, nil // the same request again
	}
	e.At = b.now(clock)
	e.ReviewBy = e.At.Add(reviewEvery)
	return []events.Restriction{e}, nil
}

// Review says that somebody of those who may know of a restricted child, or of
// governance, looked at the restriction again and that it stays, for another 90 days.
func (g *Gate) Review(ctx context.Context, r events.Reader, c store.Cause, id events.RestrictionID) error {
	s, err := g.signing(ctx, r, id)
	if err != nil {
		return err
	}
	return g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.review(s, id, g.Now()) })
}

func (b book) review(s signer, id events.RestrictionID, clock time.Time) ([]events.Restriction, error) {
	x, standing := b.restrictions[id]
	if !standing || !b.knows(s, x) {
		return nil, fault.NotFound
	}
	now := b.now(clock)
	return []events.Restriction{events.RestrictionReviewed{Restriction: id, By: s.Signatory, At: now, ReviewBy: now.Add(reviewEvery)}}, nil
}

func (b book) wasLifted(r events.RestrictionID, c events.ConflictID) bool {
	for _, l := range b.lifts {
		if l.done && l.Admit == nil && (r != "" && l.Restriction == r || c != "" && l.Conflict == c) {
			return true
		}
	}
	return false
}
