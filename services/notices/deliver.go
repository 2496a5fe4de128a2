package notices

import (
	"context"
	"time"

	"kith/events"
)

const (
	shortPause = 250 * time.Millisecond
	longPause  = 30 * time.Second

	// kept is how long an inbox on NATS keeps a message. What is older is not put
	// there any more, for that it is not there says nothing then.
	kept = 90 * 24 * time.Hour
)

// deliver brings the inbox of one agency on NATS up to date, in order, until ctx
// ends. What lies there already it asks there: no crash can make it forget.
func (in *Inbox) deliver(ctx context.Context, a events.AgencyID) {
	pause := shortPause
	for ctx.Err() == nil {
		err := in.round(ctx, a)
		if ctx.Err() != nil {
			return
		}
		in.Log.WarnContext(ctx, "inbox not delivered; will try again", "agency", string(a), "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longPause)
	}
}

// round ends with ctx or an error.
func (in *Inbox) round(ctx context.Context, a events.AgencyID) error {
	at, err := in.Last(ctx, a)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		ms, err := in.After(ctx, a, at)
		if err != nil {
			return err
		}
		for _, m := range ms {
			if time.Since(m.At) < kept {
				if err := in.Record(ctx, a, m); err != nil {
					return err
				}
				if err := in.Deliver(ctx, a, m); err != nil {
					return err
				}
			}
			at = m.Seq
		}
	}
	return ctx.Err()
}
