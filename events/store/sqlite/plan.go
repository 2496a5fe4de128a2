package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/events/store"
)

// plan is what one transaction is going to add. Every append is judged against
// the log and against what was planned before it, so that nothing has to be
// undone in the file.
//
// Nearly every append is new, so a plan at first looks for no ids: that none is
// there already is for the table to say, when the rows are inserted. If it says
// otherwise a second plan is made, carefully.
type plan struct {
	ctx        context.Context // of the one transaction it is made for
	head, byID *sql.Stmt
	careful    bool

	at     time.Time
	last   store.Position
	heads  map[store.Stream]store.Revision
	places map[store.EventID]place
	rows   []store.Recorded
}

// place is where an event lies.
type place struct {
	stream store.Stream
	store.Appended
}

// append plans all of ws or none.
func (p *plan) append(ws []store.Write) ([]store.Appended, error) {
	mark := len(p.rows)
	at := make([]store.Appended, len(ws))
	for i, w := range ws {
		var err error
		if at[i], err = p.add(w); err != nil {
			p.undo(mark)
			return nil, fmt.Errorf("append to %s: %w", w.Stream, err)
		}
	}
	return at, nil
}

func (p *plan) add(w store.Write) (store.Appended, error) {
	if p.careful || p.mentioned(w) {
		if at, found, err := p.repeated(w); found || err != nil {
			return at, err
		}
	}
	head, err := p.headFor(w)
	if err != nil {
		return store.Appended{}, err
	}
	if w.Expect != store.Any && w.Expect != head {
		return p.stale(w, head)
	}
	for _, e := range w.Entries {
		if _, twice := p.places[e.ID]; twice {
			return store.Appended{}, store.ErrReusedID
		}
		p.put(store.Recorded{Entry: e, Stream: w.Stream, Revision: head + 1, Position: p.last + 1, At: p.at, Cause: w.Cause})
		head++
	}
	return store.Appended{Revision: head, Position: p.last, At: p.at}, nil
}

// stale is a write that came too late, or one that came before.
func (p *plan) stale(w store.Write, head store.Revision) (store.Appended, error) {
	if at, found, err := p.repeated(w); found || err != nil {
		return at, err
	}
	return store.Appended{}, fmt.Errorf("at %d, not %d: %w", head, w.Expect, store.ErrConflict)
}

// mentioned says whether this transaction adds an event of that id already.
func (p *plan) mentioned(w store.Write) bool {
	return slices.ContainsFunc(w.Entries, func(e store.Entry) bool {
		_, ok := p.places[e.ID]
		return ok
	})
}

func (p *plan) put(r store.Recorded) {
	p.rows = append(p.rows, r)
	p.last = r.Position
	p.heads[r.Stream] = r.Revision
	p.places[r.ID] = place{r.Stream, store.Appended{Revision: r.Revision, Position: r.Position, At: r.At}}
}

// undo forgets the rows from mark on.
func (p *plan) undo(mark int) {
	for i := len(p.rows) - 1; i >= mark; i-- {
		r := p.rows[i]
		p.last = r.Position - 1
		p.heads[r.Stream] = r.Revision - 1
		delete(p.places, r.ID)
	}
	p.rows = p.rows[:mark]
}

// repeated says whether w was appended before, whole, and where it lies then.
func (p *plan) repeated(w store.Write) (store.Appended, bool, error) {
	var last place
	known := 0
	for _, e := range w.Entries {
		at, found, err := p.find(e.ID)
		if err != nil {
			return store.Appended{}, false, err
		}
		if !found {
			continue
		}
		if at.stream != w.Stream {
			return store.Appended{}, false, store.ErrReusedID
		}
		last, known = at, known+1
	}
	switch known {
	case 0:
		return store.Appended{}, false, nil
	case len(w.Entries):
		return last.Appended, true, nil
	default: // the same cause cannot add more the second time
		return store.Appended{}, false, store.ErrReusedID
	}
}

func (p *plan) find(id store.EventID) (place, bool, error) {
	if at, ok := p.places[id]; ok {
		return at, true, nil
	}
	var at place
	var ns int64
	err := p.byID.QueryRowContext(p.ctx, id[:]).Scan(&at.stream, &at.Revision, &at.Position, &ns)
	if errors.Is(err, sql.ErrNoRows) {
		return place{}, false, nil
	}
	at.At = moment(ns)
	return at, err == nil, err
}

// headFor takes the word of a writer who says that the stream is empty: if it is
// not, its first place is taken, and the table says so.
func (p *plan) headFor(w store.Write) (store.Revision, error) {
	if _, known := p.heads[w.Stream]; w.Expect == 0 && !known && !p.careful {
		return 0, nil
	}
	return p.headOf(w.Stream)
}

func (p *plan) headOf(s store.Stream) (store.Revision, error) {
	if h, ok := p.heads[s]; ok {
		return h, nil
	}
	var h store.Revision
	err := p.head.QueryRowContext(p.ctx, s).Scan(&h)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return h, err
}
