// Package edge is what every agency service has in common: an outbox that keeps
// what the agency sends until the hub has answered it, and a door over HTTP.
package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

// MaxMessage is how large a message may be, in bytes; the hub would refuse more.
const MaxMessage = 256 << 10

// Config is what an Edge needs.
type Config struct {
	Agency   events.Agency
	Path     string      // of the outbox, a SQLite file; made if it is not there
	Link     *bus.Agency // stays the caller's to close, after the Edge
	Log      *slog.Logger
	Verifier string // the hub's public key; if given, a receipt counts only if it verifies
}

// Edge sends an agency's notices to the hub. What it took is on stable storage
// and is sent again and again until the hub has answered; the answer is kept,
// so that the same notice given again has the same answer at once. Any number
// of callers may use it at the same time.
type Edge struct {
	agency   events.Agency
	link     *bus.Agency
	log      *slog.Logger
	verifier string
	patience time.Duration // of a caller over HTTP
	box      *outbox
	callers  callers
	in       chan *put
	wake     chan struct{} // something new is in the outbox
	flying   window
	taking   taking
	stop     context.CancelFunc
	running  sync.WaitGroup
	stopped  <-chan struct{}
}

// New opens the outbox and starts to send what is unanswered in it.
func New(c Config) (*Edge, error) {
	ctx, stop := context.WithCancel(context.Background())
	box, err := openOutbox(ctx, c.Path)
	if err != nil {
		stop()
		return nil, fmt.Errorf("open the outbox of %s: %w", c.Agency.ID, err)
	}
	e := &Edge{
		agency: c.Agency, link: c.Link, log: c.Log, verifier: c.Verifier, patience: patience, box: box,
		in: make(chan *put), wake: make(chan struct{}, 1), stop: stop, stopped: ctx.Done(),
	}
	if e.log == nil {
		e.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	e.running.Go(func() { e.write(ctx) })
	e.running.Go(func() { e.forward(ctx) })
	e.running.Go(func() { e.hear(ctx) })
	e.running.Go(func() { e.tidy(ctx) })
	return e, nil
}

// Close ends every call that is waiting and closes the outbox. What is
// unanswered is sent when it is opened again.
func (e *Edge) Close() error {
	e.stop()
	e.running.Wait()
	return e.box.Close()
}

func (e *Edge) closed() bool {
	select {
	case <-e.stopped:
		return true
	default:
		return false
	}
}

// rest waits, unless ctx ends or the Edge is closed.
func (e *Edge) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-e.stopped:
	case <-t.C:
	}
}

// Submit sends notices and waits for the answers, one for each event that comes of
// them and in the same order: a notice is one event, and one that voids records is
// a withdrawal of each that stands. If ctx ends first, the error is
// fault.Unavailable, the answers that are there are returned, and the rest are sent
// nevertheless: to submit the same again does no harm.
func (e *Edge) Submit(ctx context.Context, ns ...events.Notice) ([]bus.Answer, error) {
	done := e.taking.alone(ns)
	defer done()
	rows, err := e.noticed(ctx, ns)
	if err != nil {
		return nil, err
	}
	return e.answered(ctx, rows, done)
}

// Put keeps notices and returns as soon as they are on stable storage. They are
// answered later.
func (e *Edge) Put(ctx context.Context, ns ...events.Notice) error {
	defer e.taking.alone(ns)()
	rows, err := e.noticed(ctx, ns)
	if err != nil {
		return err
	}
	return e.keep(ctx, rows)
}

// Forward is Submit for CloudEvents that are ready.
func (e *Edge) Forward(ctx context.Context, ms ...bus.Message) ([]bus.Answer, error) {
	rows, err := e.rows(ctx, ms)
	if err != nil {
		return nil, err
	}
	return e.answered(ctx, rows, func() {})
}

// answered keeps rows, says so, and waits for their answers.
func (e *Edge) answered(ctx context.Context, rows []row, kept func()) ([]bus.Answer, error) {
	digests := make([]string, len(rows))
	for i, r := range rows {
		digests[i] = r.digest
	}
	answers, leave := e.callers.join(digests) // before anything is sent
	defer leave()
	if err := e.keep(ctx, rows); err != nil {
		return nil, err
	}
	kept()
	held, err := e.box.answers(ctx, digests)
	if err != nil {
		return nil, unavailable(err)
	}
	return e.collect(ctx, digests, held, answers)
}

