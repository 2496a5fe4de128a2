package bus

import (
	"context"
	"fmt"

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
	out     *batcher
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
	a := &Agency{id: l.Agency, nc: nc, js: js, out: newBatcher(js), ready: make(chan struct{}), stop: stop, stopped: make(chan struct{})}
	go a.listen(ctx)
	return a, nil
}

// Close ends every call that is waiting, and closes the connection.
func (a *Agency) Close() {
	a.stop()
	<-a.stopped
	a.out.close()
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

// Send publishes a message, together with those of other callers, and waits for
// its answer.
func (a *Agency) Send(ctx context.Context, m Message) (Answer, error) {
	d := Digest(m)
	answer, leave := a.waiting.join(d)
	defer leave()
	select {
	case <-a.ready:
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("send for %s: %w", a.id, ctx.Err())
	}
	if err := a.out.publish(ctx, natsMsg(ctx, subjectOf(m), m)); err != nil {
		return Answer{}, fmt.Errorf("send for %s: %w", a.id, err)
	}
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
