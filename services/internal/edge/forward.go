package edge

import (
	"context"
	"time"

	"kith/events/bus"
)

const (
	batch      = 256
	batchBytes = 8 << 20                // what is published at once has to get through in seconds
	look       = 2 * time.Second        // without a nudge, for what is due again
	soon       = 250 * time.Millisecond // after a first failure
	longest    = 30 * time.Second       // after many
	ahead      = 2 * widest             // how far to look past what has to wait for its turn
)

// forward sends what is unanswered, in order, for as long as the Edge is open.
// It starts from the beginning each time: what a former process sent may be lost.
func (e *Edge) forward(ctx context.Context) {
	wait := soon
	for ctx.Err() == nil {
		sent, err := e.send(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			e.log.Warn("the outbox cannot send", "agency", e.agency.ID, "error", err)
			pause(ctx, nil, wait)
			wait = min(2*wait, longest)
		case sent == 0:
			wait = soon
			pause(ctx, e.wake, look)
		default:
			wait = soon
		}
	}
}

// send publishes the next batch: what is due again, else what is new.
func (e *Edge) send(ctx context.Context) (int, error) {
	rows, again, err := e.next(ctx)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ms := make([]bus.Message, len(rows))
	for i, r := range rows {
		ms[i] = bus.Message{Header: map[string][]string{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}, Body: r.body}
		if r.trace != "" {
			ms[i].Header["traceparent"] = []string{r.trace}
		}
	}
	e.flying.add(rows, time.Now()) // before, so that no answer can be faster
	if err := e.link.Publish(ctx, ms...); err != nil {
		if !again {
			e.flying.landed(seqs(rows)) // they are still new
		}
		return 0, err
	}
	return len(rows), nil
}

// next picks what to send, and says whether it was sent before.
func (e *Edge) next(ctx context.Context) (rows []row, again bool, err error) {
	if late := e.flying.late(time.Now(), batch); len(late) > 0 {
		rows, err := e.box.these(ctx, late)
		if err != nil {
			return nil, true, err
		}
		e.flying.keepOnly(late, rows)
		if len(rows) > 0 {
			return inBounds(rows), true, nil
		}
	}
	turn, err := e.turn(ctx, min(batch, e.flying.room()))
	if err != nil || len(turn) == 0 {
		return nil, false, err
	}
	rows, err = e.box.these(ctx, turn)
	return inBounds(rows), false, err
}

// turn picks at most n messages that are not under way, oldest first. Of those
// about one person only one is ever under way: NATS may lose it, the hub may be
// unable to take it just then, and what was sent after it must not arrive before.
func (e *Edge) turn(ctx context.Context, n int) (turn []int64, err error) {
	rows, err := e.box.waiting(ctx, ahead)
	held := map[string]bool{}
	for _, r := range rows {
		if len(turn) == n {
			break
		}
		free := !e.flying.has(r.seq)
		for _, p := range r.people {
			free = free && !held[p]
			held[p] = true
		}
		if free {
			turn = append(turn, r.seq)
		}
	}
	return turn, err
}

// inBounds cuts a batch off where it grows too large.
func inBounds(rows []row) []row {
	n := 0
	for i, r := range rows {
		if n += len(r.body); n > batchBytes {
			return rows[:max(i, 1)]
		}
	}
	return rows
}

func seqs(rows []row) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.seq
	}
	return out
}

// pause waits until ctx ends, the time is over or somebody wakes it.
func pause(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
}
