// Package childview is the shared view of a child: the fold over the streams of
// all subjects that are linked to the child. It holds no copy of what they say;
// each picture is read from the event store, so an unlinked subject, a withdrawn
// consent or a destroyed key shows in the very next one.
package childview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/events"
	"kith/events/store"
	"kith/services/fault"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
)

// Config is what a View stands on.
type Config struct {
	Store *store.Store
	DB    *sqlite.DB       // its own, rebuildable; closed by whoever opened it, after Close
	Now   func() time.Time // time.Now, if nil
	Log   *slog.Logger
}

// View makes pictures of children and says when one changed. It is safe for
// concurrent use.
type View struct {
	store    *store.Store
	now      func() time.Time
	links    links
	live     broadcast
	recent   recent
	follower *follow.Follower
	log      *slog.Logger
}

// New starts to follow the log for what changes. It returns at once; see Wait.
func New(ctx context.Context, c Config) (*View, error) {
	v := &View{store: c.Store, now: c.Now, links: links{c.DB.Read}, log: c.Log}
	if v.now == nil {
		v.now = time.Now
	}
	var err error
	v.follower, err = follow.Start(ctx, c.Store, follow.Projection{
		Model: Model(), DB: c.DB, Log: c.Log, After: func(e store.Event) { v.announce(ctx, e) },
	})
	if err != nil {
		return nil, fmt.Errorf("childview: %w", err)
	}
	return v, nil
}

// Past returns a View of a log that others write: it makes pictures, and neither
// follows nor announces anything.
func Past(st *store.Store) *View { return &View{store: st, now: time.Now} }

// Close stops following and ends all subscriptions.
func (v *View) Close() {
	v.follower.Stop()
	v.live.close()
}

// Wait returns when everything up to a position was read. Announcements follow
// at once; a Picture waits for neither.
func (v *View) Wait(ctx context.Context, p store.Position) error { return v.follower.Wait(ctx, p) }

// Position is how far the log was read.
func (v *View) Position() store.Position { return v.follower.Position() }

// Picture is all that the hub holds about a child now or, if asKnownAt is given,
// held at that moment. It waits for nothing: what was appended before the call is
// in it. A child without linked subjects is fault.NotFound; one that has some now
// but had none at that moment has an empty picture.
//
// Only services/disclosure may hand on any of it.
func (v *View) Picture(ctx context.Context, child events.ChildID, asKnownAt *time.Time) (events.Picture, error) {
	until, err := v.store.Last(ctx)
	if err != nil {
		return events.Picture{}, fmt.Errorf("picture: %w", err)
	}
	return v.PictureUntil(ctx, child, asKnownAt, until, v.now())
}

// PictureUntil is what Picture said at a moment at which the log ended at a
// position. What came later is not in it; what was erased since is not either.
func (v *View) PictureUntil(ctx context.Context, child events.ChildID, asKnownAt *time.Time, until store.Position, now time.Time) (events.Picture, error) {
	h, err := v.history(ctx, child, asKnownAt, until)
	if errors.Is(err, store.ErrKeyGone) {
		return events.Picture{}, fault.NotFound
	}
	if err != nil {
		return events.Picture{}, fmt.Errorf("picture: %w", err)
	}
	p := Fold(child, h, asKnownAt, now)
	if len(p.Subjects) == 0 && (asKnownAt == nil || len(standing(h.Links)) == 0) {
		return events.Picture{}, fault.NotFound
	}
	p.Log = uint64(until)
	return p, nil
}

// People are the persons that some subjects are, each as its items describe them:
// more than one description where they changed. Only services/disclosure may hand
// on any of it.
func (v *View) People(ctx context.Context, ids []events.SubjectID) (ps []events.Person, _ error) {
	until, err := v.store.Last(ctx)
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	for _, id := range ids {
		es, err := v.readLeft(ctx, "subject-"+store.Stream(id), until)
		if err != nil {
			return nil, fmt.Errorf("people: %w", err)
		}
		for _, e := range es {
			if i, ok := e.Event.(events.Item); ok {
				ps = append(ps, i.Person)
			}
		}
	}
	return ps, nil
}

// history reads the streams of the child and, side by side, of each subject that
// bears on the picture, as far as they went when the log ended at a position: so
// that all of a picture is of one moment.
func (v *View) history(ctx context.Context, child events.ChildID, asKnownAt *time.Time, end store.Position) (History, error) {
	var h History
	links, err := v.read(ctx, "child-"+store.Stream(child), 0)
	if h.Links = before(links, end); err != nil || len(h.Links) == 0 {
		return h, err
	}
	linked := standing(h.Links)
	if asKnownAt != nil {
		linked = standing(until(h.Links, *asKnownAt))
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	g.Go(func() (err error) {
		h.Strategy, err = v.readLeft(ctx, "strategy-"+store.Stream(child), end)
		return err
	})
	g.Go(func() (err error) { h.Consents, err = v.readLeft(ctx, "consent-"+store.Stream(child), end); return err })
	h.Items, h.Gone = map[events.SubjectID][]store.Event{}, map[events.SubjectID]bool{}
	var mu sync.Mutex
	for _, l := range linked {
		g.Go(func() error {
			es, err := v.readRecent(ctx, "subject-"+store.Stream(l.Subject), end)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, store.ErrKeyGone) {
				h.Gone[l.Subject] = true
				return nil
			}
			h.Items[l.Subject] = es
			return err
		})
	}
	return h, g.Wait()
}

// readLeft reads what is left of a stream up to a position: nothing, once its key
// was destroyed.
func (v *View) readLeft(ctx context.Context, s store.Stream, end store.Position) ([]store.Event, error) {
	es, err := v.readRecent(ctx, s, end)
	if errors.Is(err, store.ErrKeyGone) {
		return nil, nil
	}
	return es, err
}

func (v *View) readRecent(ctx context.Context, s store.Stream, end store.Position) ([]store.Event, error) {
	es, err := v.readOn(ctx, s, v.recent.take(s))
	if err != nil {
		v.recent.forget(s)
	}
	if err == nil && len(es) > 0 {
		v.recent.keep(s, es, v.now())
	}
	return before(es, end), err
}

// Forget drops what is kept opened of streams that cannot be read any more.
func (v *View) Forget(gone []store.Stream) {
	for _, s := range gone {
		v.recent.forget(s)
	}
}

// before is what of a stream the log held when it ended at a position.
func before(es []store.Event, end store.Position) []store.Event {
	n := len(es)
	for n > 0 && es[n-1].Position > end {
		n--
	}
	return es[:n:n]
}

// readOn reads a stream of which the first events are known already. It reads
// the last of those again: if its key is gone, so is all that is known.
func (v *View) readOn(ctx context.Context, s store.Stream, known []store.Event) ([]store.Event, error) {
	if len(known) == 0 {
		return v.read(ctx, s, 0)
	}
	before := known[:len(known)-1]
	after := store.Revision(0)
	if len(before) > 0 {
		after = before[len(before)-1].Revision
	}
	more, err := v.read(ctx, s, after)
	return slices.Concat(before, more), err
}

func (v *View) read(ctx context.Context, s store.Stream, after store.Revision) ([]store.Event, error) {
	var es []store.Event
	for e, err := range v.store.Read(ctx, s, after) {
		if err != nil {
			return nil, err
		}
		es = append(es, e)
	}
	return es, nil
}
