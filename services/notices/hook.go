package notices

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/internal/webhook"
)

// hook is one webhook at work.
type hook struct {
	Hook
	hooks *Hooks

	mu       sync.Mutex
	standing webhook.Standing
	kick     context.CancelFunc // ends what it waits for
	lately   time.Time          // of the last request, for the rate that was allowed
}

const ownPause = 10 * time.Second // after a failure of ours

// run works until ctx ends.
func (k *hook) run(ctx context.Context) {
	for ctx.Err() == nil {
		round, cancel := context.WithCancel(ctx)
		k.mu.Lock()
		k.kick = cancel
		k.mu.Unlock()
		err := k.round(round)
		kicked := round.Err() != nil
		cancel()
		if err != nil && !kicked {
			k.hooks.Log.ErrorContext(ctx, "webhook cannot be served; will try again", "agency", string(k.Agency), "error", err)
			rest(ctx, ownPause)
		}
	}
}

func (k *hook) nudge() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kick()
}

// rest waits, unless ctx ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// round does the next thing there is to do. An error is one of ours.
func (k *hook) round(ctx context.Context) error {
	s := k.stands()
	if s.Disabled != nil {
		if !s.Disabled.Told {
			return k.tell(ctx, s)
		}
		<-ctx.Done()
		return nil
	}
	if wait := s.Next.Sub(k.hooks.now()); wait > 0 {
		rest(ctx, wait)
		return nil
	}
	ms, err := k.next(ctx)
	for _, m := range ms {
		if err != nil || ctx.Err() != nil || k.stands().Disabled != nil {
			break
		}
		if err = k.deliver(ctx, m); k.stands().Mark() != k.stands().Mark().Past(m) {
			break // the next may only come after this one
		}
	}
	return err
}

// next waits for what has not arrived yet.
func (k *hook) next(ctx context.Context) ([]events.Told, error) {
	if !k.Answers {
		return k.hooks.Inbox.After(ctx, k.Agency, k.stands().Delivered)
	}
	if !k.stands().Answering {
		from, err := k.hooks.Inbox.answersBefore(ctx, k.Agency, k.hooks.now().Add(-kept))
		if err == nil {
			err = k.update(ctx, func(s webhook.Standing) webhook.Standing {
				s.Answering, s.Answered = true, uint64(from)
				return s
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return k.hooks.Inbox.All(ctx, k.Agency, k.stands().Mark())
}

// deliver tries one message once.
func (k *hook) deliver(ctx context.Context, m events.Told) error {
	if s := k.stands(); !s.Begun && !m.Answer() {
		old := k.hooks.now().Sub(m.At) >= kept
		err := k.update(ctx, func(s webhook.Standing) webhook.Standing {
			if s.Begun = !old; old {
				s.Delivered = m.Seq
			}
			return s
		})
		if old || err != nil {
			return err
		}
	}
	if ok, err := k.allowed(ctx); !ok || err != nil {
		return err
	}
	if err := k.record(ctx, m); err != nil {
		return err
	}
	body, err := bus.TellJSON(k.Agency, m)
	if err != nil {
		return err
	}
	k.pace(ctx)
	o, err := k.Sender.Post(ctx, bus.TellEvent(k.Agency, m).ID(), body)
	if err != nil {
		return err
	}
	return k.note(ctx, m, o)
}

// allowed tells whether the receiver agreed; if nothing is known it is asked.
func (k *hook) allowed(ctx context.Context) (bool, error) {
	if k.Vouched || k.Sender.Holds(k.stands().Permission, k.hooks.now()) {
		return true, nil
	}
	p, o, err := k.Sender.Ask(ctx)
	if err != nil {
		return false, err
	}
	if o.Code != webhook.Delivered {
		return false, k.note(ctx, events.Told{}, o)
	}
	return true, k.update(ctx, func(s webhook.Standing) webhook.Standing { s.Permission = p; return s })
}

// record is done once for each message, before it leaves for the first time. An
// answer, whose number is 0, says nothing but what the agency said: it is not.
func (k *hook) record(ctx context.Context, m events.Told) error {
	if k.stands().Recorded >= m.Seq {
		return nil
	}
	if err := k.hooks.Record(ctx, k.Agency, m); err != nil {
		return err
	}
	return k.update(ctx, func(s webhook.Standing) webhook.Standing { s.Recorded = m.Seq; return s })
}

// pace keeps to the rate that the receiver allowed.
func (k *hook) pace(ctx context.Context) {
	if pause := k.stands().Permission.Pause(); pause > 0 {
		rest(ctx, time.Until(k.lately.Add(pause)))
	}
	k.lately = time.Now()
}

// note makes durable what became of a request. Whoever was disabled meanwhile
// stays so.
func (k *hook) note(ctx context.Context, m events.Told, o webhook.Outcome) error {
	now := k.hooks.now().UTC()
	if k.hooks.Tried != nil {
		k.hooks.Tried(k.Agency, o.Code)
	}
	err := k.update(context.WithoutCancel(ctx), func(s webhook.Standing) webhook.Standing {
		if o.Code == webhook.Delivered {
			return s.Succeeded(m, o, now)
		}
		return s.Failed(o, now, k.hooks.wait(s.Failures+1))
	})
	if s := k.stands(); o.Code != webhook.Delivered {
		k.hooks.Log.WarnContext(ctx, "webhook did not take a message", "agency", string(k.Agency), "code", string(o.Code), "status", o.Status,
			"attempt", s.Failures, "wait", s.Next.Sub(now))
	}
	return err
}

// tell puts into the log that the webhook is disabled, from where the notice
// reaches the agency's inbox. Told twice, after a crash, it is one.
func (k *hook) tell(ctx context.Context, s webhook.Standing) error {
	d := events.WebhookDisabled{Agency: k.Agency, Why: s.Disabled.Why, At: s.Disabled.At.UTC(), Delivered: s.Delivered}
	if !s.Since.IsZero() {
		d.Since = &s.Since
	}
	_, err := k.hooks.Inbox.Store.Append(ctx, store.Batch{Stream: store.Stream("notices-" + k.Agency), Expect: store.Any, Events: []events.Event{d},
		Cause: store.Cause{By: "notices", For: k.Agency, Because: "webhook-disabled " + strconv.FormatInt(d.At.UnixNano(), 10)}})
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	level := slog.LevelError
	if d.Why == events.WebhookStopped {
		level = slog.LevelInfo // whoever runs the hub did it
	}
	k.hooks.Log.Log(ctx, level, "webhook disabled; kith webhook enable when the receiver is well again", "agency", string(k.Agency),
		"code", string(d.Why), "attempt", s.Failures)
	return k.update(ctx, func(now webhook.Standing) webhook.Standing {
		if now.Disabled != nil && now.Disabled.At.Equal(s.Disabled.At) {
			told := *now.Disabled
			told.Told = true
			now.Disabled = &told
		}
		return now
	})
}
