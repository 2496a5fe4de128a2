package esdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/metadata"
)

const (
	patience = 10 * time.Second // for one call
	grace    = time.Second      // for a call to come back after its context ended
	attempts = 6                // of what may be tried again
)

// ask makes one call. It waits no longer than ctx, whatever the client does:
// some of its waits know no context.
func ask[T any](ctx context.Context, cs *clients, f func(context.Context, *client.Client) (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	var none T
	call, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h, err := cs.take(call)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = gone(ctx)
		}
		return none, err
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		a.v, a.err = use(call, cs, h, f)
		done <- a
	}()
	select {
	case a := <-done:
		if a.err != nil && ctx.Err() != nil {
			a.err = gone(ctx)
		}
		return a.v, a.err
	case <-call.Done():
		// Should it not come back, nothing else will come back from this client.
		time.AfterFunc(grace, func() {
			if len(done) == 0 {
				cs.replace(h)
			}
		})
		return none, gone(ctx)
	}
}

// toLeader asks a node of a cluster not to answer unless it leads. The client
// has an option for this and puts the header where it is never sent.
func toLeader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
}

// guard makes a panic of the client an error: it panics at frames that it does
// not know, and where it is closed while it reports a failure.
func guard[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w that its client understands", ErrUnreachable)
		}
	}()
	return f()
}

// again makes a call until it gives a clear answer, or was made often enough.
func again[T any](ctx context.Context, cs *clients, f func(context.Context, *client.Client) (T, error)) (T, error) {
	for try := 1; ; try++ {
		v, err := ask(ctx, cs, f)
		if err == nil || try == attempts || !errors.Is(err, ErrUnreachable) || errors.Is(err, errAbsent) {
			return v, err
		}
		if err := pause(ctx, try, time.Second); err != nil {
			return v, err
		}
	}
}

// pause waits before attempt n+1, by chance, so that those who got in one
// another's way do not meet again.
func pause(ctx context.Context, n int, most time.Duration) error {
	d := min(most, 5*time.Millisecond<<min(n, 16))
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
