package main

import (
	"context"
	"sync"
	"sync/atomic"

	"kith/services/internal/lock"
)

// duty is what one of several hubs does for all of them, for as long as it runs:
// it signs the checkpoints and has them cosigned. When it ends, or dies, another
// takes over.
type duty struct {
	mine    atomic.Bool
	cancel  context.CancelFunc
	waiting sync.WaitGroup
}

// takeDuty waits for the duty in the background.
func takeDuty(turns *lock.File) *duty {
	d := &duty{}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.waiting.Go(func() {
		unlock, err := turns.Lock(ctx)
		if err != nil {
			return // it ended before it was this one's turn
		}
		defer unlock()
		d.mine.Store(true)
		<-ctx.Done()
	})
	return d
}

// end leaves the duty to another. Nothing may be signed after it.
func (d *duty) end() {
	d.mine.Store(false)
	d.cancel()
	d.waiting.Wait()
}
