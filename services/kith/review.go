package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/ledger"
	"kith/services/ledger/unusual"
)

// review is the daily review of unusual looks.
func (h *hub) review() *ledger.Review {
	return &ledger.Review{Ledger: h.record.ledger, Known: h.known, Limits: unusual.Default(), Now: time.Now}
}

// known says what the hub may lawfully compare: marks of staff, and of children
// what their own record says. What somebody read must not leave here, and does
// not: unusual.Find gives back entries and patterns.
func (h *hub) known(ctx context.Context, children []events.ChildID) (unusual.Known, error) {
	k := unusual.Known{Staff: h.staff.Staff, Children: map[events.ChildID]unusual.Child{}, Place: london()}
	for _, id := range children {
		p, err := h.view.Picture(ctx, id, nil)
		if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Hidden {
			continue // parted or erased
		}
		if err != nil {
			return k, fmt.Errorf("a child that was looked at: %w", err)
		}
		k.Children[id] = h.staff.child(p, h.record.store.Pseudonym, h.authority)
	}
	return k, nil
}

// child is what counts about one child.
func (f staffFile) child(p events.Picture, m marker, authority events.AgencyID) unusual.Child {
	var c unusual.Child
	protected := false
	for _, h := range p.Items {
		c.Work = append(c.Work, unusual.Work{At: h.HubRecordedAt, Agency: h.Agency})
		c.Self = append(c.Self, m.self(h.Person)...)
		c.Family = append(c.Family, m.family(h.Person.Name.Family))
		if a := h.Person.Address; a != nil {
			protected = protected || a.Label != events.Involvement && a.Label != events.Core
			c.Home = append(c.Home, m.home(a.Postcode))
			c.Area = f.Districts[district(a.Postcode)]
		}
		if in, ok := h.Fact.(events.InvolvementChanged); ok && h.Agency == authority {
			c.Team, c.Closed = in.Team, ended(in)
		}
	}
	if protected { // nothing about where the child lives is compared then, not even where it lived
		c.Home, c.Area = nil, ""
	}
	for _, d := range p.Discussions {
		c.Work = append(c.Work, unusual.Work{At: d.At, Agency: d.Agency, Actor: d.Chair})
		for _, a := range d.Attendees {
			c.Work = append(c.Work, unusual.Work{At: d.At, Agency: a.Agency, Actor: a.Actor})
		}
	}
	c.Self, c.Family, c.Home = distinct(c.Self), distinct(c.Family), distinct(c.Home)
	for _, n := range f.News {
		if n.Child == p.Child {
			c.News = append(c.News, n.At)
		}
	}
	for _, n := range f.Complaints {
		if n.Child == p.Child {
			c.Complaints = append(c.Complaints, n.Complaint)
		}
	}
	return c
}

// ended is when an involvement ended; the zero time while it goes on.
func ended(in events.InvolvementChanged) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, string(in.Until), london())
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

func distinct(ms []unusual.Mark) []unusual.Mark {
	slices.Sort(ms)
	return slices.DeleteFunc(slices.Compact(ms), func(m unusual.Mark) bool { return m == "" })
}
