package tree

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// signAll signs a checkpoint at each tick: the size of a checkpoint tells how
// much happened, and a fixed pace tells no more than that.
func (t *Tree) signAll(ctx context.Context) {
	tick := time.NewTicker(t.c.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if t.c.Signs != nil && !t.c.Signs() {
				continue
			}
			if err := t.Sign(); err != nil && t.Err() == nil {
				t.c.Logger.Error("cannot sign a checkpoint; trying again", "what", t.c.Origin, "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Sign signs a checkpoint of the tree as it is, if it grew since the newest. It
// returns when that is on stable storage. The tree calls it at its own pace;
// calling it besides is for tests.
func (t *Tree) Sign() error {
	t.signing.Lock()
	defer t.signing.Unlock()
	c, grew, err := t.next()
	if err != nil || !grew {
		return err
	}
	signed, err := c.sign(t.c.Signer)
	if err == nil {
		err = errors.Join(t.leaves.sync(), t.kept.add(signed))
	}
	if err != nil {
		return fmt.Errorf("sign a checkpoint of %s: %w", t.c.Origin, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.newest, t.signed, t.at = c, signed, time.Now()
	return nil
}

// next is what there is to sign. There are never two roots of one size, and
// never a smaller size after a larger one.
func (t *Tree) next() (c Checkpoint, grew bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.leaves
	if t.fault != nil || l.n < t.newest.N || len(t.pending) > 0 { // not there yet
		return c, false, t.fault
	}
	if err := l.flush(); err != nil {
		return c, false, err
	}
	c = Checkpoint{Origin: t.c.Origin, Tree: tlog.Tree{N: l.n, Hash: l.root()}}
	if l.n > t.newest.N {
		return c, true, nil
	}
	if l.n > 0 && c.Hash != t.newest.Hash {
		t.failed(fmt.Errorf("%w: %d events have another root than was signed", ErrChanged, l.n))
		return c, false, t.fault
	}
	t.at = time.Now()
	return c, false, nil
}
