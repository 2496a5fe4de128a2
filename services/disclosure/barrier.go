package disclosure

import (
	"context"
	"fmt"
	"slices"

	"kith/events"
)

// barrier is what stands between a reader and a child, whatever connects them.
type barrier string

const (
	free       barrier = ""
	conflicted barrier = "conflict"   // the reader is related to the child
	restricted barrier = "restricted" // the reader is not among those who may know of the child
)

// standing is how a reader stands to a child whatever else connects them: behind a
// barrier or not, and whether they broke the glass.
type standing struct {
	barrier
	glass events.GlassID
}

// stand says how a reader stands to the child of a picture. A child that does not
// exist is behind nothing.
func (g *Gate) stand(ctx context.Context, b book, r events.Reader, p events.Picture) (standing, error) {
	related, err := g.related(ctx, b.conflicts[g.person(r)], p)
	if err != nil || related {
		return standing{barrier: conflicted}, err
	}
	broken := b.broken(r, p.Child, g.Now())
	if b.closed(r, p.Child, p.Subjects, broken != "") {
		return standing{barrier: restricted}, nil
	}
	return standing{glass: broken}, nil
}

// person is who a reader is, whatever account they use.
func (g *Gate) person(r events.Reader) events.PersonID {
	name := string(r.Agency) + "\x00" + string(r.Actor)
	if g.Person != nil {
		name = g.Person(r)
	}
	if g.Store == nil {
		return events.PersonID(name)
	}
	return events.PersonID(g.Store.Pseudonym("person", name))
}

// closed reports whether a restriction keeps the reader from knowing of a child.
// It goes where the subjects go that were the child's when it was placed. Who broke
// the glass passes those that an emergency may outweigh.
func (b book) closed(r events.Reader, child events.ChildID, subjects []events.SubjectID, broken bool) bool {
	for _, x := range b.restrictions {
		if broken && breakable(x.Category) {
			continue
		}
		if about(x, child, subjects) && !slices.Contains(x.Known, events.Account{Actor: r.Actor, Agency: r.Agency}) {
			return true
		}
	}
	return false
}

func about(x events.RestrictionPlaced, child events.ChildID, subjects []events.SubjectID) bool {
	return x.Child == child || meet(x.Subjects, subjects)
}

func meet[T comparable](a, b []T) bool {
	return slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

// related reports whether any of the conflicts is about this child, or about
// somebody who stands in what the hub holds about the child. Readers without a
// conflict cost nothing; the others' answer takes the same steps whether there is
// a child or not.
func (g *Gate) related(ctx context.Context, cs []events.ConflictDeclared, p events.Picture) (bool, error) {
	if len(cs) == 0 {
		return false, nil
	}
	k, err := g.kinOf(ctx, p)
	return err == nil && k.related(cs), err
}

// kin is a child and all who stand in what the hub holds about the child.
type kin struct {
	child    events.ChildID
	subjects []events.SubjectID
	marks    map[string]bool
}

func (g *Gate) kinOf(ctx context.Context, p events.Picture) (kin, error) {
	others := companions(p)
	people, err := g.people(ctx, others)
	if err != nil {
		return kin{}, fmt.Errorf("people around a child: %w", err)
	}
	for _, h := range p.Items {
		people = append(people, h.Person)
	}
	return kin{p.Child, slices.Concat(p.Subjects, others), g.marksOf(people)}, nil
}

func (k kin) related(cs []events.ConflictDeclared) bool {
	return slices.ContainsFunc(cs, func(c events.ConflictDeclared) bool {
		return c.Child != "" && c.Child == k.child || meet(c.Subjects, k.subjects) ||
			slices.ContainsFunc(c.Marks, func(m string) bool { return k.marks[m] })
	})
}

func (g *Gate) people(ctx context.Context, ids []events.SubjectID) ([]events.Person, error) {
	if g.Sources.People == nil {
		return nil, nil
	}
	return g.Sources.People(ctx, ids)
}

// companions are who else the reports about a child are about.
func companions(p events.Picture) (ids []events.SubjectID) {
	for _, h := range p.Items {
		for _, w := range h.With {
			if !slices.Contains(ids, w.Subject) {
				ids = append(ids, w.Subject)
			}
		}
	}
	return ids
}
