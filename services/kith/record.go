package main

import (
	"context"
	"fmt"
	"path/filepath"

	"kith/events/bus"
	"kith/events/store"
	"kith/services/internal/keys"
	"kith/services/internal/lock"
	"kith/services/internal/telemetry"
	"kith/services/ledger"
)

// record is what the hub may never lose: the event log, the ledger, and, kept
// apart from both, the keys to their payloads.
type record struct {
	keys   *keys.Keys
	log    closable
	reads  closable
	store  *store.Store
	shown  *store.Store // what the ledger stands on
	ledger *ledger.Ledger
}

// openRecord opens the record of a hub, or begins one.
func openRecord(ctx context.Context, p partnership, m *telemetry.Metrics) (*record, error) {
	var r record
	if err := r.open(ctx, p); err != nil {
		r.close()
		return nil, err
	}
	r.store = store.New(m.Timed(r.log), r.keys)
	r.shown = store.New(r.reads, r.keys)
	r.ledger = ledger.New(r.shown)
	if p.shared() {
		r.ledger = ledger.NewSparse(r.shown)
	}
	return &r, nil
}

func (r *record) open(ctx context.Context, p partnership) (err error) {
	if r.log, err = p.store.open(ctx, p.dir, "events"); err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	if r.reads, err = p.store.open(ctx, p.dir, "ledger"); err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	last, err := r.log.Last(ctx)
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	if last > 0 && !there(filepath.Join(p.keysDir(), "master.key")) {
		// New keys would open nothing, and name everybody anew.
		return fmt.Errorf("open keys: the event log holds events and there are no keys in %s; put them back from their backup", p.keysDir())
	}
	if r.keys, err = keys.Open(ctx, p.keysDir()); err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	return nil
}

func (r *record) close() {
	if r.reads != nil {
		r.reads.Close()
	}
	if r.log != nil {
		r.log.Close()
	}
	if r.keys != nil {
		r.keys.Close()
	}
}

func (p partnership) keysDir() string {
	if p.keys == "" {
		return filepath.Join(p.dir, "keys")
	}
	return p.keys
}

// shared tells whether other hubs may have the same log.
func (p partnership) shared() bool { return p.store.Kind == storeEventStoreDB }

// turns is what the hubs of one log take turns by, at one thing each; nil where
// there is only this one. It lies with the keys, which they share too.
func (p partnership) turns(at string) *lock.File {
	if !p.shared() {
		return nil
	}
	return lock.New(filepath.Join(p.keysDir(), at+".lock"))
}

// openSigner opens the key that receipts are signed with. Several hubs that
// begin together make one between them.
func openSigner(ctx context.Context, dir string) (*bus.Signer, error) {
	unlock, err := lock.New(filepath.Join(dir, "open.lock")).Lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the receipt key: %w", err)
	}
	defer unlock()
	return bus.NewSigner(filepath.Join(dir, "receipts.key"))
}
