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
// it, and otherwise at the beginning.
func (t *Tree) compare(ctx context.Context, notes [][]byte) error {
	l, n := t.leaves, t.newest.N
	last, err := t.c.Log.Last(ctx)
	if err != nil || t.fault != nil {
		return err
	}
	agrees := l.whole() >= n
	if agrees && n > 0 {
		h, err := tlog.TreeHash(n, l)
		if err != nil {
			return err
		}
		agrees = h == t.newest.Hash
	}
	if agrees {
		agrees, err = t.same(ctx, max(0, n-looked), n, last)
	}
	switch {
	case err != nil:
		return err
	case !agrees:
		return t.rebuild(notes, last)
	}
	t.until = last
	return t.remember(last)
}

// remember goes on from the newest checkpoint and keeps in view what the files
// hold after it. A crash may have left some of that unwritten, so it is made
// again; what is there must be the same.
func (t *Tree) remember(last store.Position) error {
	l := t.leaves
	if err := l.rewind(t.newest.N); err != nil {
		return err
	}
	var err error
	if t.tail, err = openStored(t.c.Path, t.c.Origin); err != nil {
		return err
	}
	if err = t.tail.skip(l.frontier); err != nil {
		return err
	}
	if p, _, ok := t.tail.peek(); ok && l.last >= last {
		t.fail(fmt.Errorf("%w: it ends before position %d, which the tree has", ErrChanged, p))
	}
	return nil
}

// recall compares what is about to be added with what the files held in its place.
func (t *Tree) recall(at store.Position, h tlog.Hash) error {
	p, stored, ok := t.tail.peek()
	if !ok {
		t.tail.close()
		t.tail = nil
		return t.leaves.cut(t.leaves.n)
	}
	if p != at || stored != h {
		t.failed(fmt.Errorf("%w: leaf %d, at position %d, is another event than when it was added, or gone", ErrChanged, t.tail.at, p))
		return t.fault
	}
	t.tail.next()
	if p, _, ok := t.tail.peek(); ok && at >= t.until {
		t.failed(fmt.Errorf("%w: it ends before position %d, which the tree has", ErrChanged, p))
		return t.fault
	}
	return nil
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

// same compares the stored leaves from i to n with the log.
func (t *Tree) same(ctx context.Context, i, n int64, last store.Position) (bool, error) {
	if i == n {
		return true, nil
	}
	var after store.Position
	var err error
	if i > 0 {
		if after, err = t.leaves.position(i - 1); err != nil {
			return false, err
		}
	}
	if after >= last {
		return false, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for r, err := range t.c.Log.Follow(ctx, after) {
		if err != nil {
			return false, err
		}
		p, err := t.leaves.position(i)
		if err != nil {
			return false, err
		}
		hs, err := t.leaves.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil || p != r.Position || hs[0] != t.write.hash(r) {
			return false, err
		}
		if i++; i == n || r.Position >= last {
			return i == n, nil
		}
	}
	return false, context.Cause(ctx)
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
	if t.tail != nil {
		if err := t.recall(r.Position, h); err != nil {
			return err
		}
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
