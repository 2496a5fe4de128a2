package retention

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
)

// The table holds what was decided about each child, as its stream says: opaque
// ids, accounts and references.
const schema = `CREATE TABLE about (anchor TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;`

// Model is how the table follows from the log.
func Model() follow.Model {
	return follow.Model{Name: "retention", Schema: []string{schema}, Wants: wants, Apply: apply}
}

func wants(t events.Type) bool { return t.Family() == "retention" }

func apply(ctx context.Context, tx *follow.Tx, e store.Event) error {
	v, ok := e.Event.(events.Retention)
	if !ok {
		return nil
	}
	anchor := strings.TrimPrefix(string(e.Stream), prefix)
	var s state
	var text string
	err := tx.QueryRowContext(ctx, `SELECT state FROM about WHERE anchor = ?`, anchor).Scan(&text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &s)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	b, err := json.Marshal(stamp(evolve(s, v), v, e))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO about VALUES (?1, ?2) ON CONFLICT DO UPDATE SET state = ?2`, anchor, string(b))
	return err
}

// stamp notes when it was recorded.
func stamp(s state, v events.Retention, e store.Event) state {
	at := e.At.UTC()
	switch v := v.(type) {
	case events.ErasureAsked:
		return s.erasure(v.Erasure, func(x *Erasure) { x.AskedAt = at })
	case events.ErasureConfirmed:
		return s.erasure(v.Erasure, func(x *Erasure) { x.ConfirmedAt = &at })
	case events.ErasureCancelled:
		return s.erasure(v.Erasure, func(x *Erasure) { x.EndedAt = &at })
	case events.ErasureCarriedOut:
		return s.erasure(v.Erasure, func(x *Erasure) { x.EndedAt = &at })
	case events.HoldPlaced:
		return s.hold(v.Hold, func(h *Hold) { h.PlacedAt = at })
	case events.HoldLifted:
		return s.hold(v.Hold, func(h *Hold) { h.LiftedAt = &at })
	default: // their time is nobody's question
		return s
	}
}

// about is a state and whose it is.
type about struct {
	anchor string
	state
}

func (s *Service) all(ctx context.Context) (all []about, err error) {
	rows, err := s.DB.Read.QueryContext(ctx, `SELECT anchor, state FROM about ORDER BY anchor`)
	if err != nil {
		return nil, fmt.Errorf("list erasures: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var a about
		var text string
		if err := rows.Scan(&a.anchor, &text); err != nil {
			return nil, fmt.Errorf("list erasures: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &a.state); err != nil {
			return nil, fmt.Errorf("list erasures: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}
