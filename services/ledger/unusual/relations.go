package unusual

import (
	"slices"
	"time"

	"kith/events"
)

// The patterns that rest on what ties a reader to a family outside of work.

func meet(a, b []Mark) bool {
	return slices.ContainsFunc(a, func(m Mark) bool { return m != "" && slices.Contains(b, m) })
}

func ownChild(f *facts, found func(...Look)) {
	f.each(func(l Look, s Staff, c Child) {
		if meet(s.Children, c.Self) {
			found(l)
		}
	})
}

func colleaguesChild(f *facts, found func(...Look)) {
	f.each(func(l Look, _ Staff, c Child) {
		for _, m := range c.Self {
			if slices.ContainsFunc(f.parents[m], func(a events.ActorID) bool { return a != l.Reader && f.Known.Staff[a].Agency == l.Agency }) {
				found(l)
				return
			}
		}
	})
}

func neighbour(f *facts, found func(...Look)) {
	f.each(func(l Look, s Staff, c Child) {
		if meet([]Mark{s.Home}, c.Home) {
			found(l)
		}
	})
}

func sameSurname(f *facts, found func(...Look)) {
	f.each(func(l Look, s Staff, c Child) {
		if meet([]Mark{s.Family}, c.Family) && f.named[s.Family] <= f.CommonSurname && !f.explained(l, c) {
			found(l)
		}
	})
}

// inTheNews: whoever looked before, or whose agency worked with the family before,
// has a reason of before.
func inTheNews(f *facts, found func(...Look)) {
	for _, ls := range f.pairs {
		c := f.Known.Children[ls[0].Child]
		for _, news := range c.News {
			for _, l := range ls {
				after := Span{news, news.Add(f.NewsFor)}
				if after.holds(l.At) && ls[0].At.After(news) && !f.tied(l) && !f.worked(c, l.Agency, news.Add(-f.IdleFor), l.At) {
					found(l)
				}
			}
		}
	}
}

func afterComplaint(f *facts, found func(...Look)) {
	f.each(func(l Look, _ Staff, c Child) {
		for _, x := range c.Complaints {
			if x.Actor == l.Reader && (Span{x.Told, x.Told.Add(f.ComplaintFor)}).holds(l.At) {
				found(l)
			}
		}
	})
}

// peers: those who have looked at the child before, or who belong to a discussion,
// are no sign that word goes round.
func peers(f *facts, found func(...Look)) {
	for _, ls := range f.children {
		c := f.Known.Children[ls[0].Child]
		first := map[events.ActorID]time.Time{}
		byAgency := map[events.AgencyID][]Look{}
		for _, l := range ls {
			if _, met := first[l.Reader]; !met {
				first[l.Reader] = l.At
			}
			acted := slices.ContainsFunc(c.Work, func(w Work) bool { return w.Actor == l.Reader && w.At.Sub(l.At).Abs() < f.RecentWork })
			if l.At.Sub(first[l.Reader]) < f.PeersWithin && !f.tied(l) && !acted {
				byAgency[l.Agency] = append(byAgency[l.Agency], l)
			}
		}
		for _, of := range byAgency {
			crowded(of, f.PeersWithin, f.Peers, func(l Look) events.ActorID { return l.Reader }, func(ls ...Look) {
				for _, l := range ls { // each by itself: a finding is about one reader
					found(l)
				}
			})
		}
	}
}
