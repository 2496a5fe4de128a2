package main

import (
	"context"
	"fmt"
	"path/filepath"

	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/telemetry"
	"kith/services/ledger"
)

// record is what the hub may never lose: the event log, the ledger, and, kept
// apart from both, the keys to their payloads.
type record struct {
	keys   *keys.Keys
	log    *sqlitelog.Log
	reads  *sqlitelog.Log
	store  *store.Store
	ledger *ledger.Ledger
}

// openRecord opens the record in a folder, or begins one there.
func openRecord(ctx context.Context, dir string, m *telemetry.Metrics) (*record, error) {
	var r record
	var err error
	if r.keys, err = keys.Open(ctx, filepath.Join(dir, "keys")); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	if r.log, err = sqlitelog.Open(ctx, filepath.Join(dir, "events.db")); err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	if r.reads, err = sqlitelog.Open(ctx, filepath.Join(dir, "ledger.db")); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	r.store = store.New(m.Timed(r.log), r.keys)
	r.ledger = ledger.New(store.New(r.reads, r.keys))
	return &r, nil
}

func (r *record) close() {
	r.log.Close()
	r.reads.Close()
	r.keys.Close()
}
