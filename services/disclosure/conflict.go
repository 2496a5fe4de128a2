package disclosure

import (
	"context"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
)

// ConflictForm declares that a member of staff is related to somebody: to a child,
// or to whoever is described. With the relation "self" the description is of the
// member of staff, and conflicts are found by themselves: wherever a report about
// a child describes them, or somebody at their address.
type ConflictForm struct {
	Account  events.Account
	Relation events.Relation
	Child    events.ChildID
	Person   events.Person
}

// DeclareConflict keeps a member of staff from all that is about a child, from the
// next read on: for them there is no such child. A declaration about somebody of
// whom the hub knows nothing is kept too, and the answer is the same. An agency's
// governance declares for its own staff, the authority's for everybody's.
func (g *Gate) DeclareConflict(ctx context.Context, r events.Reader, c store.Cause, f ConflictForm) (events.ConflictID, error) {
	if err := g.mayGovern(r, f.Account.Agency); err != nil {
		return "", err
	}
	if err := g.checkConflict(f); err != nil {
		return "", err
	}
	e := events.ConflictDeclared{Person: g.person(events.Reader{Actor: f.Account.Actor, Agency: f.Account.Agency}), Agency: f.Account.Agency,
		Relation: f.Relation, Child: f.Child, Marks: g.marks(f.Person), By: g.signatory(r)}
	e.Conflict = events.ConflictID(named(c, e))
	p, err := g.Sources.Picture(ctx, f.Child, nil)
	if err != nil && !absent(err) {
		return "", err
	}
	e.Subjects = p.Subjects
	return e.Conflict, g.amend(ctx, c, func(b book) ([]events.Restriction, error) { return b.declare(e, g.Now()) })
}

func (g *Gate) checkConflict(f ConflictForm) error {
	var wrong places
	if f.Account.Actor == "" {
		wrong.add("actor", "Say whose conflict it is: the account, as it stands in the ledger.")
	}
	if _, ok := g.register()[f.Account.Agency]; !ok {
		wrong.add("agency", "Say at which agency of the partnership they work.")
	}
	switch f.Relation {
	case events.RelationSelf, events.RelationFamily, events.RelationHousehold, events.RelationFriend, events.RelationNeighbour, events.RelationOther:
	default:
		wrong.add("relation", "Say what they are to the person: self, family, household, friend, neighbour or other.")
	}
	if f.Child == "" && len(g.marks(f.Person)) == 0 {
		wrong.add("child", "Say whom it is about: the child’s id, a number, a name with the date of birth, or an address with the postcode.")
	}
	return wrong.err()
}

// declare: the same request again declares nothing.
func (b book) declare(e events.ConflictDeclared, clock time.Time) ([]events.Restriction, error) {
	for _, c := range b.conflicts[e.Person] {
		if c.Conflict == e.Conflict {
			return nil, nil
		}
	}
	if b.wasLifted("", e.Conflict) {
		return nil, nil
	}
	e.At = b.now(clock)
	return []events.Restriction{e}, nil
}

// mayGovern: what is wrong with somebody of governance who wants to act for an
// agency.
func (g *Gate) mayGovern(r events.Reader, agency events.AgencyID) error {
	switch {
	case signed(r) != nil:
		return signed(r)
	case r.Role != events.RoleGovernance:
		return fault.New(fault.Refused, "This is for information governance.")
	case agency != "" && agency != r.Agency && r.Agency != g.Authority:
		return fault.New(fault.Refused, "You may do this for your own agency’s staff. For others ask the authority’s information governance.")
	}
	return nil
}

func (g *Gate) signatory(r events.Reader) events.Signatory {
	return events.Signatory{Actor: r.Actor, Agency: r.Agency, Role: r.Role, Person: g.person(r)}
}
