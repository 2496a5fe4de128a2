package follow

import (
	"context"
	"fmt"
	"time"

	"kith/events"
	"kith/events/store"
)

// Parked is an event that has no rows in the model.
type Parked struct {
	Position store.Position
	Type     events.Type // empty where the event could not be read
	Code     string      // why, without any words of the event
	At       time.Time
}

// Parked lists what was parked, in order. A model that is built anew tries
// them again.
func (f *Follower) Parked(ctx context.Context) ([]Parked, error) {
	rows, err := f.p.DB.Read.QueryContext(ctx,
		`SELECT position, type, code, at FROM parked WHERE name = ? ORDER BY position`, f.p.Name)
	if err != nil {
		return nil, fmt.Errorf("parked by %s: %w", f.p.Name, err)
	}
	defer func() { _ = rows.Close() }()
	var all []Parked
	for rows.Next() {
		var p Parked
		var at int64
		if err := rows.Scan(&p.Position, &p.Type, &p.Code, &at); err != nil {
			return nil, fmt.Errorf("parked by %s: %w", f.p.Name, err)
		}
		p.At = time.Unix(0, at).UTC()
		all = append(all, p)
	}
	return all, rows.Err()
}
