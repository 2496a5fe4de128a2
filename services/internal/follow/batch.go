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
	tx      *sql.Tx
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
	for e, err := range f.s.Follow(ctx, f.Position()) {
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
		return f.unreadable(ctx, b, e, unread)
	}
	err := f.p.Apply(ctx, b.tx, e)
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
	return f.park(ctx, b, e, "apply: "+code(err))
}

// unreadable passes over an event that was erased and parks one that is broken.
func (f *Follower) unreadable(ctx context.Context, b *batch, e store.Event, err error) error {
	switch {
	case errors.Is(err, store.ErrKeyGone):
		return nil
	case passing(ctx, err):
		return err
	default:
		return f.park(ctx, b, e, "read: "+code(err))
	}
}

// park notes an event that has no rows, and why. Neither the note nor the log
// holds the text of the error: it may quote the event.
func (f *Follower) park(ctx context.Context, b *batch, e store.Event, code string) error {
	t := ""
	if e.Event != nil {
		t = string(e.Event.Type())
	}
	_, err := b.tx.ExecContext(ctx, `INSERT OR REPLACE INTO parked (name, position, type, code, at) VALUES (?, ?, ?, ?, ?)`,
		f.p.Name, e.Position, t, code, time.Now().UnixNano())
	if err == nil {
		f.p.Log.ErrorContext(ctx, "event parked", "projection", f.p.Name,
			"position", uint64(e.Position), "type", t, "code", code)
	}
	return err
}

func (f *Follower) commit(ctx context.Context, b *batch) error {
	_, err := b.tx.ExecContext(ctx, `INSERT INTO position (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at`,
		f.p.Name, b.last)
	if err != nil {
		return err
	}
	if err := b.tx.Commit(); err != nil {
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
		b.tx, err = db.BeginTx(ctx, nil)
	}
	return err
}

func (b *batch) drop() {
	if b.tx != nil {
		_ = b.tx.Rollback()
		b.tx = nil
	}
}
