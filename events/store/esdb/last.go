package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"kith/events/store"
)

// Last is store.Log's. It looks backwards from the end of the database until it
// meets an event of this log, or what was searched before: whoever appended it,
// the newest is found.
func (l *Log) Last(ctx context.Context) (store.Position, error) {
	l.mu.Lock()
	searched := l.searched
	l.mu.Unlock()
	t, err := again(ctx, l.clients, func(ctx context.Context, c *client.Client) (tail, error) {
		r, err := c.ReadAll(ctx, client.ReadAllOptions{Direction: client.Backwards, From: client.End{}}, math.MaxInt64)
		if err != nil {
			return tail{}, err
		}
		defer r.Close()
		return l.search(r, searched)
	})
	if err != nil {
		return 0, fmt.Errorf("last: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.searched = max(l.last, t.last), max(l.searched, t.end)
	return l.last, nil
}

// tail is what there is at the end of the database.
type tail struct {
	last store.Position // newest of ours, 0 if there is none after what was searched before
	end  uint64         // newest of all
}

func (l *Log) search(r *client.ReadStream, searched uint64) (t tail, err error) {
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return tail{}, err
		}
		at := e.OriginalEvent()
		t.end = max(t.end, at.Position.Commit)
		switch {
		case at.Position.Commit <= searched:
			return t, nil
		case strings.HasPrefix(at.StreamID, l.prefix):
			t.last = store.Position(at.Position.Commit)
			return t, nil
		}
	}
}

// learn notes that there is an event of ours at p.
func (l *Log) learn(p store.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = max(l.last, p)
}
