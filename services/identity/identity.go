// Package identity decides which subjects are the same child. Facts stay with
// the agency that recorded them; this is a layer of links over them, and every
// link can be undone.
//
// One Identity decides for a log at a time: two that did not see what the other
// had just recorded could link one subject to two children. Those of several
// processes take turns by Config.Lock.
package identity

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
)

// Config is what an Identity stands on.
type Config struct {
	Store *store.Store
	DB    *sqlite.DB // its own, rebuildable; closed by whoever opened it, after Close
	Log   *slog.Logger

	// Lock is held while deciding, where other processes decide for the same log:
	// it must be one and the same lock for all of them. Nil: nobody else does.
	Lock func(context.Context) (unlock func(), err error)
}

// Identity links subjects to children as their items arrive, and on the word of
// a person. It is safe for concurrent use.
type Identity struct {
	store    *store.Store
	db       *sqlite.DB
	file     file
	log      *slog.Logger
	follower *follow.Follower
	wake     chan struct{} // something may be pending
	settled  signal        // something ceased to be
	cancel   context.CancelFunc
	done     sync.WaitGroup

	alone alone
}

// New starts to follow the log and to decide. It returns at once; see Wait.
func New(ctx context.Context, c Config) (*Identity, error) {
	last, err := c.Store.Last(ctx)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	i := &Identity{store: c.Store, db: c.DB, file: file{c.DB.Read}, log: c.Log, wake: make(chan struct{}, 1), alone: alone{lock: c.Lock, last: last}}
	ctx, i.cancel = context.WithCancel(ctx)
	i.follower, err = follow.Start(ctx, c.Store, follow.Projection{
		Model: Model(c.Store.Pseudonym), DB: c.DB, Log: c.Log,
		After: func(e store.Event) {
			if _, ok := e.Event.(events.SubjectLinked); ok {
				i.settled.broadcast() // perhaps another process decided what was pending here
			}
			i.nudge()
		},
	})
	if err != nil {
		i.cancel()
		return nil, fmt.Errorf("identity: %w", err)
	}
	i.nudge()
	i.done.Go(func() { i.work(ctx) })
	return i, nil
}

func (i *Identity) nudge() {
	select {
	case i.wake <- struct{}{}:
	default: // one is enough
	}
}

// Close stops and waits for what it started.
func (i *Identity) Close() {
	i.cancel()
	i.done.Wait()
	i.follower.Stop()
}

// Rebuilt says that another file took the place of the one it read: what that
// has pending is looked at.
func (i *Identity) Rebuilt() { i.nudge() }

// Position is how far the log was read.
func (i *Identity) Position() store.Position { return i.follower.Position() }

// Wait returns when every item up to a position was decided on and ChildOf
// knows what was decided.
func (i *Identity) Wait(ctx context.Context, p store.Position) error {
	if err := i.follower.Wait(ctx, p); err != nil {
		return err
	}
	for {
		changed := i.settled.next()
		var waiting bool
		err := i.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pending WHERE at <= ?)`, p).Scan(&waiting)
		if err != nil || !waiting {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// signal wakes all who wait for the next of something.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) broadcast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
