package follow

import (
	"context"
	"database/sql"
)

// Tx is a transaction on a model's file. It prepares each statement once: over
// the events of a batch, preparing would cost more than the rows.
type Tx struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

func begin(ctx context.Context, db *sql.DB) (*Tx, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &Tx{tx: tx, prepared: map[string]*sql.Stmt{}}, nil
}

// ExecContext is sql.Tx's.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryRowContext is sql.Tx's.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return t.tx.QueryRowContext(ctx, query, args...) // it says the same
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (t *Tx) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := t.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := t.tx.PrepareContext(ctx, query)
	if err == nil {
		t.prepared[query] = stmt // closed with the transaction
	}
	return stmt, err
}

func (t *Tx) commit() error { return t.tx.Commit() }

func (t *Tx) rollback() { _ = t.tx.Rollback() } // after a commit it does nothing
