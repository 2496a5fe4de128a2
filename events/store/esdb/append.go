package esdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"kith/events/store"
)

// tries is how often an append looks at its stream again. Each time but the
// last few another writer got ahead, so that somebody always gets on.
const tries = 100

// biggest is how many bytes the events of a write may hold: MaxAppendSize at its
// highest. Set lower, as it is by default, the database refuses by itself.
const biggest = 16_000_000

// Append is store.Log's.
func (l *Log) Append(ctx context.Context, ws ...store.Write) ([]store.Appended, error) {
	for _, w := range ws {
		if err := proper(w); err != nil {
			return nil, fmt.Errorf("append to %s: %w", w.Stream, err)
		}
	}
	if conditional(ws) {
		return l.claimed(ctx, ws)
	}
	at, _, err := l.addAll(ctx, ws)
	return at, err
}

func proper(w store.Write) error {
	if len(w.Entries) == 0 {
		return errors.New("no events")
	}
	bytes := 0
	for i, e := range w.Entries {
		if bytes += len(e.Data); bytes > biggest {
			return ErrTooBig
		}
		if e.ID != store.NewEventID(w.Stream, w.Cause.Because, e.Type, i) {
			return fmt.Errorf("%w, or is not from store.NewEventID", store.ErrReusedID)
		}
	}
	return nil
}

// addAll adds the writes in order and says how many are there.
func (l *Log) addAll(ctx context.Context, ws []store.Write) (at []store.Appended, done int, err error) {
	for _, w := range ws {
		a, err := l.add(ctx, w)
		if err != nil {
			return nil, len(at), fmt.Errorf("append to %s: %w", w.Stream, err)
		}
		at = append(at, a)
	}
	return at, len(at), nil
}

// add appends one write. The append always says where it expects the stream to
// be, even where the caller does not mind: only so does the database refuse what
// it has already. After anything but a clear answer the stream is read again.
func (l *Log) add(ctx context.Context, w store.Write) (store.Appended, error) {
	h, err := l.heads.of(ctx, w.Stream)
	if err != nil {
		return store.Appended{}, err
	}
	defer l.heads.give(h)
	unclear := 0
	for try := 1; ; try++ {
		if at, done, err := l.settled(ctx, h, w, try > 1); done || err != nil {
			return at, err
		}
		err := l.send(ctx, h, w)
		if err == nil {
			return l.sent(ctx, h, w)
		}
		if errors.Is(err, ErrUnreachable) {
			unclear++
		} else if !errors.Is(err, errMoved) {
			return store.Appended{}, err
		}
		if unclear == attempts || try == tries {
			if errors.Is(err, errMoved) {
				err = store.ErrConflict
			}
			return store.Appended{}, fmt.Errorf("after %d attempts: %w", try, err)
		}
		if err := pause(ctx, unclear+1, 100*time.Millisecond); err != nil {
			return store.Appended{}, err
		}
	}
}

// settled answers what needs no append: a repeat, a conflict, a misuse.
func (l *Log) settled(ctx context.Context, h *head, w store.Write, refresh bool) (at store.Appended, done bool, err error) {
	if refresh || !h.read {
		if err := l.refresh(ctx, h); err != nil {
			return at, false, err
		}
		refresh = true
	}
	standing, rev := h.look(w)
	switch {
	case standing == isPartly: // the same cause cannot add more the second time
		return at, false, store.ErrReusedID
	case standing == isThere:
		at, err = l.place(ctx, w, rev)
		return at, true, err
	case w.Expect == store.Any || w.Expect == h.at:
		return at, false, nil
	case !refresh: // perhaps it moved on to there
		return l.settled(ctx, h, w, true)
	default:
		return at, false, fmt.Errorf("at %d, not %d: %w", h.at, w.Expect, store.ErrConflict)
	}
}

// refresh reads what is new in a stream.
func (l *Log) refresh(ctx context.Context, h *head) error {
	for {
		p, err := l.page(ctx, h.stream, h.at, chunk)
		if err != nil {
			return err
		}
		for _, r := range p.rs {
			h.add(r.ID, r.Revision)
		}
		if !p.more {
			h.read = true
			return nil
		}
	}
}

// send appends w where h says that the stream ends.
func (l *Log) send(ctx context.Context, h *head, w store.Write) error {
	cause, err := json.Marshal(w.Cause)
	if err != nil {
		return err
	}
	es := make([]client.EventData, len(w.Entries))
	for i, e := range w.Entries {
		es[i] = client.EventData{EventID: e.ID, EventType: string(e.Type), ContentType: client.ContentTypeBinary, Data: e.Data, Metadata: cause}
	}
	_, err = ask(ctx, l.clients, func(ctx context.Context, c *client.Client) (*client.WriteResult, error) {
		return c.AppendToStream(ctx, l.prefix+string(w.Stream), client.AppendToStreamOptions{ExpectedRevision: expectation(h.at)}, es...)
	})
	return err
}

// expectation is where the database is to find a stream. It counts from 0.
func expectation(r store.Revision) client.ExpectedRevision {
	if r == 0 {
		return client.NoStream{}
	}
	return client.Revision(uint64(r) - 1)
}

// sent notes that w lies after h.
func (l *Log) sent(ctx context.Context, h *head, w store.Write) (store.Appended, error) {
	at, err := l.place(ctx, w, h.at+store.Revision(len(w.Entries)))
	if err != nil {
		return at, err // the next append reads what is there
	}
	for _, e := range w.Entries {
		h.add(e.ID, h.at+1)
	}
	return at, nil
}

// place reads where the last event of w lies, which is at rev: the database's
// answer to an append lacks the time.
func (l *Log) place(ctx context.Context, w store.Write, rev store.Revision) (store.Appended, error) {
	p, err := l.page(ctx, w.Stream, rev-1, 1)
	if err != nil {
		return store.Appended{}, err
	}
	if len(p.rs) != 1 || p.rs[0].Revision != rev || p.rs[0].ID != w.Entries[len(w.Entries)-1].ID {
		return store.Appended{}, broken(fmt.Sprintf("%s at %d is not what was appended", w.Stream, rev))
	}
	r := p.rs[0]
	l.learn(r.Position)
	return store.Appended{Revision: r.Revision, Position: r.Position, At: r.At}, nil
}
