package notices

import (
	"context"
	"fmt"

	"kith/events/store"
	"kith/services/internal/sqlite"
)

// What an agency was told of somebody whose record is erased is hidden and, at the
// end, emptied. The messages keep their numbers: an agency that has read up to one
// must not miss the next. A file that is built anew after an erasure cannot know
// them, and numbers what follows otherwise.

// Hide keeps the messages about these streams from being read, or ends that.
func Hide(ctx context.Context, db *sqlite.DB, gone []store.Stream, hidden bool) error {
	return each(ctx, db, gone, `UPDATE told SET hidden = ?2 WHERE %s = ?1 AND type <> ''`, hidden)
}

// Empty takes out what the messages about these streams say.
func Empty(ctx context.Context, db *sqlite.DB, gone []store.Stream) error {
	if err := each(ctx, db, gone, `DELETE FROM owed WHERE 'subject' <> '%[1]s' AND child = ?1`); err != nil {
		return err
	}
	return each(ctx, db, gone, `UPDATE told SET type = '', child = '', item = '', subject = '', detail = '{}', key = 'erased ' || seq WHERE %s = ?1`)
}

// each runs a statement for each stream of which messages follow, with the column
// that names whom they are about.
func each(ctx context.Context, db *sqlite.DB, gone []store.Stream, text string, args ...any) error {
	for _, s := range gone {
		column := map[string]string{"subject": "subject", "child": "child"}[s.Category()]
		if column == "" {
			continue // the child's stream is one of them
		}
		if _, err := db.Write.ExecContext(ctx, fmt.Sprintf(text, column), append([]any{opaque(s)}, args...)...); err != nil {
			return fmt.Errorf("messages about what is erased: %w", err)
		}
	}
	return nil
}

// EmptyAnswers forgets where answers lie in streams that cannot be read any more.
func EmptyAnswers(ctx context.Context, db *sqlite.DB, gone store.Stream) error {
	if _, err := db.Write.ExecContext(ctx, `DELETE FROM outcome WHERE stream = ?`, string(gone)); err != nil {
		return fmt.Errorf("answers that are gone: %w", err)
	}
	return nil
}
