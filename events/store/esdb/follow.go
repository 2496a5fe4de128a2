package esdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"kith/events/store"
)

// longest is the longest pause before a subscription that was dropped is begun again.
const longest = 5 * time.Second

// frame is one word of a subscription: an event, how far was searched, or its end.
type frame struct {
	event    *client.RecordedEvent
	searched *client.Position
	err      error
}

// Follow is store.Log's. A subscription of the client ends for good at the first
// trouble; this one is then begun again after the last event that was yielded.
func (l *Log) Follow(ctx context.Context, p store.Position) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		f := following{l: l, last: p, yield: yield}
		if p > 0 {
			f.from = client.Position{Commit: uint64(p), Prepare: uint64(p)}
		} else {
			f.from = client.Start{}
		}
		for try := 1; ; try++ {
			heard, err := f.round(ctx)
			switch {
			case f.stopped || ctx.Err() != nil:
				return
			case !errors.Is(err, ErrUnreachable):
				yield(store.Recorded{}, fmt.Errorf("follow after %d: %w", f.last, err))
				return
			case heard:
				try = 1
			}
			if pause(ctx, try, longest) != nil {
				return
			}
		}
	}
}

// following is one caller's way through the log.
type following struct {
	l       *Log
	from    client.AllPosition // where to begin again
	last    store.Position     // newest that was yielded
	yield   func(store.Recorded, error) bool
	stopped bool // by the caller
}

// round follows one subscription to its end, and says whether it brought anything.
func (f *following) round(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	frames := make(chan frame, chunk)
	go f.l.subscribe(ctx, f.from, frames)
	for {
		select {
		case w := <-frames:
			if w.err != nil {
				return heard, w.err
			}
			heard = true
			if err := f.hear(ctx, w); err != nil || f.stopped {
				return heard, err
			}
		case <-ctx.Done():
			return heard, context.Cause(ctx)
		case <-f.l.quit:
			return heard, ErrClosed
		}
	}
}

func (f *following) hear(ctx context.Context, w frame) error {
	if w.searched != nil {
		f.from = *w.searched // nothing of ours up to there that was not yielded
		return nil
	}
	r, err := f.l.recorded(w.event)
	if err != nil {
		return err
	}
	if r.Position <= f.last {
		return nil
	}
	f.l.learn(r.Position)
	if !f.yield(r, nil) || ctx.Err() != nil {
		f.stopped = true
		return nil
	}
	f.last, f.from = r.Position, w.event.Position
	return nil
}

// subscribe sends the frames of one subscription, the last of which has an error.
func (l *Log) subscribe(ctx context.Context, from client.AllPosition, frames chan<- frame) {
	say := func(w frame) bool {
		select {
		case frames <- w:
			return true
		case <-ctx.Done():
			return false
		}
	}
	h, err := l.clients.take(ctx)
	if err != nil {
		say(frame{err: err})
		return
	}
	life, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.life, cancel)() // move on when the client is replaced
	_, err = use(life, l.clients, h, func(ctx context.Context, c *client.Client) (struct{}, error) {
		return struct{}{}, l.listen(ctx, c, from, say)
	})
	if h.life.Err() != nil || err == nil {
		err = fmt.Errorf("%w: it ended a subscription", ErrUnreachable)
	}
	say(frame{err: err})
}

func (l *Log) listen(ctx context.Context, c *client.Client, from client.AllPosition, say func(frame) bool) error {
	sub, err := c.SubscribeToAll(ctx, client.SubscribeToAllOptions{
		From:               from,
		CheckpointInterval: 32,
		Filter:             &client.SubscriptionFilter{Type: client.StreamFilterType, Prefixes: []string{l.prefix}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = sub.Close() }() // it never fails
	for {
		e := sub.Recv()
		w := frame{searched: e.CheckPointReached}
		switch {
		case e.SubscriptionDropped != nil:
			return e.SubscriptionDropped.Error
		case e.EventAppeared != nil:
			w.event = e.EventAppeared.Event
		case w.searched == nil:
			continue // caught up, fell behind
		}
		if !say(w) {
			return ctx.Err()
		}
	}
}
