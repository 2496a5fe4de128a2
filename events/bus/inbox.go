package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Answers hands over receipts and refusals, in groups of whatever has come,
// until ctx ends. Every answer of the last 90 days is handed over at least once
// for each durable name: it counts as taken when handle returned nil, also if
// the process ends and starts again. Two processes with the same name share the
// answers between them.
func (a *Agency) Answers(ctx context.Context, durable string, handle func([]Answer) error) error {
	return a.consume(ctx, durable, []string{SubjectReceipts, SubjectRefusals}, func(es []event.Event) error {
		var as []Answer
		for _, e := range es {
			if answer, err := AnswerOf(e); err == nil {
				as = append(as, answer)
			}
		}
		if len(as) == 0 {
			return nil
		}
		return handle(as)
	})
}

// Inbox hands over all that the hub puts into the inbox, receipts and refusals
// too, one by one, as Answers does.
func (a *Agency) Inbox(ctx context.Context, durable string, handle func(event.Event) error) error {
	return a.consume(ctx, durable, []string{"inbox.>"}, func(es []event.Event) error {
		for _, e := range es {
			if err := handle(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// consume ends only with ctx, or with the connection.
func (a *Agency) consume(ctx context.Context, durable string, subjects []string, handle func([]event.Event) error) error {
	for ctx.Err() == nil && !a.nc.IsClosed() {
		it, err := a.inbox(ctx, durable, subjects)
		if err != nil {
			break
		}
		for {
			ms, err := next(ctx, it)
			if err != nil {
				break
			}
			settle(ms, handle(decodeAll(ms)))
		}
		giveBack(it)
		breathe(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("consume the inbox of %s: %w", a.id, nats.ErrConnectionClosed)
}

func (a *Agency) inbox(ctx context.Context, durable string, subjects []string) (jetstream.MessagesContext, error) {
	var it jetstream.MessagesContext
	err := retry(ctx, func(ctx context.Context) error {
		c, err := a.js.CreateOrUpdateConsumer(ctx, streamInbox, jetstream.ConsumerConfig{
			Durable: durable, FilterSubjects: subjects,
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 4 * largestBatch,
			InactiveThreshold: inboxDays * 24 * time.Hour,
		})
		if err == nil {
			it, err = c.Messages(jetstream.PullMaxMessages(largestBatch), jetstream.PullExpiry(10*time.Second))
		}
		return err
	})
	return it, err
}

// next waits for a message and takes those along that are there already.
func next(ctx context.Context, it jetstream.MessagesContext) ([]jetstream.Msg, error) {
	var ms []jetstream.Msg
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			continue // the server is away; the iterator goes on when it is back
		}
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
		break
	}
	for len(ms) < largestBatch {
		m, err := it.Next(jetstream.NextMaxWait(time.Millisecond))
		if err != nil {
			break
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// decodeAll skips what is no event: nobody could do anything with it.
func decodeAll(ms []jetstream.Msg) []event.Event {
	var es []event.Event
	for _, m := range ms {
		if e, err := Decode(Message{Header: m.Headers(), Body: m.Data()}); err == nil {
			es = append(es, e)
		}
	}
	return es
}

func settle(ms []jetstream.Msg, err error) {
	for _, m := range ms {
		if err == nil {
			_ = m.Ack() // if it is lost, the message comes again
		} else {
			_ = m.NakWithDelay(time.Second)
		}
	}
}
