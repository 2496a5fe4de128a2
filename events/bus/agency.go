package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kith/events"
)

// Agency is an agency's end of the bus. Many callers may use it at the same time.
//
// An agency that has a NATS client of its own needs none of this. It publishes
// to events.<family>.<name>, and reads what became of it from the stream INBOX:
//
//	js, _ := jetstream.New(nc)
//	c, _ := js.CreateOrUpdateConsumer(ctx, "INBOX", jetstream.ConsumerConfig{
//		Durable:        "our-system",
//		FilterSubjects: []string{"inbox.receipts", "inbox.refusals"},
//	})
//	c.Consume(func(m jetstream.Msg) { ...; m.Ack() })
//
// An ordered consumer does as well, and so does a plain subscription to inbox.>
// for who only watches. The messages are CloudEvents in structured mode, of
// TypeReceipt and TypeRefusal; their id is the Digest of what they answer.
type Agency struct {
	id      events.AgencyID
	nc      *nats.Conn
	js      jetstream.JetStream
	waiting waiting
	ready   chan struct{} // closed when answers are being heard
	stop    context.CancelFunc
	stopped chan struct{}
}

// Connect returns at once. If the server is away, or the hub has not set up the
// account yet, Publish fails and Send waits. The connection lasts until Close.
func Connect(_ context.Context, l Link) (*Agency, error) {
	nc, js, err := dial(l)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &Agency{id: l.Agency, nc: nc, js: js, ready: make(chan struct{}), stop: stop, stopped: make(chan struct{})}
	go a.listen(ctx)
	return a, nil
}

// ID is the agency.
func (a *Agency) ID() events.AgencyID { return a.id }

// Close ends every call that is waiting, and closes the connection.
func (a *Agency) Close() {
	a.stop()
	<-a.stopped
	a.nc.Close()
}

// Publish returns when the messages are on stable storage in NATS: all of them
// or, with an error, none. An error of the connection may leave it open; to
// publish again does no harm. That is not yet a receipt.
func (a *Agency) Publish(ctx context.Context, ms ...Message) error {
	if len(ms) > MaxBatch {
		return fmt.Errorf("publish: at most %d messages at a time", MaxBatch)
	}
	out := make([]*nats.Msg, len(ms))
	for i, m := range ms {
		out[i] = natsMsg(ctx, subjectOf(m), m)
	}
	if err := publish(ctx, a.js, out); err != nil {
		return fmt.Errorf("publish for %s: %w", a.id, err)
	}
	return nil
}

// Send publishes a message and waits for its answer.
func (a *Agency) Send(ctx context.Context, m Message) (Answer, error) {
	d := Digest(m)
	answer, leave := a.waiting.join(d)
	defer leave()
	select {
	case <-a.ready:
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("send for %s: %w", a.id, ctx.Err())
	}
	if err := a.Publish(ctx, m); err != nil {
		return Answer{}, err
	}
	return a.await(ctx, answer)
}

// Await waits for an answer that comes from now on. Who publishes first and
// then waits may have missed it: use Send.
func (a *Agency) Await(ctx context.Context, digest string) (Answer, error) {
	answer, leave := a.waiting.join(digest)
	defer leave()
	return a.await(ctx, answer)
}

func (a *Agency) await(ctx context.Context, answer <-chan Answer) (Answer, error) {
	select {
	case got := <-answer:
		return got, nil
	case <-a.stopped:
		return Answer{}, fmt.Errorf("wait for the answer to %s: %w", a.id, errClosed)
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("wait for the answer to %s: %w", a.id, ctx.Err())
	}
}

// listen hands every new answer to whoever waits for it. The consumer starts
// where the stream ends now and survives lost connections without a gap.
func (a *Agency) listen(ctx context.Context) {
	defer close(a.stopped)
	var listening jetstream.ConsumeContext
	err := retry(ctx, func(attempt context.Context) error {
		s, err := a.js.Stream(attempt, streamInbox)
		if err != nil {
			return err
		}
		c, err := s.OrderedConsumer(attempt, jetstream.OrderedConsumerConfig{
			FilterSubjects: []string{SubjectReceipts, SubjectRefusals},
			DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
			OptStartSeq:    s.CachedInfo().State.LastSeq + 1,
		})
		if err == nil {
			listening, err = c.Consume(a.heard)
		}
		return err
	})
	if err != nil {
		return // closed before anything could be heard
	}
	close(a.ready)
	<-ctx.Done()
	listening.Stop()
}

func (a *Agency) heard(m jetstream.Msg) {
	if e, err := Decode(Message{Header: m.Headers(), Body: m.Data()}); err == nil {
		if answer, err := AnswerOf(e); err == nil {
			a.waiting.deliver(answer)
		}
	}
}

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
		var it jetstream.MessagesContext
		err := retry(ctx, func(attempt context.Context) error {
			c, err := a.js.CreateOrUpdateConsumer(attempt, streamInbox, jetstream.ConsumerConfig{
				Durable: durable, FilterSubjects: subjects,
				AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 4 * largestBatch,
				InactiveThreshold: inboxDays * 24 * time.Hour,
			})
			if err == nil {
				it, err = c.Messages(jetstream.PullMaxMessages(largestBatch), jetstream.PullExpiry(10*time.Second))
			}
			return err
		})
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
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("consume the inbox of %s: %w", a.id, nats.ErrConnectionClosed)
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
