package tree

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

// looked is how many of the newest leaves under a checkpoint are compared with
// the log at each start. kith verify compares all.
const looked = 256

// again is how long the follower waits when the log cannot be read.
const again = time.Second

// compare finds where to go on: at the newest checkpoint, if the files agree with
// it, and otherwise at the beginning. What the files hold after the checkpoint is
// compared with the log and then kept; a crash may have left some of it unwritten.
func (t *Tree) compare(ctx context.Context, notes [][]byte) error {
	l, n := t.leaves, t.leaves.whole()
	last, err := t.c.Log.Last(ctx)
	if err != nil || t.fault != nil {
		return err
	}
	agrees := n >= t.newest.N
	if agrees && t.newest.N > 0 {
		h, err := tlog.TreeHash(t.newest.N, l)
		if err != nil {
			return err
		}
		agrees = h == t.newest.Hash
	}
	if !agrees {
		return t.rebuild(notes, last)
	}
	same, upTo, err := t.same(ctx, max(0, t.newest.N-looked), n, last)
	switch {
	case err != nil:
		return err
	case !same && upTo < t.newest.N:
		return t.rebuild(notes, last)
	case !same:
		if err := l.cut(upTo); err != nil {
			return err
		}
		t.fail(fmt.Errorf("%w: leaf %d is another event than when it was added, or gone", ErrChanged, upTo))
		return nil
	}
	return l.cut(upTo)
}

// rebuild begins at the first event. On the way the tree must agree with every
// checkpoint that was kept.
func (t *Tree) rebuild(notes [][]byte, last store.Position) error {
	t.c.Logger.Warn("building the tree anew from the log: its files are missing or damaged", "what", t.c.Origin)
	for _, signed := range notes {
		c, err := ParseCheckpoint(signed, t.c.Origin, t.key)
		if err != nil {
			t.fail(fmt.Errorf("one of the kept checkpoints: %w", err))
			return nil
		}
		if c.N > 0 {
			t.pending = append(t.pending, c)
		}
	}
	slices.SortStableFunc(t.pending, func(a, b Checkpoint) int { return int(a.N - b.N) })
	if last == 0 && t.newest.N > 0 {
		t.fail(fmt.Errorf("%w: it is empty and had %d events", ErrChanged, t.newest.N))
		return nil
	}
	t.until = last
	return t.leaves.cut(0)
}

// same compares the stored leaves from i to n with the log. It says up to which
// leaf they agree; same is false where the log holds something else or ends.
func (t *Tree) same(ctx context.Context, i, n int64, last store.Position) (same bool, upTo int64, err error) {
	l := t.leaves
	if i == n {
		return true, n, nil
	}
	var after store.Position
	if i > 0 {
		if after, err = l.position(i - 1); err != nil {
			return false, i, err
		}
	}
	if after >= last {
		return false, i, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for r, err := range t.c.Log.Follow(ctx, after) {
		if err != nil {
			return false, i, err
		}
		p, err := l.position(i)
		if err != nil {
			return false, i, err
		}
		h, err := l.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil {
			return false, i, err
		}
		if i >= t.newest.N && (p == 0 || h[0] == tlog.Hash{}) {
			return true, i, nil // never written: a crash cut it off
		}
		if p != r.Position || h[0] != t.write.hash(r) {
			return false, i, nil
		}
		if i++; i == n {
			return true, n, nil
		}
		if r.Position >= last {
			return false, i, nil
		}
	}
	return false, i, context.Cause(ctx)
}

// follow appends what the log holds and what it gets, until ctx ends.
func (t *Tree) follow(ctx context.Context) {
	for ctx.Err() == nil && t.Err() == nil {
		_, after := t.Size()
		err := t.take(ctx, after)
		if err == nil || ctx.Err() != nil {
			return
		}
		t.c.Logger.Warn("cannot follow the log; trying again", "what", t.c.Origin, "error", err)
		select {
		case <-time.After(again):
		case <-ctx.Done():
		}
	}
}

func (t *Tree) take(ctx context.Context, after store.Position) error {
	for r, err := range t.c.Log.Follow(ctx, after) {
		if err == nil {
			err = t.add(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add appends one event.
func (t *Tree) add(r store.Recorded) error {
	h := t.write.hash(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fault != nil {
		return t.fault
	}
	if r.Position <= t.leaves.last {
		t.failed(fmt.Errorf("%w: position %d came after %d", ErrChanged, r.Position, t.leaves.last))
		return t.fault
	}
	t.leaves.add(r.Position, h)
	if len(t.pending) > 0 {
		t.agree(r.Position)
	}
	if t.leaves.full() {
		return errors.Join(t.fault, t.leaves.flush())
	}
	return t.fault
}

// agree compares a tree under construction with the checkpoint of its size.
func (t *Tree) agree(at store.Position) {
	for len(t.pending) > 0 && t.pending[0].N == t.leaves.n {
		if h := t.leaves.root(); h != t.pending[0].Hash {
			t.failed(fmt.Errorf("%w: its first %d events are not those of the checkpoint of that size", ErrChanged, t.leaves.n))
			return
		}
		t.pending = t.pending[1:]
	}
	if len(t.pending) > 0 && at >= t.until {
		t.failed(fmt.Errorf("%w: it ends after %d events and had %d", ErrChanged, t.leaves.n, t.newest.N))
	}
}
