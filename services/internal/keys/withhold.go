package keys

import (
	"context"
	"database/sql"
	"fmt"

	"kith/events/store"
)

// Withhold makes unreadable, until Release, what was sealed with these keys, and
// keeps them from sealing anything or being made: to whoever reads they are
// destroyed. From its return on no process that has the same folder open uses one.
// A key that was destroyed stays so. It may be repeated, and must be after an error.
func (k *Keys) Withhold(ctx context.Context, ids ...store.KeyID) error {
	const text = `INSERT INTO keys (id, withheld) VALUES (?, unixepoch()) ON CONFLICT (id) DO UPDATE
		SET withheld = coalesce(withheld, excluded.withheld) WHERE wrapped IS NOT NULL OR withheld IS NOT NULL`
	for _, id := range ids {
		err := k.alone(id, func() error {
			_, err := k.db.Write.ExecContext(ctx, text, id)
			return err
		})
		if err != nil {
			return fmt.Errorf("withhold key %s: %w", id, err)
		}
	}
	return nil
}

// Release ends Withhold. What was destroyed meanwhile stays so.
func (k *Keys) Release(ctx context.Context, ids ...store.KeyID) error {
	for _, id := range ids {
		if err := k.alone(id, func() error { return k.release(ctx, id) }); err != nil {
			return fmt.Errorf("release key %s: %w", id, err)
		}
	}
	return nil
}

func (k *Keys) release(ctx context.Context, id store.KeyID) error {
	tx, err := k.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, text := range []string{
		`DELETE FROM keys WHERE id = ? AND withheld IS NOT NULL AND wrapped IS NULL`, // it was never made
		`UPDATE keys SET withheld = NULL WHERE id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, text, id); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// alone does something to a key while nobody here fetches or makes it, and lets
// every process look anew for the keys it uses.
func (k *Keys) alone(id store.KeyID, do func() error) error {
	l := k.lock(id)
	l.Lock()
	defer l.Unlock()
	err := do()
	if told := k.erasures.tell(); err == nil { // also after an error: it may be done all the same
		err = told
	}
	k.mu.Lock()
	delete(k.cache, id)
	k.mu.Unlock()
	return err
}

// Withheld lists the keys that are withheld, in the order of their names.
func (k *Keys) Withheld(ctx context.Context) ([]store.KeyID, error) {
	rows, err := k.db.Read.QueryContext(ctx, `SELECT id FROM keys WHERE withheld IS NOT NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list withheld keys: %w", err)
	}
	defer rows.Close()
	return ids(rows)
}

func ids(rows *sql.Rows) (all []store.KeyID, err error) {
	for rows.Next() {
		var id store.KeyID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list withheld keys: %w", err)
		}
		all = append(all, id)
	}
	return all, rows.Err()
}
