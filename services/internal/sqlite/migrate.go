package sqlite

import (
	"context"
	"fmt"
)

// Migrate applies the migrations that the file has not had yet, in order, each
// in a transaction of its own. A migration is one or more SQL statements; it is
// known by its place in the list, so once released the list only ever grows.
// A file that a newer build migrated further is refused.
func (db *DB) Migrate(ctx context.Context, migrations ...string) error {
	var had int
	if err := db.Write.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&had); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if had > len(migrations) {
		return fmt.Errorf("migrate: the file has had %d migrations, this build knows %d", had, len(migrations))
	}
	for i := had; i < len(migrations); i++ {
		if err := db.migrate(ctx, i+1, migrations[i]); err != nil {
			return fmt.Errorf("migration %d: %w", i+1, err)
		}
	}
	return nil
}

func (db *DB) migrate(ctx context.Context, number int, text string) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, number)); err != nil {
		return err
	}
	return tx.Commit()
}
