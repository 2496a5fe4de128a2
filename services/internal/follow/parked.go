package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kith/events"
	"kith/events/store"
)

// Parked is an event that has no rows in the model.
type Parked struct {
	Position store.Position
	Type     events.Type
	Code     string // why, without any words of the event
	At       time.Time
}

// unreadable passes over an event that was erased and parks one that is broken.
func (p Projection) unreadable(ctx context.Context, tx *Tx, e store.Event, err error) error {
	switch {
	case errors.Is(err, store.ErrKeyGone):
		return nil
	case passing(ctx, err):
		return err
	default:
		return p.park(ctx, tx, e, "read: "+code(err))
	}
}

// park notes an event that has no rows, and why. Neither the note nor the log
// holds the text of the error: it may quote the event.
func (p Projection) park(ctx context.Context, tx *Tx, e store.Event, code string) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO parked (name, position, type, code, at) VALUES (?, ?, ?, ?, ?)`,
		p.Name, e.Position, e.Type, code, time.Now().UnixNano())
	if err == nil {
		p.Log.ErrorContext(ctx, "event parked", "projection", p.Name,
			"position", uint64(e.Position), "type", string(e.Type), "code", code)
	}
	return err
}

// reached notes up to where the rows of a transaction are true.
func (p Projection) reached(ctx context.Context, tx *Tx, at store.Position) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO position (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at`, p.Name, at)
	return err
}

// Parked lists what was parked, in order. A model that is built anew tries them
// again.
func (f *Follower) Parked(ctx context.Context) ([]Parked, error) { return f.p.Parked(ctx) }

// Parked is Follower's.
func (p Projection) Parked(ctx context.Context) ([]Parked, error) {
	rows, err := p.DB.Read.QueryContext(ctx,
		`SELECT position, type, code, at FROM parked WHERE name = ? ORDER BY position`, p.Name)
	if err != nil {
		return nil, fmt.Errorf("parked by %s: %w", p.Name, err)
	}
	defer func() { _ = rows.Close() }()
	var all []Parked
	for rows.Next() {
		var one Parked
		var at int64
		if err := rows.Scan(&one.Position, &one.Type, &one.Code, &at); err != nil {
			return nil, fmt.Errorf("parked by %s: %w", p.Name, err)
		}
		one.At = time.Unix(0, at).UTC()
		all = append(all, one)
	}
	return all, rows.Err()
}
