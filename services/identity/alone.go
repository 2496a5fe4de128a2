package identity

import (
	"context"
	"fmt"
	"sync"
	"time"

	"kith/events/store"
)

// alone makes deciding one at a time: what a decision rests on is in the index
// only when the index holds everything up to last.
type alone struct {
	mu   sync.Mutex
	lock func(context.Context) (unlock func(), err error) // nil: no other process decides
	last store.Position
}

// longestTurn is how long a process may keep the others from deciding because
// its index lags behind. Then it lets go, and tries again later.
const longestTurn = 10 * time.Second

// begin waits until nobody else decides, here or in another process, and the
// index holds all that was decided before. After end others may decide.
func (i *Identity) begin(ctx context.Context) (end func(), err error) {
	i.alone.mu.Lock()
	if i.alone.lock == nil {
		err = i.follower.Wait(ctx, i.alone.last)
		end = i.alone.mu.Unlock
	} else {
		end, err = i.beginAmong(ctx)
	}
	if err != nil {
		i.alone.mu.Unlock()
		return nil, err
	}
	return end, nil
}

// beginAmong is begin among other processes: only the log knows what they did.
func (i *Identity) beginAmong(ctx context.Context) (end func(), err error) {
	if err := i.catchUp(ctx); err != nil { // most of the way before anybody has to wait for it
		return nil, err
	}
	unlock, err := i.alone.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait to decide: %w", err)
	}
	turn, cancel := context.WithTimeout(ctx, longestTurn)
	defer cancel()
	if err := i.catchUp(turn); err != nil {
		unlock()
		return nil, err
	}
	return func() { unlock(); i.alone.mu.Unlock() }, nil
}

// catchUp waits until the index holds everything that the log holds now.
func (i *Identity) catchUp(ctx context.Context) error {
	last, err := i.store.Last(ctx)
	if err != nil {
		return fmt.Errorf("wait to decide: %w", err)
	}
	i.alone.last = max(i.alone.last, last)
	return i.follower.Wait(ctx, i.alone.last)
}
