package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"kith/events/bus"
	"kith/events/store"
	"kith/services/internal/lock"
	"kith/services/internal/telemetry"
	"kith/services/internal/tree"
)

// How often checkpoints are signed: always at the same pace, since the size of
// a log tells how much happens.
const (
	checkpointEvery     = time.Minute
	demoCheckpointEvery = 5 * time.Second
)

// trees make the event log and the ledger tamper-evident.
type trees struct {
	events, ledger *tree.Tree
	duty           *duty // nil: this hub alone signs
}

// openTrees opens the trees in a folder, of the logs that the record is kept in.
func openTrees(ctx context.Context, dir string, events, ledger store.Reader, s *bus.Signer, every time.Duration, turns *lock.File, keys string, tel *telemetry.Telemetry) (*trees, error) {
	ts := &trees{}
	var signs func() bool
	if turns != nil {
		ts.duty = takeDuty(turns)
		signs = ts.duty.mine.Load
	}
	for _, log := range []struct {
		tree **tree.Tree
		name string
		log  store.Reader
	}{{&ts.events, "events", events}, {&ts.ledger, "ledger", ledger}} {
		shared := ""
		if turns != nil {
			shared = filepath.Join(keys, log.name+".checkpoint")
		}
		t, err := tree.Open(ctx, tree.Config{Log: log.log, Path: filepath.Join(dir, "tree"), Origin: originOf(log.name),
			Signer: s.Note(), Verifier: s.Verifier(), Every: every, Signs: signs, Shared: shared, Logger: tel.Log})
		if err != nil {
			return nil, errors.Join(err, ts.close())
		}
		*log.tree = t
		tel.Metrics.Tree(log.name,
			func() (int64, time.Duration, bool) { n, _ := t.Size(); return n, t.Age(), t.Err() == nil })
	}
	return ts, nil
}

// originOf is the first line of the checkpoints of a log.
func originOf(log string) string { return "kith-hub/" + log }

// signed is the newest checkpoint of a tree, for those who cosign; nothing while
// another hub has the duty.
func (ts *trees) signed(t *tree.Tree) func() []byte {
	return func() []byte {
		if ts.duty != nil && !ts.duty.mine.Load() {
			return nil
		}
		return t.Checkpoint()
	}
}

func (ts *trees) close() (err error) {
	if ts == nil {
		return nil
	}
	for _, t := range []*tree.Tree{ts.events, ts.ledger} {
		if t != nil {
			err = errors.Join(err, t.Close())
		}
	}
	if ts.duty != nil {
		ts.duty.end() // after the last checkpoint
	}
	return err
}
