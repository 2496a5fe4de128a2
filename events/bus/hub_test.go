package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"

	"kith/events"
)

// An integrator with nothing but a NATS client: any way to publish will do.
func TestPlainClient(t *testing.T) {
	s := start(t, t.TempDir())
	consume(t, connectHub(t, s), accept(t))
	nc := plain(t, s, s.Creds(police))
	receipts, err := nc.SubscribeSync("inbox.receipts")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	structured := &nats.Msg{Subject: "events.police.missing-episode", Data: sample("structured").Body, Header: nats.Header{"Content-Type": {typeStructured}}}
	bare := &nats.Msg{Subject: "events.anything", Data: sample("bare").Body}
	binary := &nats.Msg{Subject: "events.police.missing-episode", Data: []byte(`{"a":1}`), Header: nats.Header{
		"ce-specversion": {"1.0"}, "ce-id": {"binary"}, "ce-source": {"urn:x"}, "ce-type": {"t"}, "ce-datacontenttype": {"application/json"}}}
	for id, publish := range map[string]func() error{
		"structured": func() error { _, err := js.PublishMsg(within(t), structured); return err },
		"bare":       func() error { return nc.PublishMsg(bare) },
		"binary":     func() error { return nc.PublishMsg(binary) },
	} {
		if err := publish(); err != nil {
			t.Fatal(err)
		}
		m, err := receipts.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Decode(Message{Header: m.Header, Body: m.Data})
		if err != nil {
			t.Fatal(err)
		}
		if a, err := AnswerOf(e); err != nil || a.Receipt == nil || a.Receipt.ID != id {
			t.Errorf("%s: got %+v %v", id, a, err)
		}
	}
	if err := nc.PublishMsg(&nats.Msg{Subject: "events.x", Data: []byte("not an event")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the queue is empty", func() bool { return waitingIn(t, s, police) == 0 })
}

// As the doc comment of Agency says, with the agency's own creds.
func TestIntegratorReadsReceipts(t *testing.T) {
	s := start(t, t.TempDir())
	consume(t, connectHub(t, s), accept(t))
	if _, err := connect(t, s, police).Send(within(t), sample("1")); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(plain(t, s, s.Creds(police)))
	if err != nil {
		t.Fatal(err)
	}
	filter := []string{"inbox.receipts", "inbox.refusals"}
	durable, err := js.CreateOrUpdateConsumer(within(t), "INBOX", jetstream.ConsumerConfig{Durable: "our-system", FilterSubjects: filter})
	if err != nil {
		t.Fatal(err)
	}
	one, err := js.CreateOrUpdateConsumer(within(t), "INBOX", jetstream.ConsumerConfig{Durable: "one-filter", FilterSubject: "inbox.receipts"})
	if err != nil {
		t.Fatal(err)
	}
	ordered, err := js.OrderedConsumer(within(t), "INBOX", jetstream.OrderedConsumerConfig{FilterSubjects: filter})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]jetstream.Consumer{"durable": durable, "one filter": one, "ordered": ordered} {
		it, err := c.Messages()
		if err != nil {
			t.Fatal(err)
		}
		m, err := it.Next(jetstream.NextMaxWait(10 * time.Second))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name != "ordered" {
			if err := m.DoubleAck(within(t)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		it.Stop()
	}
	nc := plain(t, s, s.Creds(police))
	legacy, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	sub, err := legacy.PullSubscribe("inbox.receipts", "older-client")
	if err != nil {
		t.Fatal(err)
	}
	if ms, err := sub.Fetch(1, nats.MaxWait(10*time.Second)); err != nil || len(ms) != 1 {
		t.Errorf("the older API: %v", err)
	}
}

func TestHandlerErrorIsTriedAgain(t *testing.T) {
	s := start(t, t.TempDir())
	var tries atomic.Int32
	ok := accept(t)
	consume(t, connectHub(t, s), func(ctx context.Context, a events.AgencyID, m Message) (Answer, error) {
		if tries.Add(1) < 3 {
			return Answer{}, errors.New("not now")
		}
		return ok(ctx, a, m)
	})
	if _, err := connect(t, s, police).Send(within(t), sample("1")); err != nil {
		t.Fatal(err)
	}
	if tries.Load() != 3 {
		t.Errorf("%d tries", tries.Load())
	}
	eventually(t, "the queue is empty", func() bool { return waitingIn(t, s, police) == 0 })
}

// The hub ends after it decided and before the answer is out: the message is
// given to the next hub, and there is one answer.
func TestStopBeforeTheAnswer(t *testing.T) {
	s := start(t, t.TempDir())
	first := connectHub(t, s)
	first.ackWait = 2 * time.Second
	decided := make(chan struct{})
	ok := accept(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = first.Consume(ctx, func(ctx context.Context, a events.AgencyID, m Message) (Answer, error) {
			close(decided)
			first.Close() // as a crash does: nothing goes out any more
			return ok(ctx, a, m)
		})
	}()
	a := connect(t, s, police)
	done := make(chan error, 1)
	go func() { _, err := a.Send(within(t), sample("1")); done <- err }()
	receive(t, decided)
	cancel()
	<-ended
	if n := waitingIn(t, s, police); n != 1 {
		t.Fatalf("%d messages wait, want 1: acknowledged before the answer was out", n)
	}
	second := connectHub(t, s)
	second.ackWait = 2 * time.Second
	consume(t, second, ok)
	if err := receive(t, done); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the queue is empty", func() bool { return waitingIn(t, s, police) == 0 })
	if n := inboxOf(t, s, police); n != 1 {
		t.Errorf("%d answers, want 1", n)
	}
}

// A message does not leave before its answer is stored: one whose answer does not
// fit into the inbox is decided again.
func TestAnswerThatCannotBeStored(t *testing.T) {
	s := start(t, t.TempDir())
	var tries atomic.Int32
	ok := accept(t)
	consume(t, connectHub(t, s), func(ctx context.Context, a events.AgencyID, m Message) (Answer, error) {
		if tries.Add(1) > 1 {
			return ok(ctx, a, m)
		}
		huge := []events.Complaint{{Code: "too-long", Detail: strings.Repeat("x", 2<<20)}}
		return Answer{Digest: Digest(m), Refusal: &Refusal{Agency: a, Digest: Digest(m), Problems: huge}}, nil
	})
	got, err := connect(t, s, police).Send(within(t), sample("1"))
	if err != nil || got.Receipt == nil || tries.Load() != 2 {
		t.Errorf("after %d tries %+v %v", tries.Load(), got, err)
	}
}

// One message of the queue has one answer, however often it is handled; the
// same bytes sent again are answered again.
func TestAnswersAreDeduplicated(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	d := h.desks[0]
	a := Answer{Digest: "d", Refusal: &Refusal{Digest: "d"}}
	for range 3 {
		if err := d.tell(within(t), a, 7); err != nil {
			t.Fatal(err)
		}
	}
	if n := inboxOf(t, s, police); n != 1 {
		t.Errorf("%d answers to one message", n)
	}
	if err := d.tell(within(t), a, 8); err != nil {
		t.Fatal(err)
	}
	if n := inboxOf(t, s, police); n != 2 {
		t.Errorf("%d answers to two messages", n)
	}
	var all sync.WaitGroup // one that is there already must not keep others out of a batch
	for i := range 50 {
		all.Go(func() {
			if err := d.tell(within(t), a, uint64(7+i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := inboxOf(t, s, police); n != 50 {
		t.Errorf("%d answers to fifty messages", n)
	}
}

func TestConsumeRefusesHalfAnAnswer(t *testing.T) {
	for _, a := range []Answer{{}, {Digest: "d"}, {Digest: "d", Receipt: &Receipt{Digest: "e"}}, {Digest: "d", Receipt: &Receipt{Digest: "d"}, Refusal: &Refusal{Digest: "d"}}} {
		if _, _, err := a.event(); err == nil {
			t.Errorf("%+v passed", a)
		}
	}
}

func TestDeliver(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	a := connect(t, s, police)
	for range 2 {
		if err := h.Deliver(within(t), police, "referral.decided", mustEvent(t, "1")); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"", "receipts", "refusals", "a..b", "a.>", "a b"} {
		if h.Deliver(within(t), police, subject, mustEvent(t, "2")) == nil {
			t.Errorf("subject %q passed", subject)
		}
	}
	if h.Deliver(within(t), "nobody", "a", mustEvent(t, "2")) == nil {
		t.Error("an unknown agency passed")
	}
	got := make(chan string, 8)
	failed := false
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan error)
	go func() {
		ended <- a.Inbox(ctx, "test", func(e event.Event) error {
			if !failed {
				failed = true
				return errors.New("not now")
			}
			got <- e.ID()
			return nil
		})
	}()
	if id := receive(t, got); id != "1" {
		t.Errorf("got %s", id)
	}
	cancel()
	if err := <-ended; err != nil || len(got) != 0 {
		t.Errorf("%v, and %d more", err, len(got))
	}
	if n := inboxOf(t, s, health); n != 0 {
		t.Errorf("health got %d", n)
	}
}

func TestTraceTravels(t *testing.T) {
	s := start(t, t.TempDir())
	seen := make(chan trace.SpanContext, 1)
	ok := accept(t)
	consume(t, connectHub(t, s), func(ctx context.Context, a events.AgencyID, m Message) (Answer, error) {
		seen <- trace.SpanContextFromContext(ctx)
		return ok(ctx, a, m)
	})
	id, _ := trace.TraceIDFromHex("4bf92f3577b34da6a3ce929d0e0e4736")
	span, _ := trace.SpanIDFromHex("00f067aa0ba902b7")
	ctx := trace.ContextWithSpanContext(within(t), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: 1}))
	if _, err := connect(t, s, police).Send(ctx, sample("1")); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, seen); got.TraceID() != id || got.SpanID() != span {
		t.Errorf("got %v", got)
	}
}

func TestSendFromMany(t *testing.T) {
	s := start(t, t.TempDir())
	consume(t, connectHub(t, s), accept(t))
	a := connect(t, s, police)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			m := sample(fmt.Sprint(i / 2)) // each digest twice
			got, err := a.Send(within(t), m)
			if err != nil || got.Digest != Digest(m) || got.Receipt == nil || got.Receipt.ID != fmt.Sprint(i/2) {
				t.Errorf("%d: %+v %v", i, got, err)
			}
		})
	}
	all.Wait()
	if len(a.waiting.by) != 0 {
		t.Error("somebody still waits")
	}
}

func TestBatchesAreAtomic(t *testing.T) {
	s := start(t, t.TempDir())
	connectHub(t, s)
	a := connect(t, s, police)
	ms := make([]Message, 100)
	for i := range ms {
		ms[i] = sample(fmt.Sprint(i))
	}
	if err := a.Publish(within(t), ms...); err != nil {
		t.Fatal(err)
	}
	if n := waitingIn(t, s, police); n != 100 {
		t.Errorf("%d wait", n)
	}
	ms[99].Body = make([]byte, 2<<20) // NATS will not take it
	if err := a.Publish(within(t), ms...); err == nil {
		t.Error("too large a message passed")
	}
	if n := waitingIn(t, s, police); n != 100 {
		t.Errorf("%d wait: part of a batch was taken", n)
	}
	if err := a.Publish(within(t), make([]Message, MaxBatch+1)...); err == nil {
		t.Error("too large a batch passed")
	}
	if err := a.Publish(within(t)); err != nil {
		t.Error(err)
	}
}

// A server that goes away and comes back: nothing has to be connected again.
func TestServerRestart(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	h, a := connectHub(t, s), connect(t, s, police)
	consume(t, h, accept(t))
	if _, err := a.Send(within(t), sample("1")); err != nil {
		t.Fatal(err)
	}
	address := s.ns.Addr().String()
	s.Shutdown()
	away, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := a.Send(away, sample("2")); err == nil {
		t.Error("sent to a server that is away")
	}
	s, err := Start(Options{Dir: dir, Listen: address, Agencies: []events.AgencyID{police, health}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	eventually(t, "it goes on", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := a.Send(ctx, sample("3"))
		return err == nil
	})
}

// An agency may start before the hub ever did.
func TestAgencyFirst(t *testing.T) {
	s := start(t, t.TempDir())
	a := connect(t, s, police)
	if err := a.Publish(within(t), sample("1")); err == nil {
		t.Error("published where there is no stream")
	}
	done := make(chan error, 1)
	go func() { _, err := a.Send(within(t), sample("2")); done <- err }()
	time.Sleep(50 * time.Millisecond)
	consume(t, connectHub(t, s), accept(t))
	if err := receive(t, done); err != nil {
		t.Error(err)
	}
	if _, err := Connect(t.Context(), Link{URL: s.URL(), Creds: "/no/such.creds"}); err == nil {
		t.Error("connected without a creds file")
	}
}

func TestAnswersAreTakenOnce(t *testing.T) {
	s := start(t, t.TempDir())
	consume(t, connectHub(t, s), accept(t))
	a := connect(t, s, police)
	for i := range 10 {
		if _, err := a.Send(within(t), sample(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	take := func(want int) (got []string) {
		ctx, cancel := context.WithTimeout(within(t), 2*time.Second)
		defer cancel()
		failed := false
		err := a.Answers(ctx, "outbox", func(as []Answer) error {
			if !failed && want > 0 {
				failed = true
				return errors.New("disk full")
			}
			for _, one := range as {
				got = append(got, one.Receipt.ID)
			}
			if len(got) >= want {
				cancel()
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return got
	}
	if got := take(10); len(got) != 10 {
		t.Errorf("got %v", got)
	}
	if got := take(0); len(got) != 0 {
		t.Errorf("again %v", got)
	}
}

func inboxOf(t *testing.T, s *Server, a events.AgencyID) uint64 {
	t.Helper()
	js, err := jetstream.New(plain(t, s, s.Creds(a)))
	if err != nil {
		t.Fatal(err)
	}
	st, err := js.Stream(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	return st.CachedInfo().State.Msgs
}

// What the server itself writes into the inbox, because a client asked it to
// reply there, is no answer and stands in nobody's way.
func TestJunkInTheInbox(t *testing.T) {
	s := start(t, t.TempDir())
	consume(t, connectHub(t, s), accept(t))
	a := connect(t, s, police)
	nc := plain(t, s, s.Creds(police))
	for _, subject := range []string{"events.x", "$JS.API.STREAM.INFO.INBOX"} {
		if err := nc.PublishMsg(&nats.Msg{Subject: subject, Reply: SubjectReceipts}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the junk is there", func() bool { return inboxOf(t, s, police) >= 2 })
	if got, err := a.Send(within(t), sample("1")); err != nil || got.Receipt == nil {
		t.Errorf("%+v %v", got, err)
	}
	got := make(chan string, 8)
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan error)
	go func() {
		ended <- a.Answers(ctx, "test", func(as []Answer) error {
			for _, one := range as {
				got <- one.Digest
			}
			return nil
		})
	}()
	receive(t, got)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// receive fails rather than wait for ever.
func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 100 {
		if f() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("not in time: %s", what)
}
