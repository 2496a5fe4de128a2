package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// TakeOver makes tables of this file hold what the tables of those names hold in
// another, which has the same columns and which nobody writes meanwhile.
func (db *DB) TakeOver(ctx context.Context, from *DB, tables ...string) (err error) {
	if len(tables) == 0 {
		return nil
	}
	c, err := db.Write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take over tables: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	path, err := filepath.Abs(from.path)
	if err != nil {
		return fmt.Errorf("take over tables: %w", err)
	}
	if _, err := c.ExecContext(ctx, `ATTACH ? AS other`, path); err != nil {
		return fmt.Errorf("take over tables: %w", err)
	}
	for _, t := range tables {
		t = quoted([]string{t})
		if _, err := c.ExecContext(ctx, `DELETE FROM main.`+t+`; INSERT INTO main.`+t+` SELECT * FROM other.`+t); err != nil {
			return fmt.Errorf("take over table %s: %w", t, err)
		}
	}
	_, err = c.ExecContext(ctx, `DETACH other`)
	return err
}
