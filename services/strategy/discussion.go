package strategy

import (
	"slices"
	"strings"

	"kith/events"
	"kith/services/fault"
	"kith/services/strategy/rules"
)

// discussions are those about one child, oldest first: what must be known to
// decide. At most the last is open.
type discussions []discussion

type discussion struct {
	events.Discussion
	late bool // it is recorded that the conference is overdue
}

func evolve(ds discussions, e events.Strategy) discussions {
	switch e := e.(type) {
	case events.DiscussionConvened:
		return append(slices.Clone(ds), discussion{Discussion: events.Discussion{
			ID: e.Discussion, Child: e.Child, Chair: e.Chair, Agency: e.Agency,
			At: e.At, Reason: e.Reason, Invited: e.Invited, Attendees: []events.DiscussionAttended{}, Open: true,
		}})
	case events.DiscussionAttended:
		return ds.with(e.Discussion, func(d *discussion) { d.Attendees = append(slices.Clone(d.Attendees), e) })
	case events.DecisionRecorded:
		return ds.with(e.Discussion, func(d *discussion) { d.Open, d.Decision = false, &e })
	case events.ConferenceOverdue:
		return ds.with(e.Discussion, func(d *discussion) { d.late = true })
	}
	return ds
}

// with is ds with one discussion changed; ds itself stays as it is.
func (ds discussions) with(id events.DiscussionID, change func(*discussion)) discussions {
	ds = slices.Clone(ds)
	for i := range ds {
		if ds[i].ID == id {
			change(&ds[i])
		}
	}
	return ds
}

func (ds discussions) find(id events.DiscussionID) (discussion, bool) {
	i := slices.IndexFunc(ds, func(d discussion) bool { return d.ID == id })
	if i < 0 {
		return discussion{}, false
	}
	return ds[i], true
}

func convene(ds discussions, e events.DiscussionConvened) ([]events.Strategy, error) {
	if _, ok := ds.find(e.Discussion); ok {
		return nil, nil // asked twice
	}
	if slices.ContainsFunc(ds, func(d discussion) bool { return d.Open }) {
		return nil, fault.New(fault.Conflict, "A strategy discussion about this child is open. Record its decision before another is convened.")
	}
	return []events.Strategy{e}, nil
}

func attend(ds discussions, e events.DiscussionAttended) ([]events.Strategy, error) {
	d, ok := ds.find(e.Discussion)
	switch {
	case !ok:
		return nil, fault.NotFound
	case slices.ContainsFunc(d.Attendees, func(a events.DiscussionAttended) bool { return a.Actor == e.Actor && a.Agency == e.Agency }):
		return nil, nil // asked twice
	case !d.Open:
		return nil, fault.New(fault.Conflict, "The discussion has decided and is closed.")
	case e.Agency != d.Agency && !slices.Contains(d.Invited, e.Agency):
		return nil, fault.New(fault.Refused, "Your agency is not invited to this discussion. Ask the chair.")
	}
	return []events.Strategy{e}, nil
}

// decide closes a discussion. The day for the conference counts from the day on
// which the discussion is held.
func decide(ds discussions, by events.AgencyID, e events.DecisionRecorded, packs rules.Packs) ([]events.Strategy, error) {
	d, ok := ds.find(e.Discussion)
	if !ok {
		return nil, fault.NotFound
	}
	if by != d.Agency {
		return nil, fault.New(fault.Refused, "Only the agency that convened the discussion records its decision.")
	}
	if e.Section47 {
		due, err := packs.Due(rules.InitialConference, packs.Day(d.At))
		if err != nil {
			return nil, &fault.Error{Kind: fault.Unavailable, Text: "The day for the conference cannot be worked out: the bank holidays of that year are not known yet.", Err: err}
		}
		e.ConferenceDue, e.Rule = due.Date, due.Rule
	}
	switch {
	case d.Open:
		return []events.Strategy{e}, nil
	case same(*d.Decision, e):
		return nil, nil // asked twice
	}
	return nil, fault.New(fault.Conflict, "The discussion has decided already and is closed.")
}

func same(a, b events.DecisionRecorded) bool {
	return slices.Equal(a.Actions, b.Actions) && a.Discussion == b.Discussion && a.Section47 == b.Section47 && a.Conduct == b.Conduct &&
		a.Rationale == b.Rationale && a.ConferenceDue == b.ConferenceDue && a.Rule == b.Rule
}

// overdue records, once, that the day for the conference passed.
func overdue(ds discussions, id events.DiscussionID, today events.Date) ([]events.Strategy, error) {
	d, ok := ds.find(id)
	if !ok || d.late || d.Decision == nil || d.Decision.ConferenceDue == "" || d.Decision.ConferenceDue >= today {
		return nil, nil
	}
	return []events.Strategy{events.ConferenceOverdue{Discussion: id, Due: d.Decision.ConferenceDue}}, nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
