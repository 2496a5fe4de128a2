package disclosure

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/disclosure/policy"
)

// docketStream is the hub's one stream of what people are asked to judge, and
// decided: there is one, so that whoever judges finds all that waits. Why is said in
// words in a stream of each child, under the child's key.
const docketStream store.Stream = "sharing-hub"

func sharingStream(c events.ChildID) store.Stream { return "sharing-" + store.Stream(c) }

// question is what a ruling is about: an item, and readers of an agency in a role for
// a purpose.
type question struct {
	item    events.ItemID
	agency  events.AgencyID
	role    events.ReaderRole
	purpose events.Purpose
}

// asked is a question with what became of it.
type asked struct {
	events.ReviewAsked
	at      time.Time
	rulings []ruled
}

type ruled struct {
	events.ReviewRuled
	position store.Position
	at       time.Time
}

// docket is all that was asked and ruled. It is read on from where it was read last,
// and safe for concurrent use.
type docket struct {
	mu       sync.RWMutex
	revision store.Revision
	asked    []*asked
	by       map[question]*asked
	declined []declined
}

type declined struct {
	events.NotSharedNoted
	at time.Time
}

// catchUp reads what is new. What was appended before the call is in it then.
func (d *docket) catchUp(ctx context.Context, st *store.Store) error {
	if st == nil { // in tests of what nobody judges
		return nil
	}
	d.mu.RLock()
	after := d.revision
	d.mu.RUnlock()
	var news []store.Event
	for e, err := range st.Read(ctx, docketStream, after) {
		if err != nil {
			return fmt.Errorf("read what was judged: %w", err)
		}
		news = append(news, e)
	}
	if len(news) == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range news {
		if e.Revision > d.revision { // else somebody else read it meanwhile
			d.add(e)
			d.revision = e.Revision
		}
	}
	return nil
}

func (d *docket) add(e store.Event) {
	switch v := e.Event.(type) {
	case events.ReviewAsked:
		if d.by == nil {
			d.by = map[question]*asked{}
		}
		q := question{v.Item, v.Agency, v.Role, v.Purpose}
		if d.by[q] == nil { // two hubs may ask at once
			d.by[q] = &asked{ReviewAsked: v, at: e.At}
			d.asked = append(d.asked, d.by[q])
		}
	case events.ReviewRuled:
		if i := slices.IndexFunc(d.asked, func(a *asked) bool { return a.Review == v.Review }); i >= 0 {
			d.asked[i].rulings = append(d.asked[i].rulings, ruled{v, e.Position, e.At})
		}
	case events.NotSharedNoted:
		d.declined = append(d.declined, declined{v, e.At})
	default: // not of this stream
	}
}

// ruling is what was ruled on a question when the log ended at a position, and
// whether anybody was asked.
func (d *docket) ruling(q question, end store.Position) (r policy.Ruling, known bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	a := d.by[q]
	if a == nil {
		return policy.NoRuling, false
	}
	for _, x := range a.rulings {
		if x.position <= end {
			r = policy.Ruling(x.Ruling)
		}
	}
	return r, true
}

// all are copies of what was asked, the latest first.
func (d *docket) all() (as []asked) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, a := range slices.Backward(d.asked) {
		c := *a
		c.rulings = slices.Clone(a.rulings)
		as = append(as, c)
	}
	return as
}

// notShared are the decisions not to share, the latest first.
func (d *docket) notShared() []declined {
	d.mu.RLock()
	defer d.mu.RUnlock()
	ds := slices.Clone(d.declined)
	slices.Reverse(ds)
	return ds
}
