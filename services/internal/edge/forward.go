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
)

// forward sends what is unanswered, in order, for as long as the Edge is open.
// It starts from the beginning each time: what a former process sent may be lost.
func (e *Edge) forward(ctx context.Context) {
	var after int64 // up to which row everything was sent once
	wait := soon
	for ctx.Err() == nil {
		sent, err := e.send(ctx, &after)
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
func (e *Edge) send(ctx context.Context, after *int64) (int, error) {
	rows, err := e.next(ctx, *after)
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
		if rows[len(rows)-1].seq > *after {
			e.flying.landed(seqs(rows)) // they are still new
		}
		return 0, err
	}
	*after = max(*after, rows[len(rows)-1].seq)
	return len(rows), nil
}

func (e *Edge) next(ctx context.Context, after int64) ([]row, error) {
	if late := e.flying.late(time.Now(), batch); len(late) > 0 {
		rows, err := e.box.these(ctx, late)
		if err != nil {
			return nil, err
		}
		e.flying.keepOnly(late, rows)
		if len(rows) > 0 {
			return inBounds(rows), nil
		}
	}
	room := min(batch, e.flying.room())
	if room == 0 {
		return nil, nil
	}
	rows, err := e.box.unanswered(ctx, after, room)
	return inBounds(rows), err
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
