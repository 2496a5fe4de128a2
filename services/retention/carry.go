package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/events/store"
)

// self acts where no person does.
const self events.ActorID = "retention"

// again is how soon after a failure it is tried again: what was confirmed must not
// stay visible.
const again = time.Second

// work hides what was confirmed, brings back what was cancelled and carries out
// what is due, until ctx ends.
func (s *Service) work(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-t.C:
		}
		next := s.Every
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "an erasure is not carried out; will try again", "error", err)
			next = again
		}
		t.Reset(next)
	}
}

// Tick does what is to be done now. It may be called at any time and as often as
// one likes; what a crash cut off it completes.
func (s *Service) Tick(ctx context.Context) error {
	err := s.hideAll(ctx)
	s.slow.Lock()
	defer s.slow.Unlock()
	return errors.Join(err, s.each(ctx, s.step), s.expire(ctx))
}

// expire is done once a day: it throws away what is kept for a time only, and looks
// for whose time is over.
func (s *Service) expire(ctx context.Context) error {
	now := s.Now()
	if now.Sub(s.expired) < daily {
		return nil
	}
	due, err := s.propose(ctx)
	if err != nil {
		return fmt.Errorf("look for whose time is over: %w", err)
	}
	s.due.Store(&due)
	if s.Expire != nil {
		if err := s.Expire(ctx, now); err != nil {
			return fmt.Errorf("throw away what is kept for a time only: %w", err)
		}
	}
	s.expired = now
	return nil
}

// hideAll waits for nothing that takes long.
func (s *Service) hideAll(ctx context.Context) error { return s.each(ctx, s.hide) }

func (s *Service) each(ctx context.Context, do func(context.Context, about, Erasure, []about) error) error {
	all, err := s.known(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range all {
		for _, e := range a.Erasures {
			if err := do(ctx, a, e, all); err != nil {
				errs = append(errs, fmt.Errorf("erasure %s: %w", e.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

// step brings one erasure as far as it can be now.
func (s *Service) step(ctx context.Context, a about, e Erasure, all []about) error {
	anchor := a.anchor
	if e.Stage == Pending && !e.Due.After(s.Now()) {
		elsewhere := holds(all, anchor, e.Subjects)
		err := s.record(ctx, anchor, "begin "+string(e.ID), func(st state) (decision, error) { return begin(st, e.ID, s.Now(), elsewhere) })
		if err != nil {
			return err
		}
		if e, err = s.now(ctx, anchor, e); err != nil {
			return err
		}
	}
	switch e.Stage {
	case Begun:
		return s.carryOut(ctx, anchor, e)
	case Cancelled:
		return s.undo(ctx, anchor, e, all)
	default: // it waits for somebody, for its day, or for nothing
		return nil
	}
}

// hide makes unreadable, once in each process, what an erasure is about. What was
// carried out by another process while this one was down is purged here too.
func (s *Service) hide(ctx context.Context, a about, e Erasure, _ []about) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden[e.ID] {
		return nil
	}
	e, err := s.now(ctx, a.anchor, e) // nobody brings it back meanwhile
	if err != nil || e.ConfirmedBy == nil || e.Stage == Cancelled || e.Stage == Undone {
		return err
	}
	g := gone(e)
	if e.Stage == Pending {
		if err := s.Keys.Withhold(ctx, keysOf(g.Streams)...); err != nil {
			return err
		}
	}
	if _, err := s.purge(ctx, g); err != nil {
		return err
	}
	s.hidden[e.ID] = true
	return nil
}

// now is an erasure as its stream has it by now.
func (s *Service) now(ctx context.Context, anchor string, was Erasure) (Erasure, error) {
	st, _, err := store.Fold(ctx, s.Store, store.Stream(prefix+anchor), evolve)
	e, _ := st.find(was.ID)
	e.ConfirmedAt = was.ConfirmedAt
	return e, err
}

func gone(e Erasure) Gone {
	g := Gone{Streams: streams(e.Subjects, e.Child)}
	if e.ConfirmedAt != nil {
		g.Since = *e.ConfirmedAt
	}
	return g
}

// purge asks every derived store, also after one failed.
func (s *Service) purge(ctx context.Context, g Gone) (names []string, err error) {
	for _, d := range s.Derived {
		if d.Purge == nil {
			continue
		}
		if one := d.Purge(ctx, g); one != nil {
			err = errors.Join(err, fmt.Errorf("purge %s: %w", d.Name, one))
			continue
		}
		names = append(names, d.Name)
	}
	return names, err
}

// carryOut destroys the keys, then purges once more: nothing can be derived anew.
func (s *Service) carryOut(ctx context.Context, anchor string, e Erasure) error {
	g := gone(e)
	g.Final = true
	for _, id := range keysOf(g.Streams) {
		if err := s.Keys.Destroy(ctx, id); err != nil {
			return err
		}
	}
	stores, err := s.purge(ctx, g)
	if err != nil {
		return err
	}
	done := events.ErasureCarriedOut{Erasure: e.ID, Keys: len(g.Streams), Stores: stores}
	err = s.record(ctx, anchor, "carry out "+string(e.ID), func(st state) (decision, error) { return carriedOut(st, done) })
	if err == nil {
		s.Log.InfoContext(ctx, "an erasure was carried out")
	}
	return err
}

// undo brings back what was hidden. Until the derived stores are made anew a child
// may be read and not found.
func (s *Service) undo(ctx context.Context, anchor string, e Erasure, all []about) error {
	s.mu.Lock()
	err := s.Keys.Release(ctx, s.free(e, all)...)
	delete(s.hidden, e.ID)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.Rebuild(ctx, gone(e).Streams); err != nil {
		return err
	}
	return s.record(ctx, anchor, "undo "+string(e.ID), func(st state) (decision, error) { return undone(st, e.ID) })
}

// free are the keys of an erasure that no other one withholds.
func (s *Service) free(e Erasure, all []about) (ids []store.KeyID) {
	taken := map[store.KeyID]bool{}
	for _, a := range all {
		for _, x := range a.Erasures {
			if x.ID != e.ID && (x.Stage == Pending || x.Stage == Begun) {
				for _, id := range keysOf(gone(x).Streams) {
					taken[id] = true
				}
			}
		}
	}
	return slices.DeleteFunc(keysOf(gone(e).Streams), func(id store.KeyID) bool { return taken[id] })
}

// record appends what the hub itself decided.
func (s *Service) record(ctx context.Context, anchor, because string, f func(state) (decision, error)) error {
	_, err := store.Transact(ctx, s.Store, store.Stream(prefix+anchor), store.Cause{By: self, For: "hub", Because: because}, evolve, f)
	return err
}

// holds tells whether a hold stands, in the records of anybody else, on one of
// these subjects: one that was parted from the child or joined with it since.
func holds(all []about, anchor string, ids []events.SubjectID) bool {
	for _, a := range all {
		for _, h := range a.Holds {
			if a.anchor != anchor && h.Stands() && shares(h.Subjects, ids) {
				return true
			}
		}
	}
	return false
}
