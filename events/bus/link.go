package bus

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
	"go.opentelemetry.io/otel/propagation"

	"kith/events"
)

// Link says how to reach the account of one agency.
type Link struct {
	URL    string
	Creds  string // path of a creds file; it is read again at each reconnect
	Agency events.AgencyID

	CAFile string         // certificates that vouch for the server; those of this machine if empty
	Plain  []netip.Prefix // private networks in which it may be reached without TLS; none
	Server *Server        // within this process, for which URL is not used; none
}

// MaxBatch is how many messages one Publish may hold.
const MaxBatch = 500

const publishWithin = 5 * time.Second

// dial returns a connection that keeps trying for as long as it is open, so
// that a service starts, and an outbox fills, while NATS is away. What is
// published meanwhile fails at once: it must not seem sent.
func dial(l Link, o ...nats.Option) (*nats.Conn, jetstream.JetStream, error) {
	if _, err := os.Stat(l.Creds); err != nil {
		return nil, nil, fmt.Errorf("connect %s: %w", l.Agency, err)
	}
	guarded, err := l.guard()
	if err != nil {
		return nil, nil, err
	}
	nc, err := nats.Connect(l.address(), append(append(o, guarded...),
		nats.UserCredentials(l.Creds),
		nats.Name("kith "+string(l.Agency)),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(250*time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.ReconnectBufSize(-1),
	)...)
	if err != nil {
		return nil, nil, fmt.Errorf("connect %s: %w", l.Agency, err)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(publishWithin))
	if err != nil {
		nc.Close()
		return nil, nil, fmt.Errorf("connect %s: %w", l.Agency, err)
	}
	return nc, js, nil
}

// publish returns when the messages are on stable storage: all of them, or none
// and an error. After an error of the connection it may be all and yet an error.
func publish(ctx context.Context, js jetstream.JetStream, ms []*nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	switch len(ms) {
	case 0:
		return nil
	case 1:
		_, err := js.PublishMsg(ctx, ms[0])
		return err
	default:
		_, err := jetstreamext.PublishMsgBatch(ctx, js, ms)
		return err
	}
}

// natsMsg makes the NATS message, with the trace of the caller in its headers.
// Only headers of the event are taken along: others could steer the server.
func natsMsg(ctx context.Context, subject string, m Message) *nats.Msg {
	msg := nats.NewMsg(subject)
	for k, vs := range m.Header {
		switch l := strings.ToLower(k); {
		case l == "traceparent", l == "tracestate":
			msg.Header[l] = vs
		case strings.EqualFold(k, contentType), strings.HasPrefix(l, attributeBegin):
			msg.Header[k] = vs
		}
	}
	c := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, c)
	for k, v := range c {
		msg.Header[k] = []string{v}
	}
	msg.Data = m.Body
	return msg
}

// traced puts the trace of a message into a context.
func traced(ctx context.Context, h nats.Header) context.Context {
	c := propagation.MapCarrier{}
	for k, vs := range h {
		if len(vs) > 0 {
			c[strings.ToLower(k)] = vs[0]
		}
	}
	return propagation.TraceContext{}.Extract(ctx, c)
}

// retry repeats f, more and more slowly, until it succeeds or ctx ends, or it
// fails in a way that only a person can mend.
func retry(ctx context.Context, f func(context.Context) error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		attempt, cancel := context.WithTimeout(ctx, publishWithin)
		err := f(attempt)
		cancel()
		if err == nil || errors.Is(err, errUnsuitable) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// breathe keeps a loop that fails at once from spinning.
func breathe(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
}

// subjectOf is where a message is published.
func subjectOf(m Message) string {
	e, err := Decode(m)
	if err != nil {
		return subjectOfOthers
	}
	return SubjectFor(e.Type())
}

// subjectOfOthers is where goes what is not one of our own events.
const subjectOfOthers = "events.other"

// SubjectFor is the NATS subject on which an event of a type is published:
// events.police.missing-episode for our own types, else events.other.
func SubjectFor(eventType string) string {
	if !strings.HasPrefix(eventType, "uk.kith.") {
		return subjectOfOthers
	}
	short := shortType(events.Type(eventType))
	family, name, _ := strings.Cut(short, ".")
	if !token(family) || !token(name) {
		return subjectOfOthers
	}
	return "events." + short
}

// token reports whether s is one token of a subject as we write them.
func token(s string) bool { return validAgency(events.AgencyID(s)) }
