package edge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"kith/events/bus"
)

// supersedes is the extension in which an event names the one of the same source
// that it is sent in place of.
const supersedes = "supersedes"

// newRow is what is kept of a structured message.
func newRow(body []byte, trace string) row {
	r := row{digest: bus.Digest(bus.Message{Body: body}), body: body, trace: trace}
	var e struct {
		ID, Type, Supersedes string
		Subject, Data        json.RawMessage
	}
	if json.Unmarshal(body, &e) != nil {
		return r // the hub will say what is wrong with it
	}
	r.event, r.typ, r.supersedes = e.ID, e.Type, e.Supersedes
	if withdraws(r.typ) {
		r.made = asWithdrawal
	}
	var s slip
	if json.Unmarshal(e.Data, &s) == nil {
		for _, p := range s.About {
			r.people = append(r.people, p.LocalID)
		}
		r.slip = s.short(r.typ)
	}
	if len(r.people) == 0 && len(e.Subject) > 0 {
		r.people = []string{string(e.Subject)} // of a foreign event
	}
	return r
}

// correcting has each row say that it is sent in place of what was refused under
// the same id. It says so however often it is handed in, so that it stays the
// same message. What says already in whose place it comes is left alone.
func (b *outbox) correcting(ctx context.Context, rows []row) error {
	for i, r := range rows {
		if r.event == "" || r.supersedes != "" {
			continue
		}
		var n int
		err := b.Read.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE refused AND event = ? AND digest <> ?`, r.event, r.digest).Scan(&n)
		if err != nil {
			return err
		}
		if n > 0 {
			rows[i] = r.inPlaceOf(r.event)
		}
	}
	return nil
}

// inPlaceOf is the row as a correction of an event. What cannot be read stays as
// it is: the hub will say what is wrong with it.
func (r row) inPlaceOf(event string) row {
	e, err := bus.Decode(bus.Message{Body: r.body})
	if err != nil {
		return r
	}
	e.SetExtension(supersedes, event)
	m, err := bus.Structured(e)
	if err != nil {
		return r
	}
	out := newRow(m.Body, r.trace)
	out.record, out.version, out.made = r.record, r.version, r.made
	return out
}

// inherit has what a person sends in the place of an event belong to the record
// that the event is a version of.
func (b *outbox) inherit(ctx context.Context, r *row) error {
	if r.supersedes == "" || r.supersedes == r.event {
		return nil
	}
	err := b.Read.QueryRowContext(ctx, `SELECT record, version FROM outbox WHERE event = ? AND record IS NOT NULL LIMIT 1`, r.supersedes).Scan(&r.record, &r.version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	r.made = max(r.made, byHand)
	return err
}