// collect waits until every digest has its answer.
func (e *Edge) collect(ctx context.Context, digests []string, held map[string]bus.Answer, more <-chan bus.Answer) ([]bus.Answer, error) {
	missing := map[string]bool{}
	for _, d := range digests {
		if _, ok := held[d]; !ok {
			missing[d] = true
		}
	}
	var err error
	for len(missing) > 0 && err == nil {
		select {
		case a := <-more:
			held[a.Digest] = a
			delete(missing, a.Digest)
		case <-ctx.Done():
			err = waiting(ctx.Err())
		case <-e.stopped:
			err = waiting(errClosed)
		}
	}
	as := make([]bus.Answer, len(digests))
	for i, d := range digests {
		if as[i] = held[d]; as[i].Digest == "" {
			as[i].Digest = d // named, not answered
		}
	}
	return as, err
}

// Depth is how many messages the hub has not answered yet.
func (e *Edge) Depth(ctx context.Context) (int, error) { return e.box.depth(ctx) }

// Oldest is how long the oldest message waits that the hub has not answered yet.
func (e *Edge) Oldest(ctx context.Context) (time.Duration, error) {
	at, err := e.box.oldest(ctx)
	if err != nil || at.IsZero() {
		return 0, err
	}
	return time.Since(at), nil
}

// rows are what is kept of messages, each as a correction if one was refused
// under its id before.
func (e *Edge) rows(ctx context.Context, ms []bus.Message) ([]row, error) {
	rows, err := rowsOf(ctx, ms)
	if err != nil {
		return nil, err
	}
	if err := e.box.correcting(ctx, rows); err != nil {
		return nil, unavailable(err)
	}
	for i := range rows {
		if err := e.box.inherit(ctx, &rows[i]); err != nil {
			return nil, unavailable(err)
		}
	}
	return rows, nil
}

// noticed are what is kept of notices.
func (e *Edge) noticed(ctx context.Context, ns []events.Notice) ([]row, error) {
	v := versions{e, map[string]history{}}
	var rows []row
	for _, n := range ns {
		rs, err := v.rows(ctx, n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, rs...)
	}
	return rows, nil
}

// rowsOf gives each message the form in which it is kept and sent: structured.
// What claims to be structured and is not goes to the hub as it is, which
// refuses it and keeps it for both sides to see.
func rowsOf(ctx context.Context, ms []bus.Message) ([]row, error) {
	trace := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, trace)
	rows := make([]row, len(ms))
	for i, m := range ms {
		m, err := structured(m)
		if err != nil {
			return nil, err
		}
		if len(m.Body) > MaxMessage {
			return nil, fault.New(fault.Invalid, "An event is larger than 256 KiB. Send a reference to what is large instead of the thing itself.")
		}
		rows[i] = newRow(m.Body, trace["traceparent"])
	}
	return rows, nil
}

func structured(m bus.Message) (bus.Message, error) {
	if m.Structured() {
		return m, nil
	}
	e, err := bus.Decode(m)
	if err == nil {
		m, err = bus.Structured(e)
	}
	if err == nil {
		return m, nil
	}
	f := &fault.Error{Kind: fault.Invalid, Text: "This is not a CloudEvent.", Err: err}
	if bad, ok := errors.AsType[*bus.Malformed](err); ok {
		for _, p := range bad.Problems {
			f.At = append(f.At, fault.Place{Pointer: p.Pointer, Detail: p.Detail, Code: p.Code})
		}
	}
	return bus.Message{}, f
}

var errClosed = errors.New("the outbox was closed")

func unavailable(err error) error {
	return &fault.Error{Kind: fault.Unavailable, Text: "The outbox cannot take this now. Send it again later.", Err: err}
}

func waiting(err error) error {
	return &fault.Error{Kind: fault.Unavailable, Text: "This is kept and will be sent; the hub has not answered yet. To send it again does no harm.", Err: err}
}
