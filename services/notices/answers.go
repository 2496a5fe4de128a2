package notices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
)

// All are an agency's messages after a mark and the answers to what it sent, in
// the order of the log. Where there is none it waits for one until ctx ends, and
// then there is none.
func (in *Inbox) All(ctx context.Context, a events.AgencyID, after events.InboxMark) ([]events.Told, error) {
	for {
		moved, heard := in.next(), in.nextAnswer(a) // before reading, so that no news is missed between
		ms, err := in.readAll(context.WithoutCancel(ctx), a, after)
		if err != nil || len(ms) > 0 {
			return ms, err
		}
		select {
		case <-moved:
		case <-heard:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// answered wakes whoever waits for an answer to this agency, and nobody else: of
// some there are hundreds a second.
func (in *Inbox) answered(a events.AgencyID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if c := in.heard[a]; c != nil {
		close(c)
		delete(in.heard, a)
	}
}

func (in *Inbox) nextAnswer(a events.AgencyID) <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.heard[a] == nil {
		in.heard[a] = make(chan struct{})
	}
	return in.heard[a]
}

func (in *Inbox) readAll(ctx context.Context, a events.AgencyID, after events.InboxMark) ([]events.Told, error) {
	ms, err := in.read(ctx, a, after.Seq)
	if err != nil {
		return nil, err
	}
	lie, err := in.outcomes(ctx, a, after.Position)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	// What is beyond the page of either would come too early.
	if len(ms) == most {
		lie = slices.DeleteFunc(lie, func(o lies) bool { return uint64(o.position) > ms[most-1].Position })
	}
	if len(lie) == most {
		ms = slices.DeleteFunc(ms, func(m events.Told) bool { return m.Position > uint64(lie[most-1].position) })
	}
	answers, err := in.open(ctx, lie)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	ms = append(ms, answers...)
	slices.SortFunc(ms, func(a, b events.Told) int { return cmp.Compare(a.Position, b.Position) })
	return ms, nil
}

// lies is where an answer lies in the log.
type lies struct {
	position store.Position
	stream   store.Stream
	revision store.Revision
}

func (in *Inbox) outcomes(ctx context.Context, a events.AgencyID, after uint64) (ls []lies, err error) {
	rs, err := in.DB.Read.QueryContext(ctx, `SELECT position, stream, revision FROM outcome WHERE agency = ? AND position > ? ORDER BY position LIMIT ?`, a, int64(after), most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rs.Close() }()
	for rs.Next() {
		var l lies
		if err := rs.Scan(&l.position, &l.stream, &l.revision); err != nil {
			return nil, err
		}
		ls = append(ls, l)
	}
	return ls, rs.Err()
}

// open reads answers from the log, each stream once: refusals lie in one.
func (in *Inbox) open(ctx context.Context, ls []lies) (ms []events.Told, err error) {
	streams := map[store.Stream][]lies{}
	for _, l := range ls {
		streams[l.stream] = append(streams[l.stream], l)
	}
	for s, ls := range streams {
		for e, err := range in.Store.Read(ctx, s, ls[0].revision-1) {
			if err == nil && e.Revision == ls[0].revision {
				var m events.Told
				if m, err = in.toldOf(e); err == nil {
					ms = append(ms, m)
				}
			}
			if err != nil && !errors.Is(err, store.ErrKeyGone) { // what was erased was answered once
				return nil, err
			}
			if e.Revision >= ls[0].revision {
				ls = ls[1:]
			}
			if len(ls) == 0 {
				break
			}
		}
	}
	return ms, nil
}

func (in *Inbox) toldOf(e store.Event) (events.Told, error) {
	a, err := in.Answer(e)
	if err != nil {
		return events.Told{}, err
	}
	return bus.ToldAnswer(a, e.At, uint64(e.Position))
}

// answersBefore is the position of an agency's last answer before a moment.
func (in *Inbox) answersBefore(ctx context.Context, a events.AgencyID, t time.Time) (position int64, err error) {
	err = in.DB.Read.QueryRowContext(ctx, `SELECT coalesce(max(position), 0) FROM outcome WHERE agency = ? AND at < ?`, a, t.UnixNano()).Scan(&position)
	return position, err
}
