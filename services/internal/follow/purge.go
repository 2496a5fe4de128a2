package follow

import (
	"context"
	"fmt"

	"kith/events/store"
)

// Purge takes out of the file what follows from streams that cannot be read any
// more, in one transaction. What a follower has read of them and not committed yet
// comes after it: whoever wants to be sure purges again once everything up to the
// log's end was followed.
func (p Projection) Purge(ctx context.Context, gone []store.Stream) error {
	if p.Model.Purge == nil {
		return nil
	}
	tx, err := begin(ctx, p.DB.Write)
	if err != nil {
		return fmt.Errorf("purge %s: %w", p.Name, err)
	}
	defer tx.rollback()
	for _, s := range gone {
		if err := p.Model.Purge(ctx, tx, s); err != nil {
			return fmt.Errorf("purge %s: %w", p.Name, err)
		}
	}
	if err := tx.commit(); err != nil {
		return fmt.Errorf("purge %s: %w", p.Name, err)
	}
	return nil
}
