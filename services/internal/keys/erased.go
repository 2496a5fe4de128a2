package keys

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"kith/events/store"
	"kith/services/internal/sqlite"
)

// Erased names a key that was destroyed or is withheld. It says nothing of what it
// sealed.
type Erased struct {
	Key      store.KeyID `json:"key"`
	At       time.Time   `json:"at,omitzero"`        // none if it was destroyed before this was kept
	Withheld bool        `json:"withheld,omitempty"` // it is not destroyed yet, and may come back
}

// ErasedIn lists the keys that were destroyed or are withheld, according to the
// keys.db at path, in the order of their names. It needs no master key, and others
// may have the file open.
func ErasedIn(ctx context.Context, path string) ([]Erased, error) {
	db, err := sqlite.Existing(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("list destroyed keys: %w", err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT id, coalesce(withheld, destroyed), withheld IS NOT NULL FROM keys
		WHERE wrapped IS NULL OR withheld IS NOT NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list destroyed keys: %w", err)
	}
	defer rows.Close()
	var all []Erased
	for rows.Next() {
		var e Erased
		var at sql.NullInt64
		if err := rows.Scan(&e.Key, &at, &e.Withheld); err != nil {
			return nil, fmt.Errorf("list destroyed keys: %w", err)
		}
		if at.Valid {
			e.At = time.Unix(at.Int64, 0).UTC()
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
