package edge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"kith/events"
	"kith/events/bus"
)

// Accepted is an event that the hub accepted and that stands: nothing was accepted,
// or waits, in its place.
type Accepted struct {
	ID       string      `json:"id"`
	Type     events.Type `json:"type"`
	Position uint64      `json:"position"` // in the hub's log
	At       time.Time   `json:"acceptedAt"`
	Digest   string      `json:"digest"`
}

const stands = ` answer IS NOT NULL AND NOT coalesce(refused, 0) AND made <> 2 AND NOT EXISTS (SELECT 1 FROM outbox AS later
	WHERE later.supersedes = outbox.event AND later.event <> outbox.event AND NOT coalesce(later.refused, 0))`

// Accepted lists at most n of what was accepted last and stands, newest first. What
// an event said is not kept.
func (b *Box) Accepted(ctx context.Context, n int) (all []Accepted, err error) {
	rs, err := b.db.QueryContext(ctx, `SELECT answer FROM outbox WHERE`+stands+` ORDER BY answer ->> '$.receipt.position' DESC LIMIT ?`, n)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	for rs.Next() {
		var text []byte
		var a bus.Answer
		if err := rs.Scan(&text); err != nil {
			return nil, err
		}
		if json.Unmarshal(text, &a) != nil || a.Receipt == nil {
			return nil, errors.New("an answer in the outbox is damaged")
		}
		r := a.Receipt
		all = append(all, Accepted{ID: r.ID, Type: r.Type, Position: r.Position, At: r.AcceptedAt, Digest: r.Digest})
	}
	return all, rs.Err()
}

var (
	errNotStanding = errors.New("this outbox has no event of that id that the hub accepted and that stands; kith outbox list shows what there is")
	errNewID       = errors.New("give the corrected event an id of its own: what was accepted keeps its id")
	errOthers      = errors.New("the corrected event has to name everybody whom the earlier one was about, by the same localId: if that named the wrong person, withdraw it and send another event about the right one")
	errSent        = errors.New("this very event was sent before: see what became of it")
)

// standing is an accepted event that stands, and the source under which it was sent.
func (b *Box) standing(ctx context.Context, id string) (p past, source string, err error) {
	row := b.db.QueryRowContext(ctx, `SELECT `+pastColumns+`, answer ->> '$.receipt.source' FROM outbox WHERE event = ? AND`+stands+` ORDER BY slip IS NULL LIMIT 1`, id)
	p, err = scanPast(func(to ...any) error { return row.Scan(append(to, &source)...) })
	if errors.Is(err, sql.ErrNoRows) {
		err = errNotStanding
	}
	return p, source, err
}

// Correct sends an event in place of one that was refused, by its number. It may
// have an id of its own or the same. The Edge that uses the outbox sends it within
// seconds.
func (b *Box) Correct(ctx context.Context, number int64, event []byte) error {
	var p past
	err := b.db.QueryRowContext(ctx, `SELECT coalesce(event, ''), coalesce(record, ''), version FROM outbox WHERE seq = ? AND refused AND body IS NOT NULL`,
		number).Scan(&p.event, &p.record, &p.version)
	if errors.Is(err, sql.ErrNoRows) {
		return errNumber
	}
	if err != nil {
		return err
	}
	r, err := read(event)
	if err != nil {
		return err
	}
	if r.supersedes == "" { // else it says itself what it is to end
		r = r.inPlaceOf(p.event)
	}
	r.record, r.version, r.made = p.record, p.version, max(r.made, byHand)
	return b.put(ctx, r, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE outbox SET corrected = ? WHERE seq = ?`, r.digest, number)
		return err
	})
}

// Replace sends an event in place of one that was accepted, by its id. Everybody
// whom that was about has to be in it, and it has an id of its own.
func (b *Box) Replace(ctx context.Context, id string, event []byte) error {
	p, _, err := b.standing(ctx, id)
	if err != nil {
		return err
	}
	r, err := read(event)
	switch {
	case err != nil:
		return err
	case r.event == id:
		return errNewID
	case p.slip != nil && !covers(r.people, p.slip.About):
		return errOthers
	}
	r = r.inPlaceOf(id)
	r.record, r.version, r.made = p.record, p.version, max(r.made, byHand)
	return b.put(ctx, r, nil)
}

// Withdraw takes back an event that was accepted, by its id: the withdrawal names
// the same people, and says from now on why.
func (b *Box) Withdraw(ctx context.Context, id string, w events.Withdrawn, now time.Time) error {
	p, source, err := b.standing(ctx, id)
	if err != nil {
		return err
	}
	r, err := p.withdrawal(source, w, now)
	if err != nil {
		return err
	}
	return b.put(ctx, r, nil)
}

// read is an event as a row.
func read(event []byte) (row, error) {
	if _, err := bus.Decode(bus.Message{Body: event}); err != nil {
		return row{}, err
	}
	return newRow(event, ""), nil
}

func covers(localIDs []string, about []events.Person) bool {
	return !slices.ContainsFunc(about, func(p events.Person) bool { return !slices.Contains(localIDs, p.LocalID) })
}

// put keeps a row that was not there before, and what goes with it.
func (b *Box) put(ctx context.Context, r row, and func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	s, err := tx.PrepareContext(ctx, insertRow)
	if err != nil {
		return err
	}
	defer s.Close()
	isNew, err := add(ctx, tx, s, r)
	if err == nil && !isNew {
		err = errSent
	}
	if err == nil && and != nil {
		err = and(tx)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}
