package unusual

import (
	"slices"
	"time"

	"kith/events"
)

// The patterns that rest on what a reader's post is.

func atNight(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		s := f.Known.Staff[ls[0].Reader]
		if s.Agency == "" {
			continue // nobody told when they work
		}
		for _, l := range ls {
			h := l.At.In(f.Place).Hour()
			onCall := slices.ContainsFunc(s.OnCall, func(c Span) bool { return c.holds(l.At) })
			if (h >= f.NightFrom || h < f.NightUntil) && !onCall {
				found(l)
			}
		}
	}
}

func afterLeaving(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		ps := f.Known.Staff[ls[0].Reader].Posts
		if len(ps) == 0 || ps[len(ps)-1].Until.IsZero() {
			continue
		}
		for _, l := range ls {
			if l.At.After(ps[len(ps)-1].Until) {
				found(l)
			}
		}
	}
}

func formerTeam(f *facts, found func(...Look)) {
	f.each(func(l Look, s Staff, c Child) {
		left := time.Time{}
		for _, p := range s.Posts {
			if p.Team != c.Team || c.Team == "" {
				continue
			}
			if p.Until.IsZero() || l.At.Before(p.Until) {
				return // it is their team
			}
			left = p.Until
		}
		if !left.IsZero() && l.At.After(left.Add(f.Handover)) && !f.tied(l) {
			found(l)
		}
	})
}

func otherArea(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		s := f.Known.Staff[ls[0].Reader]
		if s.Area == "" {
			continue
		}
		crowded(ls, f.OtherAreaWithin, f.OtherArea, func(l Look) events.ChildID {
			c := f.Known.Children[l.Child]
			if c.Area == "" || c.Area == s.Area || f.explained(l, c) {
				return ""
			}
			return l.Child
		}, found)
	}
}

// dormant: all looks of the day on which an account wakes.
func dormant(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		before := f.Known.Staff[ls[0].Reader].Seen
		for _, day := range f.days(ls) {
			if !before.IsZero() && day[0].At.Sub(before) > f.DormantFor {
				found(day...)
			}
			before = day[len(day)-1].At
		}
	}
}

func farFromRole(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		usual, known := f.UsualPurposes[events.ReaderRole(ls[0].Role)]
		for _, l := range ls {
			if known && l.Purpose != "" && l.Child != "" && !slices.Contains(usual, l.Purpose) {
				found(l)
				break
			}
		}
	}
}
