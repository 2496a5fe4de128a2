package edge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
	"kith/services/internal/sqlite"
)

// Box is an outbox as a person looks at it, also while an Edge uses it.
type Box struct{ db *sql.DB }

// Waiting is what the hub has not answered.
type Waiting struct {
	Depth  int        `json:"depth"`
	Oldest *time.Time `json:"oldest,omitempty"` // when the oldest of it was handed in
}

// Refused is an event that the hub did not accept, and why.
type Refused struct {
	Number    int64              `json:"number"` // names it to Correct and Drop
	ID        string             `json:"id"`
	KeptAt    time.Time          `json:"keptAt"`
	Problems  []events.Complaint `json:"problems"`
	Corrected bool               `json:"corrected"` // another was sent in its place; the hub has not answered it
	Body      json.RawMessage    `json:"event,omitempty"`
}

// Unread is a record that could not be translated, and why.
type Unread struct {
	Number int64         `json:"number"`
	Door   string        `json:"door"`
	KeptAt time.Time     `json:"keptAt"`
	Places []fault.Place `json:"problems"`
	Body   []byte        `json:"record,omitempty"`
}

var errNumber = errors.New("there is nothing of that number")

// OpenBox opens the outbox at path, which must be there.
func OpenBox(ctx context.Context, path string) (*Box, error) {
	db, err := sqlite.Existing(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	var version int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil || version < 3 {
		return nil, errors.Join(errors.New("the outbox is of an older version: start kith agency on it once"), err, db.Close())
	}
	return &Box{db}, nil
}

func (b *Box) Close() error { return b.db.Close() }

// Waiting tells what the hub has not answered.
func (b *Box) Waiting(ctx context.Context) (w Waiting, err error) {
	var at sql.NullInt64
	err = b.db.QueryRowContext(ctx, `SELECT count(*), (SELECT kept FROM outbox WHERE seq = (SELECT min(seq) FROM waiting)) FROM waiting`).Scan(&w.Depth, &at)
	if at.Valid {
		oldest := time.Unix(at.Int64, 0).UTC()
		w.Oldest = &oldest
	}
	return w, err
}

// Refused lists what was refused and is not put right, oldest first.
func (b *Box) Refused(ctx context.Context) (all []Refused, err error) {
	rs, err := b.db.QueryContext(ctx, `SELECT seq, coalesce(event, ''), coalesce(kept, 0), answer, corrected IS NOT NULL, body FROM outbox
		WHERE refused AND body IS NOT NULL ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	for rs.Next() {
		var r Refused
		var kept int64
		var answer string
		var a bus.Answer
		if err := rs.Scan(&r.Number, &r.ID, &kept, &answer, &r.Corrected, (*[]byte)(&r.Body)); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(answer), &a); err != nil || a.Refusal == nil {
			return nil, errors.New("an answer in the outbox is damaged")
		}
		r.KeptAt, r.Problems = time.Unix(kept, 0).UTC(), a.Refusal.Problems
		all = append(all, r)
	}
	return all, rs.Err()
}

// Unread lists the records that could not be translated, oldest first.
func (b *Box) Unread(ctx context.Context) (all []Unread, err error) {
	rs, err := b.db.QueryContext(ctx, `SELECT seq, door, kept, places, body FROM unread ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	for rs.Next() {
		var u Unread
		var kept int64
		var places string
		if err := rs.Scan(&u.Number, &u.Door, &kept, &places, &u.Body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(places), &u.Places); err != nil {
			return nil, errors.New("a record in the outbox is damaged")
		}
		u.KeptAt = time.Unix(kept, 0).UTC()
		all = append(all, u)
	}
	return all, rs.Err()
}

// Drop lets go of an event that was refused.
func (b *Box) Drop(ctx context.Context, number int64) error {
	return b.one(ctx, `UPDATE outbox SET body = NULL WHERE seq = ? AND refused AND body IS NOT NULL`, number)
}

// DropUnread lets go of a record that could not be translated.
func (b *Box) DropUnread(ctx context.Context, number int64) error {
	return b.one(ctx, `DELETE FROM unread WHERE seq = ?`, number)
}

func (b *Box) one(ctx context.Context, statement string, number int64) error {
	res, err := b.db.ExecContext(ctx, statement, number)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errNumber, err)
	}
	return nil
}
