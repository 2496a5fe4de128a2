package esdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"kith/events"
	"kith/events/store"
)

// A chunk is what one call reads, unless a single event is more. Nothing is
// held open while it is handed out.
const (
	chunk      = 500
	chunkBytes = 4 << 20
)

// page is a chunk of a stream; more says that there may be more after it.
type page struct {
	rs   []store.Recorded
	more bool
}

// Read is store.Log's.
func (l *Log) Read(ctx context.Context, s store.Stream, after store.Revision) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		for {
			p, err := l.page(ctx, s, after, chunk)
			if err != nil {
				yield(store.Recorded{}, fmt.Errorf("read %s: %w", s, err))
				return
			}
			for _, r := range p.rs {
				if !yield(r, nil) {
					return
				}
				after = r.Revision
			}
			if !p.more {
				return
			}
		}
	}
}

// page reads up to n events of a stream that come after a revision.
func (l *Log) page(ctx context.Context, s store.Stream, after store.Revision, n uint64) (page, error) {
	p, err := again(ctx, l.clients, func(ctx context.Context, c *client.Client) (page, error) {
		o := client.ReadStreamOptions{Direction: client.Forwards, From: client.Revision(uint64(after))}
		r, err := c.ReadStream(ctx, l.prefix+string(s), o, n)
		if err != nil {
			return page{}, err
		}
		defer r.Close()
		return l.fill(r, n)
	})
	if errors.Is(err, errNone) {
		return page{}, nil
	}
	return p, err
}

func (l *Log) fill(r *client.ReadStream, n uint64) (p page, err error) {
	for bytes := 0; ; {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			p.more = uint64(len(p.rs)) == n
			return p, nil
		}
		if err != nil {
			return page{}, err
		}
		rec, err := l.recorded(e.Event)
		if err != nil {
			return page{}, err
		}
		p.rs = append(p.rs, rec)
		if bytes += len(rec.Data); bytes >= chunkBytes {
			p.more = true
			return p, nil
		}
	}
}

// recorded is our view of an event of one of our streams.
func (l *Log) recorded(e *client.RecordedEvent) (store.Recorded, error) {
	s, ours := strings.CutPrefix(e.StreamID, l.prefix)
	r := store.Recorded{
		Entry:    store.Entry{ID: e.EventID, Type: events.Type(e.EventType), Data: e.Data},
		Stream:   store.Stream(s),
		Revision: store.Revision(e.EventNumber + 1),
		Position: store.Position(e.Position.Commit),
		At:       e.CreatedDate,
	}
	switch {
	case !ours:
		return r, broken("it gave an event of another stream")
	case e.Position.Commit == math.MaxUint64:
		return r, broken("it does not tell positions when a stream is read; use EventStoreDB 24.6 or KurrentDB")
	case json.Unmarshal(e.UserMetadata, &r.Cause) != nil:
		return r, broken(fmt.Sprintf("%s at %d has no cause: it was not written by this hub", s, r.Revision))
	}
	return r, nil
}

// broken says what is wrong with what the database holds. Trying again is no help.
type broken string

func (b broken) Error() string { return "event store: " + string(b) }
