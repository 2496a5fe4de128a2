// Package strategy runs strategy discussions under section 47 of the Children
// Act 1989, watches the days that the guidance sets, and knows what became of
// each concern.
package strategy

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
	"kith/services/strategy/rules"
)

// Config is what a Strategy stands on.
type Config struct {
	Store *store.Store
	DB    *sqlite.DB // its own, rebuildable; closed by whoever opened it, after Close
	Rules rules.Packs
	// ChildOf is the child that a subject is part of, if it is part of one.
	ChildOf func(context.Context, events.SubjectID) (events.ChildID, bool, error)
	Now     func() time.Time // time.Now, if nil
	Every   time.Duration    // how often to look for what is overdue; a minute, if 0
	Log     *slog.Logger
}

// Strategy holds discussions and watches clocks. It is safe for concurrent use.
type Strategy struct {
	store    *store.Store
	db       *sqlite.DB
	rules    rules.Packs
	childOf  func(context.Context, events.SubjectID) (events.ChildID, bool, error)
	now      func() time.Time
	log      *slog.Logger
	follower *follow.Follower
	cancel   context.CancelFunc
	done     sync.WaitGroup
}

// New starts to follow the log and to watch the clocks. It returns at once; see
// Wait.
func New(ctx context.Context, c Config) (*Strategy, error) {
	s := &Strategy{store: c.Store, db: c.DB, rules: c.Rules, childOf: c.ChildOf, now: c.Now, log: c.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if c.Every == 0 {
		c.Every = time.Minute
	}
	ctx, s.cancel = context.WithCancel(ctx)
	var err error
	s.follower, err = follow.Start(ctx, c.Store, follow.Projection{Model: Model(c.Store.Pseudonym), DB: c.DB, Log: c.Log})
	if err != nil {
		s.cancel()
		return nil, fmt.Errorf("strategy: %w", err)
	}
	s.done.Go(func() { s.watch(ctx, c.Every) })
	return s, nil
}

// Close stops and waits for what it started.
func (s *Strategy) Close() {
	s.cancel()
	s.done.Wait()
	s.follower.Stop()
}

// Wait returns when Concern and Concerns know of everything up to a position.
func (s *Strategy) Wait(ctx context.Context, p store.Position) error { return s.follower.Wait(ctx, p) }

// Position is how far the log was read.
func (s *Strategy) Position() store.Position { return s.follower.Position() }

// Convene calls a discussion about a child, chaired by whoever the cause names.
// There is one open discussion about a child at most. The same request again
// gives the same id and changes nothing.
func (s *Strategy) Convene(ctx context.Context, c store.Cause, f ConveneForm) (events.DiscussionID, error) {
	if err := f.check(s.rules); err != nil {
		return "", err
	}
	e := events.DiscussionConvened{Child: f.Child, Chair: c.By, Agency: c.For, At: f.At, Reason: f.Reason, Invited: f.Invited}
	e.Discussion = events.DiscussionID(store.NewEventID(stream(f.Child), c.Because, e.Type(), 0).String())
	return e.Discussion, s.transact(ctx, f.Child, c, func(ds discussions) ([]events.Strategy, error) { return convene(ds, e) })
}

// Attend records that whoever the cause names takes part, in a role. Their
// agency must have been invited, or have convened the discussion.
func (s *Strategy) Attend(ctx context.Context, c store.Cause, child events.ChildID, id events.DiscussionID, role string) error {
	var wrong complaints
	wrong.when(blank(role), "role", "Say in which role you take part.")
	if err := wrong.err(); err != nil {
		return err
	}
	e := events.DiscussionAttended{Discussion: id, Actor: c.By, Agency: c.For, Role: role}
	return s.transact(ctx, child, c, func(ds discussions) ([]events.Strategy, error) { return attend(ds, e) })
}

// Decide records what a discussion decided and closes it. If it initiates a
// section 47 enquiry, the rules in force on the day of the discussion set the
// last day for the initial child protection conference.
func (s *Strategy) Decide(ctx context.Context, c store.Cause, child events.ChildID, id events.DiscussionID, f DecisionForm) error {
	if err := f.check(); err != nil {
		return err
	}
	e := events.DecisionRecorded{Discussion: id, Section47: f.Section47, Conduct: f.Conduct, Rationale: f.Rationale, Actions: f.Actions}
	return s.transact(ctx, child, c, func(ds discussions) ([]events.Strategy, error) { return decide(ds, c.For, e, s.rules) })
}

func (s *Strategy) transact(ctx context.Context, child events.ChildID, c store.Cause, f func(discussions) ([]events.Strategy, error)) error {
	_, err := store.Transact(ctx, s.store, stream(child), c, evolve, f)
	return err
}

// Discussion is one discussion about a child as it stands; fault.NotFound if
// there is none with that id.
func (s *Strategy) Discussion(ctx context.Context, child events.ChildID, id events.DiscussionID) (events.Discussion, error) {
	var ds discussions
	for r, err := range s.store.Read(ctx, stream(child), 0) {
		if err != nil {
			return events.Discussion{}, fmt.Errorf("read discussion: %w", err)
		}
		e, ok := r.Event.(events.Strategy)
		if !ok {
			return events.Discussion{}, fmt.Errorf("read discussion: foreign event %s", r.Event.Type())
		}
		ds = evolve(ds, e)
		if d, ok := e.(events.DecisionRecorded); ok {
			ds = ds.with(d.Discussion, func(d *discussion) { d.DecidedAt = &r.At })
		}
	}
	d, ok := ds.find(id)
	if !ok {
		return events.Discussion{}, fault.NotFound
	}
	return d.Discussion, nil
}

func stream(child events.ChildID) store.Stream { return store.Stream("strategy-" + child) }
