package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"kith/events"
)

// Hub is the hub's end of the bus: a connection into the account of each agency.
type Hub struct {
	mu    sync.RWMutex
	desks []*desk
	start func(*desk) // while Consume runs
	renew Renewer

	ackWait time.Duration
	limits  Limits
	waited  func(events.AgencyID, time.Duration)
}

// desk is the hub's place in one agency's account.
type desk struct {
	agency events.AgencyID
	limit  Limit
	quota  *Quota
	waited func(events.AgencyID, time.Duration)
	nc     *nats.Conn
	js     jetstream.JetStream
	out    *batcher
	gone   chan struct{} // closed when the agency was let go
}

const (
	inFlight    = 256              // messages of one agency that are handled at the same time
	ackWait     = 30 * time.Second // after which a message is given to somebody else
	longestWait = 30 * time.Second // between two attempts at a message
)

// Limit says how much Consume takes of each agency. What comes faster waits in
// the agency's own stream, and nobody else waits for it; waited is told for how
// long. Call it before Consume.
func (h *Hub) Limit(l Limits, waited func(events.AgencyID, time.Duration)) {
	h.limits, h.waited = l, waited
}

// ConnectHub connects to the account of each agency and makes the streams that
// are missing there. It keeps trying until ctx ends; afterwards the connections
// last until Close, whatever becomes of the server.
func ConnectHub(ctx context.Context, links []Link) (*Hub, error) {
	h := &Hub{ackWait: ackWait}
	for _, l := range links {
		if err := h.Admit(ctx, l); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// Close closes the connections. Messages that are not answered yet are given
// to the next hub that consumes.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.desks {
		d.close()
	}
}

// Handler decides what becomes of one message of an agency. It must give the
// same answer when it is given the same message again. An error means "not now".
type Handler func(ctx context.Context, agency events.AgencyID, m Message) (Answer, error)

// Consume hands every message of every agency to handle, several at the same
// time and not always in order, until ctx ends; then it waits for those that
// are being handled. A message leaves its stream only after its answer is on
// stable storage in the agency's inbox. One that handle could not answer, or
// that a crash left unanswered, is handed out again. Several hubs may consume at
// the same time: each message goes to one of them.
func (h *Hub) Consume(ctx context.Context, handle Handler) error {
	g, ctx := errgroup.WithContext(ctx)
	h.mu.Lock()
	h.start = func(d *desk) {
		g.Go(func() error { return h.serve(ctx, d, handle) })
	}
	for _, d := range h.desks {
		h.start(d)
	}
	h.mu.Unlock()
	g.Go(func() error { // an agency may join for as long as this runs
		<-ctx.Done()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.start = nil
		return nil
	})
	return g.Wait()
}

// serve handles the messages of one agency, until ctx ends or it is let go.
func (h *Hub) serve(ctx context.Context, d *desk, handle Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-d.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	go d.tidy(ctx)
	d.limit = h.limits.For(d.agency)
	d.quota, d.waited = NewQuota(d.limit, fromStream, time.Now), h.waited
	if err := d.renewals(h.renew); err != nil {
		return fmt.Errorf("listen to renewals of %s: %w", d.agency, err)
	}
	err := d.consume(ctx, h.ackWait, handle)
	if ctx.Err() != nil || d.left() {
		return nil
	}
	return fmt.Errorf("consume the events of %s: %w", d.agency, err)
}

// consume ends only with ctx, or with the connection.
func (d *desk) consume(ctx context.Context, ackWait time.Duration, handle Handler) error {
	var busy sync.WaitGroup
	defer busy.Wait()
	slots := make(chan struct{}, inFlight)
	for ctx.Err() == nil && !d.nc.IsClosed() {
		it, err := d.messages(ctx, ackWait)
		if err != nil {
			return err
		}
		for {
			m, err := it.Next(jetstream.NextContext(ctx))
			if errors.Is(err, jetstream.ErrNoHeartbeat) {
				continue // the server is away; the iterator goes on when it is back
			}
			if err != nil {
				break
			}
			if waited := d.quota.wait(ctx, len(m.Data())); waited > 0 {
				d.waited(d.agency, waited)
			}
			slots <- struct{}{}
			busy.Go(func() {
				defer func() { <-slots }()
				d.answer(ctx, ackWait, m, handle)
			})
		}
		giveBack(it)
		breathe(ctx)
	}
	return errors.Join(ctx.Err(), nats.ErrConnectionClosed)
}

