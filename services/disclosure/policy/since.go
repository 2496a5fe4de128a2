package policy

import "slices"

// Difference is what one set has that another has not.
type Difference struct {
	Policies int      `json:"policies"`
	Hash     string   `json:"hash"`
	Added    []string `json:"added,omitempty"`
	Changed  []string `json:"changed,omitempty"`
	Dropped  []string `json:"dropped,omitempty"`
}

// Since says by their ids which policies of a set are not those of an older one.
func (s *Set) Since(older *Set) Difference {
	d := Difference{Policies: len(s.list), Hash: s.hash}
	for _, p := range s.list {
		i := slices.IndexFunc(older.list, func(o Policy) bool { return o.ID == p.ID })
		switch {
		case i < 0:
			d.Added = append(d.Added, p.ID)
		case older.list[i].Text != p.Text:
			d.Changed = append(d.Changed, p.ID)
		}
	}
	for _, o := range older.list {
		if !slices.ContainsFunc(s.list, func(p Policy) bool { return p.ID == o.ID }) {
			d.Dropped = append(d.Dropped, o.ID)
		}
	}
	return d
}
