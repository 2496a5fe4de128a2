package edge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Forget lets go of the text of what was refused, of the slips of what stands, and of
// records that could not be translated, where names says so. What waits for the hub stays, and is refused if
// it names somebody whose record was erased.
func (e *Edge) Forget(ctx context.Context, names func(body []byte) bool) error {
	if err := e.box.forgetBodies(ctx, names); err != nil {
		return fmt.Errorf("forget in the outbox of %s: %w", e.agency.ID, err)
	}
	return nil
}

// ForgetIn is Forget in an outbox that nobody has open.
func ForgetIn(ctx context.Context, path string, names func(body []byte) bool) error {
	b, err := openOutbox(ctx, path)
	if err != nil {
		return fmt.Errorf("forget in an outbox: %w", err)
	}
	return errors.Join(b.forgetBodies(ctx, names), b.Close())
}

func (b *outbox) forgetBodies(ctx context.Context, names func([]byte) bool) error {
	for _, t := range []struct{ find, forget string }{
		{`SELECT seq, body FROM outbox WHERE refused AND body IS NOT NULL`, `UPDATE outbox SET body = NULL WHERE seq = ?`},
		{`SELECT seq, slip FROM outbox WHERE slip IS NOT NULL`, `UPDATE outbox SET slip = NULL WHERE seq = ?`},
		{`SELECT seq, body FROM unread`, `DELETE FROM unread WHERE seq = ?`},
	} {
		seqs, err := b.naming(ctx, t.find, names)
		if err != nil {
			return err
		}
		for _, seq := range seqs {
			if _, err := b.Write.ExecContext(ctx, t.forget, seq); err != nil {
				return err
			}
		}
	}
	// What a row loses when it gets shorter SQLite may leave in its page: the file is
	// written anew.
	if _, err := b.Write.ExecContext(ctx, `VACUUM`); err != nil {
		return err
	}
	return b.Empty(ctx)
}

func (b *outbox) naming(ctx context.Context, find string, names func([]byte) bool) (seqs []int64, err error) {
	rs, err := b.Read.QueryContext(ctx, find)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	for rs.Next() {
		var seq int64
		var body sql.RawBytes
		if err := rs.Scan(&seq, &body); err != nil {
			return nil, err
		}
		if names(body) {
			seqs = append(seqs, seq)
		}
	}
	return seqs, rs.Err()
}
