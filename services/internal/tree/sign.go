package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	if err == nil && grew {
		grew, err = t.goesOn(c)
	}
	if err != nil || !grew {
		return err
	}
	signed, err := c.sign(t.c.Signer)
	if err == nil {
		err = t.leaves.sync()
	}
	if err == nil && t.c.Shared != "" {
		err = replace(t.c.Shared, signed)
	}
	if err == nil {
		err = t.keep(c, signed)
	}
	if err != nil {
		return fmt.Errorf("sign a checkpoint of %s: %w", t.c.Origin, err)
	}
	return nil
}

// keep makes a checkpoint the newest, once it is on stable storage.
func (t *Tree) keep(c Checkpoint, signed []byte) error {
	if err := t.kept.add(signed); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.newest, t.signed, t.at = c, signed, time.Now()
	return nil
}

// goesOn compares what is about to be signed with what any hub of this log signed
// last. Another hub may have seen more: then it is not this one's turn.
func (t *Tree) goesOn(c Checkpoint) (bool, error) {
	if t.c.Shared == "" {
		return true, nil
	}
	signed, err := os.ReadFile(t.c.Shared)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("sign a checkpoint of %s: %w", t.c.Origin, err)
	}
	last, err := ParseCheckpoint(signed, t.c.Origin, t.key)
	if err != nil {
		t.fail(fmt.Errorf("the checkpoint that the hubs of this log share: %w", err))
		return false, t.Err()
	}
	if c.N < last.N {
		return false, nil
	}
	t.mu.Lock()
	h, err := tlog.TreeHash(last.N, t.leaves)
	t.mu.Unlock()
	if err != nil {
		return false, err
	}
	if h != last.Hash {
		t.fail(fmt.Errorf("%w: a hub of this log signed other events than its first %d", ErrChanged, last.N))
		return false, t.Err()
	}
	if last.N > t.newest.N {
		err = t.keep(last, signed)
	}
	return c.N > last.N, err
}

// replace puts a file in place, whole and on stable storage.
func replace(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
