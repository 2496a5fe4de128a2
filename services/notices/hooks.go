package notices

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/internal/sqlite"
	"kith/services/internal/webhook"
)

// Hook is one agency's webhook.
type Hook struct {
	Agency  events.AgencyID
	Sender  *webhook.Sender
	Answers bool // it wants receipts and refusals too
	Vouched bool // the operator knows that the receiver wants this, and it is not asked
	Off     bool // in the configuration: nothing is sent
}

// HooksConfig is what Hooks stand on.
type HooksConfig struct {
	Inbox *Inbox
	DB    *sqlite.DB // durable, their own; closed by whoever opened it, after Close
	Hooks []Hook

	// Record makes a disclosure durable before a message leaves for the first time.
	Record func(context.Context, events.AgencyID, events.Told) error
	// Tried, if set, is told what became of each attempt.
	Tried func(events.AgencyID, webhook.Code)

	Log *slog.Logger

	wait func(failures int) time.Duration // webhook.Wait
	now  func() time.Time
}

// Hooks bring agencies their messages, each by itself and in order: a slow one
// holds up nobody else. What arrived is known after a crash; what was under way
// is sent again under the same id.
type Hooks struct {
	HooksConfig
	hooks  map[events.AgencyID]*hook
	cancel context.CancelFunc
	done   sync.WaitGroup
}

const hooksSchema = `CREATE TABLE webhook (agency TEXT PRIMARY KEY, standing TEXT NOT NULL) WITHOUT ROWID;`

// StartHooks goes on where they were.
func StartHooks(ctx context.Context, c HooksConfig) (*Hooks, error) {
	if c.wait == nil {
		c.wait = func(n int) time.Duration { return webhook.Wait(n, rand.Float64()) }
	}
	if c.now == nil {
		c.now = time.Now
	}
	if err := c.DB.Migrate(ctx, hooksSchema); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	hs := &Hooks{HooksConfig: c, hooks: map[events.AgencyID]*hook{}}
	for _, h := range c.Hooks {
		k := &hook{Hook: h, hooks: hs, kick: func() {}}
		if err := k.load(ctx); err != nil {
			return nil, fmt.Errorf("webhooks: %w", err)
		}
		hs.hooks[h.Agency] = k
	}
	ctx, hs.cancel = context.WithCancel(ctx)
	for _, k := range hs.hooks {
		if !k.Off {
			hs.done.Go(func() { k.run(ctx) })
		}
	}
	return hs, nil
}

// Close stops, and waits for what is under way.
func (hs *Hooks) Close() {
	hs.cancel()
	hs.done.Wait()
	for _, k := range hs.hooks {
		k.Sender.Close()
	}
}

var errNoHook = fault.New(fault.Hidden, "This agency has no webhook in the hub's configuration.")

// Enable begins again where a webhook was disabled.
func (hs *Hooks) Enable(ctx context.Context, a events.AgencyID) error {
	return hs.order(ctx, a, webhook.Standing.Enabled)
}

// Disable stops a webhook, and tells the agency.
func (hs *Hooks) Disable(ctx context.Context, a events.AgencyID) error {
	now := hs.now().UTC()
	return hs.order(ctx, a, func(s webhook.Standing) webhook.Standing { return s.Stopped(now) })
}

func (hs *Hooks) order(ctx context.Context, a events.AgencyID, change func(webhook.Standing) webhook.Standing) error {
	k := hs.hooks[a]
	if k == nil {
		return errNoHook
	}
	if k.Off {
		return fault.New(fault.Conflict, "This webhook is disabled in the hub's configuration; change it there.")
	}
	if err := k.update(ctx, change); err != nil {
		return err
	}
	k.nudge()
	return nil
}

// Trial is what became of a test delivery.
type Trial struct {
	Asked *webhook.Outcome `json:"asked,omitempty"` // for permission; absent where nobody has to ask
	Sent  *webhook.Outcome `json:"sent,omitempty"`  // absent where there was no permission
}

// Good tells whether it arrived.
func (t Trial) Good() bool { return t.Sent != nil && t.Sent.Code == webhook.Delivered }

// Test sends a message about nobody, also to a webhook that is disabled. It
// changes nothing.
func (hs *Hooks) Test(ctx context.Context, a events.AgencyID) (t Trial, err error) {
	k := hs.hooks[a]
	if k == nil {
		return t, errNoHook
	}
	if !k.Vouched {
		_, o, err := k.Sender.Ask(ctx)
		if t.Asked = &o; err != nil || o.Code != webhook.Delivered {
			return t, err
		}
	}
	id, body, err := trialEvent(a, hs.now())
	if err != nil {
		return t, err
	}
	o, err := k.Sender.Post(ctx, id, body)
	if err != nil {
		return t, errors.Join(errors.New("it could not be sent"), err)
	}
	t.Sent = &o
	return t, nil
}
