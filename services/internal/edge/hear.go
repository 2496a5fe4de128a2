package edge

import (
	"context"
	"slices"
	"sync"
	"time"

	"kith/events/bus"
)

// hear takes the hub's answers for as long as the Edge is open. NATS is told
// that it has them only after they are in the outbox.
func (e *Edge) hear(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.link.Answers(ctx, e.box.name, func(as []bus.Answer) error { return e.take(ctx, as) })
		if err != nil && ctx.Err() == nil {
			e.log.Error("the outbox hears no answers", "agency", e.agency.ID, "error", err)
			pause(ctx, nil, longest)
		}
	}
}

func (e *Edge) take(ctx context.Context, as []bus.Answer) error {
	as, err := e.box.awaited(ctx, as) // others of the agency have answers here too
	if err != nil {
		e.log.Error("the outbox cannot look for what was answered", "agency", e.agency.ID, "error", err)
		return err
	}
	as = slices.DeleteFunc(as, func(a bus.Answer) bool { return !e.genuine(a) })
	seqs, err := e.box.answer(ctx, as, time.Now())
	if err != nil {
		e.log.Error("the outbox cannot keep answers", "agency", e.agency.ID, "error", err)
		return err
	}
	e.flying.landed(seqs)
	for _, a := range as {
		e.callers.deliver(a)
	}
	if len(seqs) > 0 {
		e.nudge() // there is room again
	}
	return nil
}

// genuine: a receipt that the hub did not sign would make us forget an event
// that nobody has.
func (e *Edge) genuine(a bus.Answer) bool {
	if e.verifier == "" || a.Receipt == nil {
		return true
	}
	if err := bus.Verify(e.verifier, *a.Receipt); err != nil {
		e.log.Error("a receipt was ignored", "agency", e.agency.ID, "error", err)
		return false
	}
	return true
}

// tidy forgets old answers, now and once a day.
func (e *Edge) tidy(ctx context.Context) {
	for ctx.Err() == nil {
		if err := e.box.forget(ctx, time.Now().Add(-answersKept)); err != nil && ctx.Err() == nil {
			e.log.Warn("the outbox cannot forget old answers", "agency", e.agency.ID, "error", err)
		}
		pause(ctx, nil, 24*time.Hour)
	}
}

// callers is who waits for which answers.
type callers struct {
	mu sync.Mutex
	by map[string][]chan bus.Answer
}

// join registers a caller. The channel has room for all its answers, so that
// nobody has to wait for a caller; one that comes twice is told once.
func (c *callers) join(digests []string) (answers <-chan bus.Answer, leave func()) {
	distinct := slices.Compact(slices.Sorted(slices.Values(digests)))
	ch := make(chan bus.Answer, len(distinct))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string][]chan bus.Answer{}
	}
	for _, d := range distinct {
		c.by[d] = append(c.by[d], ch)
	}
	return ch, func() { c.leave(distinct, ch) }
}

func (c *callers) leave(digests []string, ch chan bus.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range digests {
		c.by[d] = slices.DeleteFunc(c.by[d], func(o chan bus.Answer) bool { return o == ch })
		if len(c.by[d]) == 0 {
			delete(c.by, d)
		}
	}
}

func (c *callers) deliver(a bus.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range c.by[a.Digest] {
		ch <- a
	}
	delete(c.by, a.Digest)
}
