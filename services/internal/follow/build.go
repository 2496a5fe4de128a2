package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"

	"kith/events"
	"kith/events/store"
)

const (
	part  = 512   // events handed on together
	large = 8_192 // events in one transaction, about
	ahead = 4     // parts that a slow model may be behind a fast one
)

// Build brings models, in files that nobody else writes, up to a position at
// which there is an event. It reads the log once for all of them, opens what at
// least one of them wants, and writes side by side. What was built before is
// kept; the same call with a later position goes on. Events are parked as a
// Follower parks them. Any error that may pass ends it; it can be called again.
//
// Tell, if set, is called now and then with how many more events were read, and up
// to where.
func Build(ctx context.Context, s *store.Store, until store.Position, tell func(events int, at store.Position), ps ...Projection) error {
	bs := make([]*builder, len(ps))
	from := until
	for i, p := range ps {
		if p.Log == nil {
			p.Log = slog.Default()
		}
		err := p.prepare(ctx)
		at := store.Position(0)
		if err == nil {
			at, err = p.Position(ctx)
		}
		if err != nil {
			return fmt.Errorf("build %s: %w", p.Name, err)
		}
		bs[i], from = &builder{p: p, at: at, feed: make(chan []given, ahead)}, min(from, at)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return feed(ctx, s, from, until, tell, bs) })
	for _, b := range bs {
		g.Go(func() error {
			if err := b.run(ctx); err != nil {
				return fmt.Errorf("build %s: %w", b.p.Name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// given is an event and why it could not be read, if so.
type given struct {
	event  store.Event
	unread error
}

// feed reads the log and hands the same events to all.
func feed(ctx context.Context, s *store.Store, from, until store.Position, tell func(int, store.Position), bs []*builder) error {
	defer func() {
		for _, b := range bs {
			close(b.feed)
		}
	}()
	wanted := func(t events.Type) bool {
		return slices.ContainsFunc(bs, func(b *builder) bool { return b.p.wants(t) })
	}
	gs := make([]given, 0, part)
	hand := func() error {
		for _, b := range bs {
			select {
			case b.feed <- gs:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if tell != nil && len(gs) > 0 {
			tell(len(gs), gs[len(gs)-1].event.Position)
		}
		gs = make([]given, 0, part)
		return nil
	}
	for e, err := range s.Scan(ctx, from, until, wanted) {
		if err != nil && e.Position == 0 {
			return err // of the log itself
		}
		if gs = append(gs, given{e, err}); len(gs) == part {
			if err := hand(); err != nil {
				return err
			}
		}
	}
	return hand()
}

// builder writes one model.
type builder struct {
	p    Projection
	at   store.Position // committed
	feed chan []given

	tx      *Tx
	held    []given // wanted, in tx
	careful bool    // one of them failed: there is a way back before each
	seen    int     // events since the last commit, wanted or not
	last    store.Position
}

func (b *builder) run(ctx context.Context) error {
	defer func() {
		if b.tx != nil {
			b.tx.rollback()
		}
	}()
	for gs := range b.feed {
		if err := b.take(ctx, gs); err != nil {
			return err
		}
		if b.seen >= large {
			if err := b.commit(ctx); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // fed no further
	}
	return b.commit(ctx)
}

// take applies what the model wants.
func (b *builder) take(ctx context.Context, gs []given) error {
	for _, g := range gs {
		if g.event.Position <= b.at {
			continue // built before
		}
		b.seen, b.last = b.seen+1, g.event.Position
		if !b.p.wants(g.event.Type) {
			continue
		}
		b.held = append(b.held, g)
		err := b.begin(ctx)
		if err == nil && b.careful {
			err = b.carefully(ctx, g)
		} else if err == nil {
			err = b.apply(ctx, g)
		}
		if errors.Is(err, errCarefully) {
			err = b.again(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) begin(ctx context.Context) (err error) {
	if b.tx == nil {
		b.tx, err = begin(ctx, b.p.DB.Write)
	}
	return err
}

func (b *builder) apply(ctx context.Context, g given) error {
	if g.unread != nil {
		return b.p.unreadable(ctx, b.tx, g.event, g.unread)
	}
	err := b.p.Apply(ctx, b.tx, g.event)
	if err != nil && !passing(ctx, err) {
		return errors.Join(errCarefully, err)
	}
	return err
}

// again does the transaction once more, carefully: some rows of the event that
// failed may have been written.
func (b *builder) again(ctx context.Context) error {
	b.tx.rollback()
	b.tx, b.careful = nil, true
	if err := b.begin(ctx); err != nil {
		return err
	}
	for _, g := range b.held {
		if err := b.carefully(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// carefully applies an event, or parks it without any of its rows.
func (b *builder) carefully(ctx context.Context, g given) error {
	if _, err := b.tx.ExecContext(ctx, `SAVEPOINT before`); err != nil {
		return err
	}
	err := b.apply(ctx, g)
	if errors.Is(err, errCarefully) {
		failed := "apply: " + code(err)
		if _, err = b.tx.ExecContext(ctx, `ROLLBACK TO before`); err == nil {
			err = b.p.park(ctx, b.tx, g.event, failed)
		}
	}
	if err == nil {
		_, err = b.tx.ExecContext(ctx, `RELEASE before`)
	}
	return err
}

func (b *builder) commit(ctx context.Context) error {
	if b.seen == 0 {
		return nil
	}
	if err := b.begin(ctx); err != nil {
		return err
	}
	if err := b.p.reached(ctx, b.tx, b.last); err != nil {
		return err
	}
	if err := b.tx.commit(); err != nil {
		return err
	}
	b.tx, b.held, b.careful, b.seen, b.at = nil, nil, false, 0, b.last
	return nil
}

// Uncompared are the tables and columns that may differ between two files of the
// model that stand at the same position; see sqlite.DB's Digest.
func (m Model) Uncompared() []string { return append([]string{"parked.at"}, m.Work...) }
