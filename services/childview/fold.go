package childview

import (
	"cmp"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
)

// History is all that was recorded about one child, each stream in its order.
type History struct {
	Links    []store.Event                      // of the child's stream
	Items    map[events.SubjectID][]store.Event // of every subject that was ever linked
	Gone     map[events.SubjectID]bool          // of these nothing can be read any more
	Strategy []store.Event
	Consents []store.Event
}

// lateAfter is how long after the event an item may reach the hub before the
// view says that it came late.
const lateAfter = 7 * 24 * time.Hour

// Fold makes the picture of a child, as it is now or, if asKnownAt is given, as
// the hub knew it at that moment: what was recorded by then, under the links
// that stood then. What is unlinked or erased leaves no trace in it.
func Fold(child events.ChildID, h History, asKnownAt *time.Time, now time.Time) events.Picture {
	if asKnownAt != nil {
		h, now = h.knownAt(*asKnownAt), *asKnownAt
	}
	p := events.Picture{Child: child, AsKnownAt: asKnownAt, Items: make([]events.Held, 0, h.items())}
	for _, l := range standing(h.Links) {
		if h.Gone[l.Subject] {
			continue // that its agency knew the child is part of what was erased
		}
		p.Subjects = append(p.Subjects, l.Subject)
		if !slices.Contains(p.Agencies, l.Agency) {
			p.Agencies = append(p.Agencies, l.Agency)
		}
		p.Items = append(p.Items, held(h.Items[l.Subject])...)
	}
	p.Items = sorted(p.Items)
	p.Discussions, p.Clocks = discussed(h.Strategy, dayOf(now))
	p.Consents = consented(h.Consents)
	return p
}

// held are the items of a subject that stand: what a later one superseded does
// not, and a withdrawal says nothing but that.
func held(es []store.Event) []events.Held {
	old := superseded(es)
	hs := make([]events.Held, 0, len(es))
	for _, e := range es {
		i, ok := e.Event.(events.Item)
		if _, stood := old[name{i.Source, i.EventID}]; !ok || stood {
			continue
		}
		if _, ok := i.Fact.(events.Withdrawal); ok {
			continue
		}
		hs = append(hs, events.Held{Item: i, HubRecordedAt: e.At, Late: e.At.Sub(i.OccurredAt) > lateAfter,
			Corrects: i.Supersedes != "" && old[name{i.Source, i.Supersedes}]})
	}
	return hs
}

// name is what names an event for ever.
type name struct{ source, id string }

// superseded are the events that others supersede, and whether they were there.
func superseded(es []store.Event) map[name]bool {
	var old map[name]bool
	for _, e := range es {
		if i, ok := e.Event.(events.Item); ok && i.Supersedes != "" {
			if old == nil {
				old = map[name]bool{}
			}
			old[name{i.Source, i.Supersedes}] = false
		}
	}
	if old == nil { // nearly always
		return nil
	}
	for _, e := range es {
		if i, ok := e.Event.(events.Item); ok {
			if _, is := old[name{i.Source, i.EventID}]; is {
				old[name{i.Source, i.EventID}] = true
			}
		}
	}
	return old
}

func (h History) items() (n int) {
	for _, es := range h.Items {
		n += len(es)
	}
	return n
}

// sorted is by the time they occurred. It sorts pointers: an item is large.
func sorted(is []events.Held) []events.Held {
	ps := make([]*events.Held, len(is))
	for i := range is {
		ps[i] = &is[i]
	}
	slices.SortStableFunc(ps, func(a, b *events.Held) int {
		return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), a.HubRecordedAt.Compare(b.HubRecordedAt), cmp.Compare(a.ID, b.ID))
	})
	out := make([]events.Held, len(is))
	for i, p := range ps {
		out[i] = *p
	}
	return out
}

// knownAt is what of the history was recorded by a moment.
func (h History) knownAt(t time.Time) History {
	k := History{Links: until(h.Links, t), Strategy: until(h.Strategy, t), Consents: until(h.Consents, t)}
	k.Gone = h.Gone
	k.Items = make(map[events.SubjectID][]store.Event, len(h.Items))
	for s, es := range h.Items {
		k.Items[s] = until(es, t)
	}
	return k
}

// until is what was recorded by a moment. The log's clock never goes back.
func until(es []store.Event, at time.Time) []store.Event {
	n, _ := slices.BinarySearchFunc(es, at, func(e store.Event, t time.Time) int {
		if e.At.After(t) {
			return 1
		}
		return -1
	})
	return es[:n]
}

// standing are the links that stand after these events, in the order they were made.
func standing(es []store.Event) []events.SubjectLinked {
	var ls []events.SubjectLinked
	drop := func(s events.SubjectID) {
		ls = slices.DeleteFunc(ls, func(l events.SubjectLinked) bool { return l.Subject == s })
	}
	for _, e := range es {
		switch v := e.Event.(type) {
		case events.SubjectLinked:
			drop(v.Subject)
			ls = append(ls, v)
		case events.SubjectUnlinked:
			drop(v.Subject)
		default: // proposals and what became of them are not part of the picture
		}
	}
	return ls
}

func discussed(es []store.Event, today events.Date) ([]events.Discussion, []events.Clock) {
	var ds []events.Discussion
	var cs []events.Clock
	of := func(id events.DiscussionID) *events.Discussion {
		for i := range ds {
			if ds[i].ID == id {
				return &ds[i]
			}
		}
		return &events.Discussion{} // an event without its beginning shows nothing
	}
	for _, e := range es {
		switch v := e.Event.(type) {
		case events.DiscussionConvened:
			ds = append(ds, events.Discussion{
				ID: v.Discussion, Child: v.Child, Chair: v.Chair, Agency: v.Agency, At: v.At, Reason: v.Reason,
				Invited: append([]events.AgencyID{}, v.Invited...), Attendees: []events.DiscussionAttended{}, Open: true,
			})
		case events.DiscussionAttended:
			d := of(v.Discussion)
			d.Attendees = append(d.Attendees, v)
		case events.DecisionRecorded:
			d := of(v.Discussion)
			d.Open, d.Decision, d.DecidedAt = false, &v, &e.At
			if v.ConferenceDue != "" {
				cs = append(cs, clock(*d, v, today))
			}
		case events.ConferenceOverdue:
			// The clock says so itself, and may say so sooner.
		default: // not of this stream
		}
	}
	return ds, cs
}

func clock(d events.Discussion, v events.DecisionRecorded, today events.Date) events.Clock {
	return events.Clock{
		Rule: v.Rule, What: "Initial child protection conference",
		From: dayOf(d.At), Due: v.ConferenceDue, Overdue: v.ConferenceDue < today, Discussion: v.Discussion,
	}
}

func consented(es []store.Event) []events.ConsentRecord {
	var cs []events.ConsentRecord
	for _, e := range es {
		switch v := e.Event.(type) {
		case events.ConsentGiven:
			cs = append(cs, events.ConsentRecord{ConsentGiven: v, GivenAt: e.At})
		case events.ConsentWithdrawn:
			for i := range cs {
				if cs[i].Consent == v.Consent && cs[i].WithdrawnAt == nil {
					cs[i].WithdrawnAt = &e.At
				}
			}
		default: // not of this stream
		}
	}
	return cs
}
