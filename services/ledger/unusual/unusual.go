// Package unusual finds looks that somebody should look at: it compares what the
// ledger holds of a few weeks with named patterns. It is pure, and it judges
// nobody: a finding names a pattern, the entries and why, and a person decides.
// There is no score and no profile. Most findings have a good explanation.
package unusual

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"kith/events"
)

// Look is an entry of the ledger.
type Look struct {
	N  uint64 // its position
	At time.Time
	events.ReadRecorded
}

// Known is what the hub may lawfully know beside the entries. Whatever is not
// known is left empty: a pattern that needs it then finds nothing.
type Known struct {
	Staff    map[events.ActorID]Staff
	Children map[events.ChildID]Child
	Place    *time.Location // whose clock hours are told by
}

// Mark is a keyed hash of something about a person, made by the hub: two are
// equal where what they were made of is, and they say nothing else.
type Mark string

// Staff is an account as its agency's register has it.
type Staff struct {
	Agency   events.AgencyID `json:"agency"`
	Area     string          `json:"area,omitempty"`
	Posts    []Post          `json:"posts,omitempty"`    // teams, in order; the last one is theirs still if its Until is zero
	OnCall   []Span          `json:"onCall,omitempty"`   // when they are on call outside of ordinary hours
	Seen     time.Time       `json:"-"`                  // last look before the entries that are reviewed
	Home     Mark            `json:"home,omitempty"`     // their postcode
	Family   Mark            `json:"family,omitempty"`   // their family name
	Children []Mark          `json:"children,omitempty"` // their own children, by name and date of birth or by a number
}

// Post is a time in a team.
type Post struct {
	Team  string    `json:"team,omitempty"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"` // zero: still
}

// Span is a time from its beginning to before its end.
type Span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func (s Span) holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.Until) }

// Child is what counts about one child. Protected addresses give no marks.
type Child struct {
	Area, Team string
	Self       []Mark // the child, by name and date of birth and by numbers
	Home       []Mark // postcodes
	Family     []Mark // family names
	Work       []Work // what was done about the child
	Closed     time.Time
	News       []time.Time // when something about the family became public
	Complaints []Complaint
}

// Work is something that an agency, or one account of it, recorded or did.
type Work struct {
	At     time.Time
	Agency events.AgencyID
	Actor  events.ActorID // none where only the agency is known
}

// Complaint is that somebody was told of a complaint by the family about them.
type Complaint struct {
	Actor events.ActorID `json:"actor"`
	Told  time.Time      `json:"told"`
}

// Finding is what a pattern found: looks of one reader that somebody should look at.
type Finding struct {
	Pattern string          `json:"pattern"`
	Reader  events.ActorID  `json:"reader"`
	Agency  events.AgencyID `json:"agency"`
	Child   events.ChildID  `json:"child,omitempty"` // none where it is about several
	Entries []uint64        `json:"entries"`         // positions in the ledger, in order
	Last    time.Time       `json:"last"`            // of the last of them
}

// ID names the finding: the same each time the same is found. Another look of the
// same day makes it another finding, on which nobody has decided yet.
func (f Finding) ID() string { return fmt.Sprintf("%s-%d", f.Pattern, f.Entries[len(f.Entries)-1]) }

// Find compares looks, in the order of their positions, with every pattern. There
// is one finding for a pattern, reader, child and day, the latest day first.
func Find(looks []Look, k Known, lim Limits) []Finding {
	if k.Place == nil {
		k.Place = time.UTC
	}
	f := newFacts(looks, k, lim)
	type of struct {
		pattern string
		reader  events.ActorID
		child   events.ChildID
		day     string
	}
	found := map[of]*Finding{}
	for _, p := range Patterns() {
		p.find(f, func(ls ...Look) {
			last := ls[len(ls)-1]
			child := last.Child
			if slices.ContainsFunc(ls, func(l Look) bool { return l.Child != child }) {
				child = ""
			}
			key := of{p.Name, last.Reader, child, last.At.In(k.Place).Format(time.DateOnly)}
			if found[key] == nil {
				found[key] = &Finding{Pattern: p.Name, Reader: last.Reader, Agency: last.Agency, Child: child}
			}
			found[key].add(ls)
		})
	}
	all := make([]Finding, 0, len(found))
	for _, f := range found {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Reader, b.Reader), cmp.Compare(a.ID(), b.ID()))
	})
	return all
}

func (f *Finding) add(ls []Look) {
	set := map[uint64]bool{}
	for _, n := range f.Entries {
		set[n] = true
	}
	for _, l := range ls {
		set[l.N] = true
		if l.At.After(f.Last) {
			f.Last = l.At
		}
	}
	f.Entries = slices.Sorted(maps.Keys(set))
}
