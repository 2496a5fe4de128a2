package ledger

import (
	"cmp"
	"slices"
	"time"

	"kith/events"
)

// Audience is to whom a part of the ledger may be released.
type Audience string

const (
	ToChild    Audience = "child"    // or whoever acts for the child without being a parent or carer
	ToGuardian Audience = "guardian" // a parent or carer
)

// mayHear tells whether an audience may learn that an entry is there.
func (a Audience) mayHear(l events.EntryLabel) bool {
	switch l {
	case events.EntryReleasable:
		return a == ToChild || a == ToGuardian
	case events.EntryNeverGuardian:
		return a == ToChild
	default: // operational, covert, erased, and what this build does not know
		return false
	}
}

// Line is what a family is told: on that day somebody in that role at that agency
// looked, for that purpose.
type Line struct {
	Day     events.Date     `json:"day"`
	Agency  events.AgencyID `json:"agency"`
	Role    string          `json:"role"`
	Purpose events.Purpose  `json:"purpose"`
}

// Release is what of a child's entries may be told to an audience, by day. It is
// the same, to the byte, whether or not there are other entries: a line says
// nothing of order, number or position, by which one that is left out would show.
// Whoever looks ten times on a day gives one line.
func Release(es []Entry, to Audience, place *time.Location) []Line {
	ls := []Line{}
	for _, e := range es {
		if to.mayHear(e.Label) {
			ls = append(ls, Line{events.Date(e.At.In(place).Format(time.DateOnly)), e.Agency, e.Role, e.Purpose})
		}
	}
	slices.SortFunc(ls, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Purpose, b.Purpose))
	})
	return slices.Compact(ls)
}
