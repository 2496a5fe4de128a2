package unusual

import (
	"time"

	"kith/events"
)

// The patterns that rest on how somebody looks, and need nothing but the ledger.

func bulkWalk(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		crowded(ls, f.WalkWithin, f.WalkChildren, func(l Look) events.ChildID { return l.Child }, found)
	}
}

func searchedInVain(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		crowded(ls, f.MissesWithin, f.Misses, func(l Look) uint64 {
			if l.What != "search" || l.Child != "" {
				return 0
			}
			return l.N
		}, found)
	}
}

// byNameOnly begins to count anew after each search by a number.
func byNameOnly(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		var names []Look
		for _, l := range ls {
			switch l.By {
			case "name":
				names = append(names, l)
				continue
			case "number":
				crowded(names, f.NameWithin, f.NameSearches, number, found)
				names = nil
			}
		}
		crowded(names, f.NameWithin, f.NameSearches, number, found)
	}
}

func number(l Look) uint64 { return l.N }

func purposeShopping(f *facts, found func(...Look)) {
	for _, ls := range f.pairs {
		crowded(ls, f.PurposesWithin, f.Purposes, func(l Look) events.Purpose { return l.Purpose }, found)
	}
}

func breakGlass(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		crowded(ls, f.GrantsWithin, f.Grants, func(l Look) string { return l.Grant }, found)
	}
}

func lookingBack(f *facts, found func(...Look)) {
	for _, ls := range f.pairs {
		crowded(ls, 24*time.Hour, f.Moments, func(l Look) time.Time {
			if l.AsKnownAt == nil {
				return time.Time{}
			}
			return *l.AsKnownAt
		}, found)
	}
}

func nothingShown(f *facts, found func(...Look)) {
	for _, ls := range f.readers {
		crowded(ls, 24*time.Hour, f.NothingShown, func(l Look) events.ChildID {
			if len(l.Shown) > 0 || l.What != "view" {
				return ""
			}
			return l.Child
		}, found)
	}
}
