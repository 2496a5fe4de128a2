// Package retention decides what is erased and what must not be. To erase is a
// process of two people in two roles: one asks, another confirms; from then on what
// it is about is hidden from everybody, and after a time in which it can be taken
// back its keys are destroyed. A legal hold wins over it. What remains is the
// record of the erasure, and of who looked.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
	"kith/services/retention/rules"
)

// PendingFor is how long an erasure can be taken back, where nobody says otherwise.
const PendingFor = 30 * 24 * time.Hour

// Config is what a Service stands on.
type Config struct {
	Store *store.Store
	DB    *sqlite.DB // its own, rebuildable; closed by whoever opened it, after Close
	Keys  Keys

	// Subjects are those that are linked to a child, and ChildOf is the child that
	// one of them is part of, if it is part of one.
	Subjects func(context.Context, events.ChildID) ([]Linked, error)
	ChildOf  func(context.Context, events.SubjectID) (events.ChildID, bool, error)

	Derived []Derived // every store that holds something of what the log holds
	// Rebuild derives anew what was purged of these streams, after their keys were released.
	Rebuild func(context.Context, []store.Stream) error

	Rules rules.Packs
	Area  events.AgencyID // whose rules they are: the local authority

	// Expire throws away, once a day, what is kept for a time only.
	Expire func(ctx context.Context, now time.Time) error

	PendingFor time.Duration    // PendingFor, if 0
	Every      time.Duration    // how often to look for what is due; a minute, if 0
	Now        func() time.Time // time.Now, if nil
	Log        *slog.Logger
}

// Keys is what may be done to keys; see services/internal/keys.
type Keys interface {
	Withhold(context.Context, ...store.KeyID) error
	Release(context.Context, ...store.KeyID) error
	Destroy(context.Context, store.KeyID) error
}

// Derived is a store that holds something of what the log holds, or that might.
type Derived struct {
	Name  string
	Holds string // of a person, in words
	// Purge takes out what it derived of what is gone. It may be repeated. Where it
	// is nil nothing has to be: Holds says why.
	Purge func(context.Context, Gone) error
}

// Gone is what cannot be read any more.
type Gone struct {
	Streams []store.Stream
	Since   time.Time // when that was confirmed
	Final   bool      // the keys are destroyed, not withheld
}

// Service decides and carries out. It is safe for concurrent use.
type Service struct {
	Config
	follower *follow.Follower
	cancel   context.CancelFunc
	done     sync.WaitGroup
	wake     chan struct{}

	slow    sync.Mutex // one at a time carries out or brings back
	expired time.Time  // when Expire was last done, and who is over was looked for

	due atomic.Pointer[[]Proposal]

	mu     sync.Mutex                // one at a time withholds or releases keys
	hidden map[events.ErasureID]bool // that this process has hidden
}

const prefix = "retention-"

// The whole log is looked through once a day, the first time a while after the start.
const (
	daily     = 24 * time.Hour
	firstLook = 10 * time.Minute
)

// New starts to follow the log, to hide what is pending and to carry out what is
// due. It returns at once; see Wait.
func New(ctx context.Context, c Config) (*Service, error) {
	s := &Service{Config: c, wake: make(chan struct{}, 1), hidden: map[events.ErasureID]bool{}}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.PendingFor == 0 {
		s.PendingFor = PendingFor
	}
	if s.Every == 0 {
		s.Every = time.Minute
	}
	s.expired = s.Now().Add(firstLook - daily) // a hub that starts has other things to do
	ctx, s.cancel = context.WithCancel(ctx)
	var err error
	s.follower, err = follow.Start(ctx, c.Store, follow.Projection{Model: Model(), DB: c.DB, Log: c.Log, After: s.news})
	if err != nil {
		s.cancel()
		return nil, fmt.Errorf("retention: %w", err)
	}
	s.done.Go(func() { s.work(ctx) })
	return s, nil
}

// Rebuilt says that derived stores were made anew, perhaps from what was read before
// something was hidden: they are purged once more.
func (s *Service) Rebuilt() {
	s.mu.Lock()
	clear(s.hidden)
	s.mu.Unlock()
	s.nudge()
}

// news wakes whoever hides and carries out: perhaps another process decided.
func (s *Service) news(e store.Event) {
	if wants(e.Type) {
		s.nudge()
	}
}

func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // one is enough
	}
}

// Close stops and waits for what it started.
func (s *Service) Close() {
	s.cancel()
	s.done.Wait()
	s.follower.Stop()
}

// Wait returns when List knows of everything up to a position.
func (s *Service) Wait(ctx context.Context, p store.Position) error { return s.follower.Wait(ctx, p) }

// Position is how far the log was read.
func (s *Service) Position() store.Position { return s.follower.Position() }

// caughtUp waits until all that was decided before is known.
func (s *Service) caughtUp(ctx context.Context) error {
	last, err := s.Store.Last(ctx)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	return s.follower.Wait(ctx, last)
}

func isGone(err error) bool { return errors.Is(err, store.ErrKeyGone) }
