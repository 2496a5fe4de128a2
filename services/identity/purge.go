package identity

import (
	"context"

	"kith/events/store"
	"kith/services/internal/follow"
)

// purge takes out of the index the keys of a subject, or what a child's stream said:
// who is part of it and who may be. That somebody said of two subjects that they are
// apart goes with either of them.
func purge(ctx context.Context, tx *follow.Tx, gone store.Stream) error {
	w, id := writer{ctx: ctx, tx: tx}, opaque(gone)
	switch gone.Category() {
	case "subject":
		for _, text := range []string{
			`DELETE FROM key WHERE subject = ?`,
			`DELETE FROM pending WHERE subject = ?`,
			`DELETE FROM apart WHERE a = ?1 OR b = ?1`,
			`DELETE FROM subject WHERE subject = ? AND child IS NULL`,
		} {
			w.do(text, id)
		}
	case "child":
		for _, text := range []string{
			`DELETE FROM candidate WHERE child = ?`,
			`DELETE FROM candidate WHERE subject IN (SELECT subject FROM subject WHERE child = ? AND subject NOT IN (SELECT subject FROM key))`,
			`DELETE FROM subject WHERE child = ? AND subject NOT IN (SELECT subject FROM key)`,
			`UPDATE subject SET child = NULL WHERE child = ?`,
			`DELETE FROM child WHERE child = ?`,
		} {
			w.do(text, id)
		}
	case "strategy", "consent", "sharing":
		// That there was something is known of the child, and goes with it.
	}
	return w.err
}
