package unusual

import (
	"time"

	"kith/events"
)

// The patterns that rest on what happens in a case.

func closedCase(f *facts, found func(...Look)) {
	f.each(func(l Look, _ Staff, c Child) {
		if c.Closed.IsZero() || l.Purpose == events.PurposeAudit {
			return
		}
		if l.At.After(c.Closed.Add(f.ClosedAfter)) && !f.tied(l) && !f.worked(c, "", c.Closed.Add(time.Second), l.At.Add(f.FollowingWork)) {
			found(l)
		}
	})
}

// noWork: on several days, and nobody did anything before or has since.
func noWork(f *facts, found func(...Look)) {
	for _, ls := range f.pairs {
		c, known := f.Known.Children[ls[0].Child]
		if !known {
			continue
		}
		var idle []Look
		for _, l := range ls {
			if l.Purpose != events.PurposeAudit && !f.tied(l) && !f.worked(c, "", l.At.Add(-f.IdleFor), l.At.Add(f.FollowingWork)) {
				idle = append(idle, l)
			}
		}
		if len(f.days(idle)) >= f.IdleDays {
			found(idle...)
		}
	}
}

func againAndAgain(f *facts, found func(...Look)) {
	for _, ls := range f.pairs {
		c, known := f.Known.Children[ls[0].Child]
		if !known {
			continue
		}
		crowded(ls, f.RepeatWithin, f.RepeatDays, func(l Look) string { return l.At.In(f.Place).Format(time.DateOnly) }, func(ls ...Look) {
			first, last := ls[0], ls[len(ls)-1]
			if !f.tied(last) && !f.worked(c, last.Agency, first.At.Add(-f.FollowingWork), last.At) {
				found(ls...)
			}
		})
	}
}
