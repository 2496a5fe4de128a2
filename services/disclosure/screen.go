package disclosure

import (
	"cmp"
	"context"
	"fmt"

	"kith/events"
	"kith/services/fault"
)

// screen says of one child after another whether a barrier stands between it and
// a reader, where there are many and most need not be looked at.
type screen struct {
	gate   *Gate
	reader events.Reader
	book   book
	closed map[events.ChildID]bool
}

// screen begins one. Where the subjects of restricted children are now is looked
// up once.
func (g *Gate) screen(ctx context.Context, r events.Reader) (*screen, error) {
	w, err := g.book(ctx)
	if err != nil {
		return nil, err
	}
	s := &screen{gate: g, reader: r, book: w.book, closed: map[events.ChildID]bool{}}
	for _, x := range w.restrictions {
		broken := w.broken(r, x.Child, g.Now()) != ""
		if !w.closed(r, x.Child, nil, broken) && !w.closed(r, "", x.Subjects, broken) {
			continue
		}
		s.closed[x.Child] = true
		for _, id := range x.Subjects {
			child, err := g.childOf(ctx, id)
			if err != nil {
				return nil, err
			}
			s.closed[child] = true
		}
	}
	delete(s.closed, "")
	return s, nil
}

func (g *Gate) childOf(ctx context.Context, id events.SubjectID) (events.ChildID, error) {
	if g.Sources.ChildOf == nil {
		return "", nil
	}
	child, _, err := g.Sources.ChildOf(ctx, id)
	if err != nil {
		return "", fmt.Errorf("child of a subject: %w", err)
	}
	return child, nil
}

// hides reports whether the reader may know nothing of a child, and of what was
// said about somebody described. Only for readers who have a conflict with anybody
// it has to look at the child.
func (s *screen) hides(ctx context.Context, child events.ChildID, described ...events.Person) (bool, error) {
	if s.closed[child] {
		return true, nil
	}
	return s.related(ctx, child, described...)
}

// related is hides where only a conflict counts.
func (s *screen) related(ctx context.Context, child events.ChildID, described ...events.Person) (bool, error) {
	cs := s.book.conflicts[s.gate.person(s.reader)]
	if len(cs) == 0 {
		return false, nil
	}
	child = cmp.Or(child, nobody)
	p, err := s.gate.Sources.Picture(ctx, child, nil)
	if absent(err) {
		p, err = events.Picture{Child: child}, nil
	}
	if err != nil {
		return false, fmt.Errorf("picture to decide on: %w", err)
	}
	for _, d := range described {
		p.Items = append(p.Items, events.Held{Item: events.Item{Person: d}})
	}
	is, err := s.gate.related(ctx, cs, p)
	if is {
		s.gate.tell(ctx, s.book, s.reader, child)
	}
	return is, err
}

// Among keeps those of some children behind which no barrier is for the reader:
// for lists that show nothing of them but that they are there. The answer says of
// each whether it stays.
func (g *Gate) Among(ctx context.Context, r events.Reader, children ...events.ChildID) ([]bool, error) {
	if err := signed(r); err != nil {
		return nil, err
	}
	s, err := g.screen(ctx, r)
	if err != nil {
		return nil, err
	}
	stays := make([]bool, len(children))
	for i, child := range children {
		hidden, err := s.hides(ctx, child)
		if err != nil {
			return nil, err
		}
		stays[i] = !hidden
	}
	return stays, nil
}

// MayPlace is fault.NotFound where a barrier stands between the reader and a
// child, or a subject, that they want to join or part.
func (g *Gate) MayPlace(ctx context.Context, r events.Reader, child events.ChildID, id events.SubjectID) error {
	now, err := g.childOf(ctx, id)
	if err != nil {
		return err
	}
	stay, err := g.Among(ctx, r, child, cmp.Or(now, nobody))
	if err == nil && !(stay[0] && stay[1]) {
		return fault.NotFound
	}
	return err
}
