package unusual

import (
	"maps"
	"slices"
	"time"

	"kith/events"
)

// facts are the looks in the orders in which patterns want them.
type facts struct {
	Known
	Limits
	until    time.Time // of the last look
	readers  [][]Look  // of each reader
	children [][]Look  // at each child
	pairs    [][]Look  // of each reader at each child
	parents  map[Mark][]events.ActorID
	named    map[Mark]int // how many children have a family name
}

func newFacts(looks []Look, k Known, lim Limits) *facts {
	f := &facts{Known: k, Limits: lim, parents: map[Mark][]events.ActorID{}, named: map[Mark]int{}}
	type pair struct {
		reader events.ActorID
		child  events.ChildID
	}
	byReader, byChild, byPair := map[events.ActorID][]Look{}, map[events.ChildID][]Look{}, map[pair][]Look{}
	for _, l := range looks {
		if l.Role == "" || l.What == "message" {
			continue // the hub delivered it by itself
		}
		f.until = l.At
		byReader[l.Reader] = append(byReader[l.Reader], l)
		if l.Child != "" {
			byChild[l.Child] = append(byChild[l.Child], l)
			byPair[pair{l.Reader, l.Child}] = append(byPair[pair{l.Reader, l.Child}], l)
		}
	}
	f.readers, f.children, f.pairs = slices.Collect(maps.Values(byReader)), slices.Collect(maps.Values(byChild)), slices.Collect(maps.Values(byPair))
	for actor, s := range k.Staff {
		for _, m := range s.Children {
			f.parents[m] = append(f.parents[m], actor)
		}
	}
	for _, c := range k.Children {
		for _, m := range c.Family {
			f.named[m]++
		}
	}
	return f
}

// each goes through the looks at children of whom something is known.
func (f *facts) each(do func(Look, Staff, Child)) {
	for _, ls := range f.pairs {
		c, known := f.Known.Children[ls[0].Child]
		if !known {
			continue
		}
		for _, l := range ls {
			do(l, f.Known.Staff[l.Reader], c)
		}
	}
}

// worked tells whether an agency did anything for a child around a moment that
// explains a look. No agency is all of them.
func (f *facts) worked(c Child, a events.AgencyID, from, until time.Time) bool {
	return slices.ContainsFunc(c.Work, func(w Work) bool {
		return (a == "" || w.Agency == a) && !w.At.Before(from) && !w.At.After(until)
	})
}

// explained tells whether a look needs no other explanation than the work that
// the reader's agency does, or the discussion to which the reader belongs.
func (f *facts) explained(l Look, c Child) bool {
	return f.tied(l) || f.worked(c, l.Agency, l.At.Add(-f.RecentWork), l.At.Add(f.FollowingWork))
}

func (f *facts) tied(l Look) bool {
	return slices.ContainsFunc(l.Ties, func(t events.Tie) bool { return slices.Contains(f.Explaining, t) })
}

// crowded gives for each look at which it is so all looks of the time up to it in
// which there are at least n different keys. A look without a key does not count.
func crowded[K comparable](ls []Look, within time.Duration, n int, key func(Look) K, found func(...Look)) {
	var none K
	var window []Look
	for _, l := range ls {
		if key(l) == none {
			continue
		}
		window = append(window, l)
		for l.At.Sub(window[0].At) > within {
			window = window[1:]
		}
		seen := map[K]bool{}
		for _, w := range window {
			seen[key(w)] = true
		}
		if len(seen) >= n {
			found(window...)
		}
	}
}

// days groups looks by the day on which they were.
func (f *facts) days(ls []Look) (days [][]Look) {
	last := ""
	for _, l := range ls {
		day := l.At.In(f.Place).Format(time.DateOnly)
		if day != last {
			days, last = append(days, nil), day
		}
		days[len(days)-1] = append(days[len(days)-1], l)
	}
	return days
}