func (d *desk) messages(ctx context.Context, ackWait time.Duration) (jetstream.MessagesContext, error) {
	var it jetstream.MessagesContext
	err := retry(ctx, func(ctx context.Context) error {
		c, err := d.js.CreateOrUpdateConsumer(ctx, streamEvents, jetstream.ConsumerConfig{
			Durable: hubConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 16 * inFlight,
		})
		if err == nil {
			it, err = c.Messages(jetstream.PullMaxMessages(fetched(d.limit)), jetstream.PullExpiry(10*time.Second))
		}
		return err
	})
	return it, err
}

// giveBack returns the messages that were fetched and not looked at, so that
// nobody has to wait for them to time out.
func giveBack(it jetstream.MessagesContext) {
	it.Drain()
	for {
		m, err := it.Next(jetstream.NextMaxWait(250 * time.Millisecond))
		if err != nil {
			it.Stop()
			return
		}
		_ = m.Nak() // if it is lost, the message times out
	}
}

// answer sees one message through. It is finished even if ctx ends meanwhile.
func (d *desk) answer(ctx context.Context, within time.Duration, m jetstream.Msg, handle Handler) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(traced(ctx, m.Headers())), within)
	defer cancel()
	meta, err := m.Metadata()
	if err != nil {
		return
	}
	a, err := handle(ctx, d.agency, Message{Header: m.Headers(), Body: m.Data(), Subject: m.Subject()})
	if err == nil {
		err = d.tell(ctx, a, meta.Sequence.Stream)
	}
	if err != nil {
		_ = m.NakWithDelay(delay(meta.NumDelivered)) // if it is lost, the message times out
		return
	}
	_ = m.Ack() // if it is lost, the message comes again and its answer is known
}

func delay(delivered uint64) time.Duration {
	return min(250*time.Millisecond<<min(delivered, 10), longestWait)
}

// tell publishes an answer. One message of EVENTS is answered once, however
// often it is handled; the same bytes published again are answered again,
// because whoever sent them is waiting.
func (d *desk) tell(ctx context.Context, a Answer, seq uint64) error {
	subject, e, err := a.event()
	if err != nil {
		return err
	}
	return d.put(ctx, subject, e, a.Digest+"."+strconv.FormatUint(seq, 10))
}

func (d *desk) put(ctx context.Context, subject string, e event.Event, id string) error {
	m, err := Structured(e)
	if err != nil {
		return err
	}
	msg := natsMsg(ctx, subject, m)
	msg.Header.Set(jetstream.MsgIDHeader, id)
	return d.out.publish(ctx, msg)
}

// Deliver puts an event into the inbox of an agency, on inbox.<subject>. It
// returns when the event is on stable storage there. The same event delivered
// again within two minutes is there once.
func (h *Hub) Deliver(ctx context.Context, agency events.AgencyID, subject string, e event.Event) error {
	for t := range strings.SplitSeq(subject, ".") {
		if !token(t) {
			return fmt.Errorf("deliver to %s: no such subject", agency)
		}
	}
	subject = "inbox." + subject
	if subject == SubjectReceipts || subject == SubjectRefusals {
		return fmt.Errorf("deliver to %s: only answers go to %s", agency, subject)
	}
	d := h.desk(agency)
	if d == nil {
		return fmt.Errorf("deliver to %s: no link to that agency", agency)
	}
	if err := d.put(ctx, subject, e, digest([]byte(e.Source()), []byte{0}, []byte(e.ID()))); err != nil {
		return fmt.Errorf("deliver to %s: %w", agency, err)
	}
	return nil
}
