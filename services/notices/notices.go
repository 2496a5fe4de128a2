// Package notices tells agencies what they have to know: that a concern which they
// raised was decided on, that they are invited to a strategy discussion, that
// an item which they were shown was corrected or withdrawn, or that their webhook
// was disabled. What it says is thin: where to look, not what is
// there. It follows the log, so that a crash neither loses nor doubles a message;
// Hooks bring the messages to agencies' webhooks, each at least once.
package notices

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
)

// Config is what an Inbox stands on.
type Config struct {
	Store    *store.Store
	Ledger   *store.Store // of the ledger: who was shown what
	DB       *sqlite.DB   // its own; closed by whoever opened it, after Close
	Agencies []events.Agency

	// Answer is the receipt or the refusal that an event of the log stands for.
	Answer func(store.Event) (bus.Answer, error)

	// Record makes a disclosure durable before the message leaves for NATS.
	Record func(context.Context, events.AgencyID, events.Told) error
	// Last is the number of the last message that lies in the agency's inbox on NATS.
	Last func(context.Context, events.AgencyID) (uint64, error)
	// Deliver puts a message there, and returns when it is durable.
	Deliver func(context.Context, events.AgencyID, events.Told) error

	Log *slog.Logger
}

// Inbox holds what the hub tells the agencies. It is safe for concurrent use.
type Inbox struct {
	Config
	follower *follow.Follower
	ctx      context.Context // of what is delivered
	seen     *follow.Follower
	cancel   context.CancelFunc
	done     sync.WaitGroup

	mu    sync.Mutex
	moved chan struct{}                     // closed and replaced when there may be news
	heard map[events.AgencyID]chan struct{} // closed and forgotten when there is an answer
	to    map[events.AgencyID]context.CancelFunc
}

// New starts to follow the log, and to deliver to each agency.
func New(ctx context.Context, c Config) (*Inbox, error) {
	in := &Inbox{Config: c, moved: make(chan struct{}), heard: map[events.AgencyID]chan struct{}{}}
	ctx, in.cancel = context.WithCancel(ctx)
	in.ctx, in.to = ctx, map[events.AgencyID]context.CancelFunc{}
	var err error
	in.follower, err = follow.Start(ctx, c.Store, follow.Projection{
		Model: Model(c.Store.Pseudonym), DB: c.DB, After: in.news, Log: c.Log})
	if err != nil {
		in.cancel()
		return nil, fmt.Errorf("inbox: %w", err)
	}
	in.seen, err = follow.Start(ctx, c.Ledger, follow.Projection{Model: Seen(), DB: c.DB, After: func(store.Event) { in.wake() }, Log: c.Log})
	if err != nil {
		in.cancel()
		in.follower.Stop()
		return nil, fmt.Errorf("inbox: %w", err)
	}
	in.done.Go(func() { in.recall(ctx) })
	for _, a := range c.Agencies {
		in.Admit(a.ID)
	}
	return in, nil
}

// Admit begins to deliver to an agency.
func (in *Inbox) Admit(a events.AgencyID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.to[a] != nil || in.ctx.Err() != nil {
		return
	}
	var ctx context.Context
	ctx, in.to[a] = context.WithCancel(in.ctx)
	in.done.Go(func() { in.deliver(ctx, a) })
}

// Expel delivers no more to an agency.
func (in *Inbox) Expel(a events.AgencyID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if stop := in.to[a]; stop != nil {
		stop()
		delete(in.to, a)
	}
}

// Close stops and waits for what it started.
func (in *Inbox) Close() {
	in.cancel()
	in.done.Wait()
	in.seen.Stop()
	in.follower.Stop()
}

// Wait returns when everything up to a position was told of.
func (in *Inbox) Wait(ctx context.Context, p store.Position) error { return in.follower.Wait(ctx, p) }

// Position is up to where everything was told of.
func (in *Inbox) Position() store.Position { return in.follower.Position() }

func (in *Inbox) news(e store.Event) {
	switch v := e.Event.(type) {
	case events.EventAccepted:
		in.answered(v.Agency)
	case events.EventRefused:
		in.answered(v.Agency)
	default:
		if tells(e.Type) {
			in.wake()
		}
	}
}

func (in *Inbox) wake() {
	in.mu.Lock()
	defer in.mu.Unlock()
	close(in.moved)
	in.moved = make(chan struct{})
}

func (in *Inbox) next() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.moved
}

// most is how many messages are read at once.
const most = 100

// After are an agency's messages after a number, oldest first. Where there is
// none it waits for one until ctx ends, and then there is none.
func (in *Inbox) After(ctx context.Context, a events.AgencyID, seq uint64) ([]events.Told, error) {
	for {
		moved := in.next() // before reading, so that no news is missed between
		ms, err := in.read(context.WithoutCancel(ctx), a, seq)
		if err != nil || len(ms) > 0 {
			return ms, err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

func (in *Inbox) read(ctx context.Context, a events.AgencyID, seq uint64) ([]events.Told, error) {
	rs, err := in.DB.Read.QueryContext(ctx,
		`SELECT seq, position, type, at, child, item, detail FROM told WHERE agency = ? AND seq > ? AND type <> '' AND hidden = 0 ORDER BY seq LIMIT ?`, a, int64(seq), most)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	defer func() { _ = rs.Close() }()
	var ms []events.Told
	for rs.Next() {
		var m events.Told
		var at int64
		var detail string
		if err := rs.Scan(&m.Seq, &m.Position, &m.Type, &at, &m.Child, &m.Item, &detail); err != nil {
			return nil, fmt.Errorf("read the inbox: %w", err)
		}
		m.At, m.Detail = time.Unix(0, at).UTC(), json.RawMessage(detail)
		ms = append(ms, m)
	}
	return ms, rs.Err()
}
