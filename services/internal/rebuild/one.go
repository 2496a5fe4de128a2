package rebuild

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
)

// errChecked ends a replacement that was only to compare.
var errChecked = errors.New("compared")

// one compares one model and switches it.
func (c Config) one(ctx context.Context, live, fresh follow.Projection, last store.Position) (Outcome, error) {
	o := Outcome{Model: live.Name}
	at, ahead, err := c.catchUp(ctx, live, last)
	if err != nil {
		return o, err
	}
	o.New = !c.Followed && (at == 0 || ahead) // nothing to compare with
	err = live.DB.Replace(ctx, filepath.Join(c.Dir, live.Name+suffix), func(ctx context.Context) (aside string, err error) {
		began := time.Now()
		defer func() { o.Held = time.Since(began).Seconds() }()
		if err := c.compare(ctx, live, fresh, &o); err != nil {
			return "", err
		}
		if c.Check {
			return "", errChecked
		}
		if !o.Same && at > 0 && !c.Discard {
			o.Aside = live.Name + ".db.differs-" + began.UTC().Format("20060102T150405Z")
			aside = filepath.Join(c.Dir, o.Aside)
		}
		return aside, fresh.DB.Close()
	})
	o.Switched = err == nil
	if errors.Is(err, errChecked) {
		err = nil
	}
	if err == nil && c.Check && !o.Same && !o.New {
		err = ErrDiffers
	}
	return o, err
}

// catchUp returns once the file that serves has seen what its logs hold. A file
// that nobody began, or that knows more than a log, stays as it is.
func (c Config) catchUp(ctx context.Context, live follow.Projection, last store.Position) (at store.Position, ahead bool, err error) {
	for i, p := range c.parts(live) {
		until := last
		if i > 0 {
			if until, err = p.store.Last(ctx); err != nil {
				return 0, false, err
			}
		}
		got, err := c.catchUpPart(ctx, p, until)
		if err != nil {
			return 0, false, err
		}
		ahead = ahead || got > until
		if i == 0 {
			at = got
		}
	}
	return at, ahead, nil
}

func (c Config) catchUpPart(ctx context.Context, live part, last store.Position) (at store.Position, err error) {
	if !c.Followed {
		if err := follow.Build(ctx, live.store, 0, nil, live.Projection); err != nil { // its tables, if it has none
			return 0, err
		}
		if at, err = live.Position(ctx); err != nil || at == 0 || at >= last {
			return at, err
		}
		return last, follow.Build(ctx, live.store, last, nil, live.Projection)
	}
	for at, err = live.Position(ctx); err == nil && at < last; at, err = live.Position(ctx) {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return at, context.Cause(ctx)
		}
	}
	return at, err
}

// compare brings the new one to where the old one stands, while that stands still.
func (c Config) compare(ctx context.Context, live, fresh follow.Projection, o *Outcome) error {
	err := c.alongside(ctx, live, fresh, o)
	if err != nil {
		return err
	}
	d, err := fresh.DB.Digest(ctx, fresh.Uncompared()...)
	if err != nil {
		return err
	}
	o.Digest, o.Rows = sum(d)
	for _, p := range c.parts(fresh) {
		parked, err := p.Parked(ctx)
		if err != nil {
			return err
		}
		o.Parked += len(parked)
	}
	if o.New {
		return nil
	}
	was, err := live.DB.Digest(ctx, live.Uncompared()...)
	if err != nil {
		return err
	}
	if o.Same = was.Sum == d.Sum; o.Same {
		// What was still to be done stays so, and what is done is not done again.
		return fresh.DB.TakeOver(ctx, live.DB, live.Work...)
	}
	if o.Differs, err = sqlite.Difference(ctx, live.DB, fresh.DB, live.Uncompared()...); err != nil {
		return err
	}
	if !c.Always && !c.Check {
		return ErrDiffers
	}
	return nil
}

// alongside brings each part of the new file to where the old one stands in its
// log. Where there is nothing to compare with it stays where it is.
func (c Config) alongside(ctx context.Context, live, fresh follow.Projection, o *Outcome) (err error) {
	old := c.parts(live)
	for i, p := range c.parts(fresh) {
		at, err := old[i].Position(ctx)
		if err == nil && !o.New {
			err = follow.Build(ctx, p.store, at, nil, p.Projection)
		}
		if err != nil {
			return err
		}
	}
	o.Position, err = fresh.Position(ctx)
	return err
}
