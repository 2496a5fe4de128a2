package esdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"kith/events/store"
)

// A claim ends after a while, so that an append whose process died stands in
// nobody's way for ever. Who has one must be done long before.
const (
	claimEnds = 5 * time.Minute
	claimUsed = time.Minute
)

// Types of what lies in a stream of claims, and where those streams are: beside
// the log, so that nobody reads or follows them.
const (
	claimTaken = "claimed.v1"
	claimFree  = "released.v1"
)

// conditional says whether a write might fail when those before it are done.
func conditional(ws []store.Write) bool {
	return len(ws) > 1 && slices.ContainsFunc(ws[1:], func(w store.Write) bool { return w.Expect != store.Any })
}

// claimed appends several writes of which a later one has an expectation. The
// database adds to one stream at a time: of several appends that race for the
// place of a later write, all would add their earlier ones. So each such place
// is claimed first, for this very append; a repeat has the same claim and goes
// on. Who writes to such a stream alone claims nothing, and may still come
// between.
func (l *Log) claimed(ctx context.Context, ws []store.Write) ([]store.Appended, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, claimUsed, fmt.Errorf("%w within %v", ErrUnreachable, claimUsed))
	defer cancel()
	if err := l.check(ctx, ws, false); err != nil {
		return nil, err
	}
	taken, err := l.claim(ctx, ws)
	var at []store.Appended
	if err == nil {
		err = l.check(ctx, ws, true) // what was found before the claim may be of before it
	}
	done := 0
	if err == nil {
		at, done, err = l.addAll(ctx, ws)
	}
	if done == 0 && errors.Is(err, store.ErrConflict) {
		for _, c := range taken {
			_ = c.mark(ctx, claimFree) // if not, it ends by itself
		}
	}
	return at, err
}

// check says whether a write to a place that is to be claimed would be a
// conflict or a misuse, if those before it were done.
func (l *Log) check(ctx context.Context, ws []store.Write, refresh bool) error {
	ahead := map[store.Stream]store.Revision{}
	for _, w := range ws {
		n, err := l.checkOne(ctx, w, ahead[w.Stream], refresh)
		if err != nil {
			return fmt.Errorf("append to %s: %w", w.Stream, err)
		}
		ahead[w.Stream] += n
	}
	return nil
}

// checkOne returns how many events w would add to a stream that is ahead of what is there.
func (l *Log) checkOne(ctx context.Context, w store.Write, ahead store.Revision, refresh bool) (store.Revision, error) {
	if w.Expect == store.Any && !refresh {
		return store.Revision(len(w.Entries)), nil
	}
	h, err := l.heads.of(ctx, w.Stream)
	if err != nil {
		return 0, err
	}
	defer l.heads.give(h)
	for {
		if refresh || !h.read {
			refresh = true
			if err := l.refresh(ctx, h); err != nil {
				return 0, err
			}
		}
		standing, _ := h.look(w)
		switch {
		case standing == isPartly:
			return 0, store.ErrReusedID
		case standing == isThere:
			return 0, nil
		case w.Expect == store.Any || w.Expect == h.at+ahead:
			return store.Revision(len(w.Entries)), nil
		case refresh:
			return 0, fmt.Errorf("at %d, not %d: %w", h.at+ahead, w.Expect, store.ErrConflict)
		}
		refresh = true
	}
}

// claim is the claim of one append to one place.
type claim struct {
	l      *Log
	stream string
	hash   []byte // of all the append's ids
	next   uint64 // how many events the stream of claims has
}

// claim takes all the places that ws needs, or says that another append has one.
func (l *Log) claim(ctx context.Context, ws []store.Write) (taken []*claim, err error) {
	hash := sha256.New()
	for _, w := range ws {
		for _, e := range w.Entries {
			_, _ = hash.Write(e.ID[:]) // it never fails
		}
	}
	prefix := strings.TrimSuffix(l.prefix, ".") + "-claim."
	for _, w := range ws[1:] {
		if w.Expect == store.Any {
			continue
		}
		c := &claim{l: l, stream: prefix + strconv.FormatUint(uint64(w.Expect), 10) + "." + string(w.Stream), hash: hash.Sum(nil)}
		if err := c.take(ctx); err != nil {
			return taken, fmt.Errorf("append to %s: %w", w.Stream, err)
		}
		taken = append(taken, c)
	}
	return taken, nil
}

// take returns when the place is ours.
func (c *claim) take(ctx context.Context) error {
	for try := 1; ; try++ {
		e, err := again(ctx, c.l.clients, c.newest)
		if err != nil && !errors.Is(err, errNone) {
			return err
		}
		if e != nil {
			c.next = e.EventNumber + 1
			age := time.Since(e.CreatedDate)
			switch ours := bytes.Equal(e.Data, c.hash); {
			case e.EventType == claimFree:
			case ours && age < claimEnds-claimUsed:
				return nil
			case !ours && age < claimEnds:
				return fmt.Errorf("another append is at %w", store.ErrConflict)
			}
		}
		err = c.mark(ctx, claimTaken)
		if err == nil || try == attempts || !errors.Is(err, errMoved) && !errors.Is(err, ErrUnreachable) {
			return err
		}
		if err := pause(ctx, try, time.Second); err != nil {
			return err
		}
	}
}

// newest is the last event of the stream of claims.
func (c *claim) newest(ctx context.Context, cl *client.Client) (*client.RecordedEvent, error) {
	r, err := cl.ReadStream(ctx, c.stream, client.ReadStreamOptions{Direction: client.Backwards, From: client.End{}}, 1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	e, err := r.Recv()
	if err != nil {
		return nil, err
	}
	return e.Event, nil
}

// mark adds an event to the stream of claims, if nobody else did meanwhile.
func (c *claim) mark(ctx context.Context, what string) error {
	e := client.EventData{EventID: uuid.New(), EventType: what, ContentType: client.ContentTypeBinary, Data: c.hash}
	_, err := ask(ctx, c.l.clients, func(ctx context.Context, cl *client.Client) (*client.WriteResult, error) {
		return cl.AppendToStream(ctx, c.stream, client.AppendToStreamOptions{ExpectedRevision: expectation(store.Revision(c.next))}, e)
	})
	if err == nil {
		c.next++
	}
	return err
}
