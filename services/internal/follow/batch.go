package follow

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kith/events/store"
)

// largest is how many events one transaction takes while catching up.
const largest = 500

// errCarefully asks for the batch to be done again, each event by itself.
var errCarefully = errors.New("an event of the batch failed")

// batch is a transaction and the events whose rows are in it.
type batch struct {
	tx      *Tx
	last    store.Position
	count   int
	began   time.Time
	applied []store.Event
}

// round follows the log until something fails.
func (f *Follower) round(ctx context.Context) error {
	if err := f.resume(ctx); err != nil {
		return err
	}
	b := &batch{}
	defer func() { b.drop() }()
	var newest store.Position
	for e, err := range f.s.FollowOnly(ctx, f.Position(), f.p.Wants) {
		if err != nil && e.Position == 0 {
			return err // of the log itself
		}
		if err := f.take(ctx, b, e, err); err != nil {
			return err
		}
		if e.Position >= newest {
			if newest, err = f.s.Last(ctx); err != nil {
				return err
			}
		}
		// More is on its way while the log holds more: wait for it, so that
		// many share a transaction. At its end everybody wants to see this one.
		if e.Position < newest && e.Position > f.careful && b.count < largest {
			continue
		}
		if err := f.commit(ctx, b); err != nil {
			return err
		}
		*b = batch{}
	}
	return ctx.Err()
}

// take adds an event to the batch; unread is why it could not be read, if so.
func (f *Follower) take(ctx context.Context, b *batch, e store.Event, unread error) error {
	if err := b.begin(ctx, f.p.DB.Write); err != nil {
		return err
	}
	b.last = e.Position
	b.count++
	if unread != nil {
		return f.p.unreadable(ctx, b.tx, e, unread)
	}
	var err error
	if f.p.wants(e.Type) {
		err = f.p.Apply(ctx, b.tx, e)
	}
	if err == nil {
		b.applied = append(b.applied, e)
		return nil
	}
	if passing(ctx, err) {
		return err
	}
	if b.count > 1 {
		f.careful = e.Position
		return errCarefully
	}
	b.drop() // with whatever Apply had written
	if err := b.begin(ctx, f.p.DB.Write); err != nil {
		return err
	}
	return f.p.park(ctx, b.tx, e, "apply: "+code(err))
}

func (f *Follower) commit(ctx context.Context, b *batch) error {
	if err := f.p.reached(ctx, b.tx, b.last); err != nil {
		return err
	}
	if err := b.tx.commit(); err != nil {
		return err
	}
	f.move(b.last)
	f.traced(b)
	if f.p.After != nil {
		for _, e := range b.applied {
			f.p.After(e)
		}
	}
	return nil
}

func (b *batch) begin(ctx context.Context, db *sql.DB) (err error) {
	if b.tx == nil {
		b.began = time.Now()
		b.tx, err = begin(ctx, db)
	}
	return err
}

func (b *batch) drop() {
	if b.tx != nil {
		b.tx.rollback()
		b.tx = nil
	}
}
