package backup

import (
	"context"
	"fmt"
	"path/filepath"

	"kith/services/internal/sqlite"
)

// extent is the last position of a log's copy. It is an error if one before it
// is missing: positions are dense from 1.
func extent(ctx context.Context, path string) (uint64, error) {
	db, err := sqlite.Existing(ctx, path)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var rows, last uint64
	if err := db.QueryRowContext(ctx, `SELECT count(*), coalesce(max(position), 0) FROM events`).Scan(&rows, &last); err != nil {
		return 0, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if rows != last {
		return 0, fmt.Errorf("%s holds %d events up to position %d: some are missing", filepath.Base(path), rows, last)
	}
	return last, nil
}
