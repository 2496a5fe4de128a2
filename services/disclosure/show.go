package disclosure

import (
	"cmp"
	"slices"

	"kith/events"
	"kith/services/disclosure/policy"
)

// involvement gathers which agencies are involved, from the items by which the
// reader may know it and no others: an item that is withheld in silence must
// not show in a date or a telephone number either.
type involvement struct{ all []events.Involved }

func (v *involvement) add(register map[events.AgencyID]events.Agency, h events.Held, because []events.Grounds) {
	i := slices.IndexFunc(v.all, func(a events.Involved) bool { return a.Agency == h.Agency })
	if i < 0 {
		i = len(v.all)
		a := register[h.Agency]
		v.all = append(v.all, events.Involved{Agency: h.Agency, Kind: h.Kind, Name: cmp.Or(a.Name, string(h.Agency)),
			Since: h.OccurredAt, Grounds: because})
	}
	a := &v.all[i]
	a.Last = h.OccurredAt // they come in the order in which they occurred
	a.Contact = register[h.Agency].Contact
	if a.Contact == (events.Contact{}) {
		a.Contact = h.Contact
	}
}

func (v *involvement) list() []events.Involved { return append([]events.Involved{}, v.all...) }

// withholding counts what is withheld by agency, kind of thing and reason.
type withholding struct{ all []events.Withheld }

func (w *withholding) add(a events.AgencyID, what string, d policy.Decision) {
	for i := range w.all {
		if k := &w.all[i]; k.Agency == a && k.What == what && k.Reason == d.Reason {
			k.Count++
			return
		}
	}
	e := events.Withheld{Agency: a, What: what, Count: 1, Reason: d.Reason}
	if len(d.Grounds) > 0 {
		e.Policy = d.Grounds[0].Policy
	}
	w.all = append(w.all, e)
}

// list is sorted, so that its order does not tell when what is withheld happened.
func (w *withholding) list() []events.Withheld {
	all := append([]events.Withheld{}, w.all...)
	slices.SortFunc(all, func(a, b events.Withheld) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// discussions are those the reader may read of; whether they take part is a
// matter of today.
func (r *reading) discussions(ds []events.Discussion) []events.Discussion {
	shown := []events.Discussion{}
	for _, d := range ds {
		now := d
		if i := slices.IndexFunc(r.today.Discussions, func(t events.Discussion) bool { return t.ID == d.ID }); i >= 0 {
			now = r.today.Discussions[i]
		}
		if r.may(policy.ReadDiscussion, policy.Thing{TakesPart: takesPart(r.Reader, now), Invited: invited(r.Reader, now)}) {
			shown = append(shown, d)
		}
	}
	return shown
}

// clocks are those of the discussions that are shown. One that belongs to none
// is the authority's.
func (r *reading) clocks(cs []events.Clock, ds []events.Discussion) []events.Clock {
	shown := []events.Clock{}
	for _, c := range cs {
		belongs := slices.ContainsFunc(ds, func(d events.Discussion) bool { return d.ID == c.Discussion })
		if belongs || c.Discussion == "" && r.may(policy.ReadDiscussion, policy.Thing{}) {
			shown = append(shown, c)
		}
	}
	return shown
}

func (r *reading) consents(cs []events.ConsentRecord) []events.ConsentRecord {
	shown := []events.ConsentRecord{}
	for _, c := range cs {
		if r.may(policy.ReadConsent, policy.Thing{Named: policy.Covers(c, r.Agency)}) {
			shown = append(shown, c)
		}
	}
	return shown
}
