package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"kith/events"
	"kith/events/store"
)

// Linked is a subject that is part of a child.
type Linked struct {
	Subject events.SubjectID
	Agency  events.AgencyID
}

// scope is what an erasure takes.
type scope struct {
	subjects []events.SubjectID
	child    events.ChildID // if it takes the whole of it
	kept     int
}

// named are the subjects that are meant by their names.
func (s *Service) named(ctx context.Context, w events.Whom) ([]events.SubjectID, error) {
	if w.Subject != "" {
		return []events.SubjectID{w.Subject}, nil
	}
	ls, err := s.Subjects(ctx, w.Child)
	if err != nil {
		return nil, fmt.Errorf("whom to erase: %w", err)
	}
	var ids []events.SubjectID
	for _, l := range ls {
		if w.Agency == "" || w.Agency == l.Agency {
			ids = append(ids, l.Subject)
		}
	}
	return ids, nil
}

// report names one report of an agency.
type report struct{ source, id string }

// scopeOf are those who are meant and, of the other people in their reports, the
// adults of whom nothing is known from elsewhere: what is said of the child is said
// in their records too. Whoever is in a report about another child keeps theirs.
func (s *Service) scopeOf(ctx context.Context, w events.Whom) (scope, error) {
	ids, err := s.named(ctx, w)
	if err != nil {
		return scope{}, err
	}
	sc := scope{subjects: ids}
	if whole(w) {
		sc.child = w.Child
	}
	ours, near := map[report]bool{}, map[events.SubjectID]bool{}
	for _, id := range ids {
		err := s.items(ctx, id, func(i events.Item) {
			r := report{i.Source, i.EventID}
			if _, known := ours[r]; !known {
				ours[r] = true
			}
			for _, c := range i.With {
				ours[r] = ours[r] && (c.Role != events.RoleChild || slices.Contains(ids, c.Subject))
				near[c.Subject] = near[c.Subject] || c.Role != events.RoleChild
			}
		})
		if err != nil {
			return scope{}, err
		}
	}
	for _, c := range slices.Sorted(maps.Keys(near)) {
		if !near[c] || slices.Contains(ids, c) {
			continue
		}
		only := true
		if err := s.items(ctx, c, func(i events.Item) { only = only && ours[report{i.Source, i.EventID}] }); err != nil {
			return scope{}, err
		}
		if only {
			sc.subjects = append(sc.subjects, c)
		} else {
			sc.kept++
		}
	}
	return sc, nil
}

// items reads what is left of a subject.
func (s *Service) items(ctx context.Context, id events.SubjectID, each func(events.Item)) error {
	for e, err := range s.Store.Read(ctx, store.Stream("subject-"+id), 0) {
		if isGone(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("whom to erase: %w", err)
		}
		if i, ok := e.Event.(events.Item); ok {
			each(i)
		}
	}
	return nil
}

// OfChild are the kinds of stream that are named after a child and go with it.
func OfChild() []string { return []string{"child", "strategy", "consent", "glass", "sharing"} }

// streams are those that an erasure takes, each of which has a key of its name.
func streams(subjects []events.SubjectID, child events.ChildID) (all []store.Stream) {
	for _, id := range subjects {
		all = append(all, store.Stream("subject-"+id))
	}
	if child == "" {
		return all
	}
	for _, kind := range OfChild() {
		all = append(all, store.Stream(kind+"-"+string(child)))
	}
	return all
}

func keysOf(ss []store.Stream) (ids []store.KeyID) {
	for _, st := range ss {
		ids = append(ids, st.Key())
	}
	return ids
}
