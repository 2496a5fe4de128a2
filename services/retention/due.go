package retention

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kith/events"
	"kith/services/retention/rules"
)

// Proposal is a child whose record every rule says need not be kept any longer. A
// person decides; nothing is erased because of it.
type Proposal struct {
	Child  events.ChildID `json:"child"`
	Since  events.Date    `json:"since"`  // the day on which the last of the rules ran out
	Rule   string         `json:"rule"`   // which that is
	Source string         `json:"source"` // whose it is
}

// found is what the log says of one subject, as far as a rule counts by it.
type found struct {
	kind events.AgencyKind
	born events.Date
	last map[rules.Class]time.Time
}

// propose looks through the whole log for whose time is over.
func (s *Service) propose(ctx context.Context) ([]Proposal, error) {
	last, err := s.Store.Last(ctx)
	if err != nil {
		return nil, err
	}
	subjects, links := map[events.SubjectID]*found{}, map[events.SubjectID]events.ChildID{}
	for e, err := range s.Store.Scan(ctx, 0, last, counts) {
		if err != nil {
			if isGone(err) {
				continue
			}
			return nil, err
		}
		switch v := e.Event.(type) {
		case events.Item:
			note(subjects, v, e.At)
		case events.SubjectLinked:
			links[v.Subject] = v.Child
		case events.SubjectUnlinked:
			delete(links, v.Subject)
		default: // no rule counts by it
		}
	}
	return s.over(subjects, links), nil
}

func counts(t events.Type) bool {
	switch t.Family() {
	case "intake", "access", "notices", "retention", "strategy", "disclosure":
		return false
	}
	return true
}

func note(subjects map[events.SubjectID]*found, i events.Item, at time.Time) {
	if i.Person.Role != events.RoleChild {
		return
	}
	f := subjects[i.Subject]
	if f == nil {
		f = &found{kind: i.Kind, last: map[rules.Class]time.Time{}}
		subjects[i.Subject] = f
	}
	f.born = cmp.Or(i.Person.DateOfBirth, f.born)
	c := rules.ClassOf(i.Fact, i.Kind)
	for _, t := range []time.Time{i.OccurredAt, i.RecordedAt} {
		if t.After(f.last[c]) && !t.After(at.Add(24*time.Hour)) {
			f.last[c] = t
		}
	}
}

// over are the children of whom every part is over, longest first.
func (s *Service) over(subjects map[events.SubjectID]*found, links map[events.SubjectID]events.ChildID) []Proposal {
	born := map[events.ChildID]events.Date{}
	for id, f := range subjects {
		if c := links[id]; c != "" && f.born != "" {
			born[c] = f.born
		}
	}
	today := events.Date(s.Now().Format(time.DateOnly))
	latest, kept := map[events.ChildID]Proposal{}, map[events.ChildID]bool{}
	for id, f := range subjects {
		child := links[id]
		for class, at := range f.last {
			r, ok := s.Rules.At(today, class, f.kind, s.Area)
			until, known := r.Until(born[child], at)
			if !ok || !known || until >= today {
				kept[child] = true
			} else if until > latest[child].Since {
				latest[child] = Proposal{Child: child, Since: until, Rule: r.ID, Source: r.Source}
			}
		}
	}
	out := []Proposal{}
	for child, p := range latest {
		if child != "" && !kept[child] {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Proposal) int { return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Child, b.Child)) })
	return out
}

// undecided are the proposals on which nobody has decided: neither held nor being
// erased.
func undecided(ps []Proposal, all []about) []Proposal {
	decided := map[events.ChildID]bool{}
	for _, a := range all {
		for _, e := range a.Erasures {
			decided[e.Whom.Child] = decided[e.Whom.Child] || e.open()
		}
		for _, h := range a.Holds {
			decided[h.Whom.Child] = decided[h.Whom.Child] || h.Stands()
			if h.Stands() && h.Whom.Subject != "" {
				decided[events.ChildID(a.anchor)] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(ps), func(p Proposal) bool { return decided[p.Child] })
}
