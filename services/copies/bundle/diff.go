package bundle

import "slices"

// Change is how one entry differs between two copies.
type Change struct {
	What   string // "added", "taken out", "changed"
	Before *Entry
	After  *Entry
}

// Diff says what is in one copy and not in the other, in the order of the copies.
// The numbers of the entries do not count.
func Diff(before, after Bundle) (cs []Change) {
	for _, b := range before.Entries {
		a := after.find(b)
		switch {
		case a == nil:
			cs = append(cs, Change{What: "taken out", Before: &b})
		case !same(*a, b):
			cs = append(cs, Change{What: "changed", Before: &b, After: a})
		}
	}
	for _, a := range after.Entries {
		if before.find(a) == nil {
			cs = append(cs, Change{What: "added", After: &a})
		}
	}
	return cs
}

func (b Bundle) find(e Entry) *Entry {
	i := slices.IndexFunc(b.Entries, func(x Entry) bool { return x.item == e.item })
	if i < 0 {
		return nil
	}
	return &b.Entries[i]
}

func same(a, b Entry) bool {
	return a.Date == b.Date && a.Source == b.Source && a.Title == b.Title && slices.Equal(a.Lines, b.Lines)
}
