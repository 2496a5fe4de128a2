package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// tidyEach is how long an answered message may still lie in EVENTS.
const tidyEach = time.Second

// tidy takes out of EVENTS, until ctx ends, what was answered: everything before
// the first message that was not. If it fails it is done the next time; nothing
// is handed out again because of it.
func (d *desk) tidy(ctx context.Context) {
	var done uint64
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(tidyEach):
			done = d.purge(ctx, done)
		}
	}
}

// purge answers up to which message EVENTS was emptied. A stream that is a work
// queue, as the first hubs made it, empties itself and may not be purged.
func (d *desk) purge(ctx context.Context, done uint64) uint64 {
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	c, err := d.js.Consumer(ctx, streamEvents, hubConsumer)
	if err != nil || c.CachedInfo().AckFloor.Stream <= done {
		return done
	}
	floor := c.CachedInfo().AckFloor.Stream
	s, err := d.js.Stream(ctx, streamEvents)
	if err != nil || s.CachedInfo().Config.Retention == jetstream.WorkQueuePolicy {
		return done
	}
	if s.Purge(ctx, jetstream.WithPurgeSequence(floor+1)) != nil {
		return done
	}
	return floor
}
