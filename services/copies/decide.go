package copies

import (
	"slices"

	"kith/events"
	"kith/services/copies/bundle"
	"kith/services/fault"
)

// Requests are those about one child, as they stand.
type Requests []Requested

// Requested is one request.
type Requested struct {
	events.CopyRequested
	Judgments []events.CopyItemJudged // the latest of each person about each item
	Confirmed []events.ActorID        // who looked at where it is to go
	Made      []events.CopyMade
}

// Find is the request of an id; nil if there is none.
func (rs Requests) Find(id events.CopyID) *Requested {
	i := slices.IndexFunc(rs, func(r Requested) bool { return r.Copy == id })
	if i < 0 {
		return nil
	}
	return &rs[i]
}

// agreed is what two people judged alike; where they differ nothing is agreed.
func (r Requested) agreed() map[events.ItemID]bundle.Judged {
	all := map[events.ItemID]bundle.Judged{}
	for i, a := range r.Judgments {
		for _, b := range r.Judgments[:i] {
			if a.Item == b.Item && a.By != b.By && alike(a, b) {
				all[a.Item] = bundle.Judged{Judgment: a.Judgment, Without: a.Without}
			}
		}
	}
	return all
}

func alike(a, b events.CopyItemJudged) bool {
	return a.Judgment == b.Judgment && slices.Equal(a.Without, b.Without)
}

// Judged are who judged an item, so that the next one knows what is asked of them.
func (r Requested) Judged(id events.ItemID) (by []events.CopyItemJudged) {
	for _, j := range r.Judgments {
		if j.Item == id {
			by = append(by, j)
		}
	}
	return by
}

// Confirmations is how many people have to look at where a copy goes.
func Confirmations(guarded bool) int {
	if guarded {
		return 2
	}
	return 1
}

func evolve(rs Requests, e events.Copy) Requests {
	rs = slices.Clone(rs)
	switch e := e.(type) {
	case events.CopyRequested:
		return append(rs, Requested{CopyRequested: e})
	case events.CopyItemJudged:
		if r := rs.Find(e.Copy); r != nil {
			js := slices.DeleteFunc(slices.Clone(r.Judgments), func(j events.CopyItemJudged) bool { return j.Item == e.Item && j.By == e.By })
			r.Judgments = append(js, e)
		}
	case events.CopyAddressConfirmed:
		if r := rs.Find(e.Copy); r != nil {
			r.Confirmed = append(slices.Clone(r.Confirmed), e.By)
		}
	case events.CopyMade:
		if r := rs.Find(e.Copy); r != nil {
			r.Made = append(slices.Clone(r.Made), e)
		}
	}
	return rs
}

func request(rs Requests, e events.CopyRequested) ([]events.Copy, error) {
	if rs.Find(e.Copy) != nil {
		return nil, nil // asked twice
	}
	return []events.Copy{e}, nil
}

func judge(rs Requests, e events.CopyItemJudged) ([]events.Copy, error) {
	r := rs.Find(e.Copy)
	if r == nil {
		return nil, fault.NotFound
	}
	for _, j := range r.Judgments {
		if j.Item == e.Item && j.By == e.By && alike(j, e) && j.Reason == e.Reason {
			return nil, nil // said before
		}
	}
	return []events.Copy{e}, nil
}

func confirm(rs Requests, e events.CopyAddressConfirmed) ([]events.Copy, error) {
	r := rs.Find(e.Copy)
	if r == nil {
		return nil, fault.NotFound
	}
	if slices.Contains(r.Confirmed, e.By) {
		return nil, nil // one person is one, however often they say so
	}
	return []events.Copy{e}, nil
}

func made(rs Requests, e events.CopyMade) ([]events.Copy, error) {
	r := rs.Find(e.Copy)
	if r == nil {
		return nil, fault.NotFound
	}
	if slices.ContainsFunc(r.Made, func(m events.CopyMade) bool { return m.At.Equal(e.At) && m.Digest == e.Digest }) {
		return nil, nil // the same copy again
	}
	return []events.Copy{e}, nil
}
