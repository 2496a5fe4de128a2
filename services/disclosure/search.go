package disclosure

import (
	"context"
	"fmt"
	"time"

	"kith/events"
	"kith/services/disclosure/policy"
)

// nobody is looked at where a search finds no child, so that finding none takes
// the same steps as finding one that must not be told.
const nobody events.ChildID = "nobody"

// Search finds the children of an exact query that the reader may know of, and
// an empty list where there is none. Names come from items that the reader may
// see. Every search is recorded, whatever it found.
func (g *Gate) Search(ctx context.Context, r events.Reader, q events.Query, p events.Purpose) (Disclosed[[]events.Match], error) {
	var none Disclosed[[]events.Match]
	if err := stated(r, p, nil, g.Now()); err != nil {
		return none, err
	}
	defer g.even(ctx, time.Now())
	ids, err := g.Sources.Find(ctx, q)
	if err != nil {
		return none, fmt.Errorf("search: %w", err)
	}
	if len(ids) == 0 {
		ids = []events.ChildID{nobody}
	}
	if err := g.docket.catchUp(ctx, g.Store); err != nil {
		return none, err
	}
	matches := []events.Match{}
	var found []*reading
	for _, id := range ids {
		picture, b, err := g.picture(ctx, r, id, nil)
		if err != nil {
			return none, err
		}
		rd := g.searching(r, p, q, picture, b)
		if rd.may(policy.Open, policy.Thing{}) {
			matches = append(matches, rd.match(picture))
			found = append(found, rd)
		}
	}
	if len(found) == 0 {
		found = []*reading{g.searching(r, p, q, events.Picture{}, standing{})}
	}
	for _, rd := range found {
		if err := g.record(ctx, rd); err != nil {
			return none, err
		}
	}
	return disclose(matches), nil
}

// searching notes whether somebody had a number of the child or only a name.
func (g *Gate) searching(r events.Reader, p events.Purpose, q events.Query, today events.Picture, s standing) *reading {
	rd := g.reading(r, p, "search", today, s)
	rd.entry.By = "name"
	if q.NHSNumber != "" || q.UPN != "" {
		rd.entry.By = "number"
	}
	return rd
}

// match is a child by the name that the newest item has which the reader may see.
func (r *reading) match(p events.Picture) events.Match {
	m := events.Match{Child: p.Child}
	r.about(p.Child)
	var newest events.Held
	for _, h := range p.Items {
		if h.Person.Role != events.RoleChild || h.Person.Name == (events.Name{}) || h.HubRecordedAt.Before(newest.HubRecordedAt) {
			continue
		}
		if r.may(policy.See, r.thing(h.Item)) {
			newest = h
		}
	}
	if newest.ID != "" {
		m.Name, m.Born = newest.Person.Name, newest.Person.DateOfBirth
		r.shows(newest.Item)
	}
	return m
}
