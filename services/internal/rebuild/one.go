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
	at, err := c.catchUp(ctx, live, last)
	if err != nil {
		return o, err
	}
	o.New = !c.Followed && (at == 0 || at > last) // nothing to compare with
	err = live.DB.Replace(ctx, filepath.Join(c.Dir, live.Name+suffix), func(ctx context.Context) (aside string, err error) {
		began := time.Now()
		defer func() { o.Held = time.Since(began).Seconds() }()
		if err := c.compare(ctx, live, fresh, &o); err != nil {
			return "", err
		}
		if c.Check {
			return "", errChecked
		}
		if !o.Same && at > 0 {
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

// catchUp returns once the model that serves has seen what the new one has. A
// file that nobody began, or that knows more than the log, stays as it is.
func (c Config) catchUp(ctx context.Context, live follow.Projection, last store.Position) (at store.Position, err error) {
	if !c.Followed {
		if err := follow.Build(ctx, c.Store, 0, nil, live); err != nil { // its tables, if it has none
			return 0, err
		}
		if at, err = live.Position(ctx); err != nil || at == 0 || at >= last {
			return at, err
		}
		return last, follow.Build(ctx, c.Store, last, nil, live)
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
	at, err := live.Position(ctx)
	if err == nil && !o.New {
		err = follow.Build(ctx, c.Store, at, nil, fresh)
	}
	if err != nil {
		return err
	}
	if o.Position, err = fresh.Position(ctx); err != nil {
		return err
	}
	d, err := fresh.DB.Digest(ctx, fresh.Uncompared()...)
	if err != nil {
		return err
	}
	o.Digest, o.Rows = sum(d)
	parked, err := fresh.Parked(ctx)
	if o.Parked = len(parked); err != nil || o.New {
		return err
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
