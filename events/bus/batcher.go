package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// batcher publishes for many callers at once: while one batch is being written
// the next gathers. Each batch costs one sync of the disk.
type batcher struct {
	in      chan *pending
	stopped chan struct{}
	stop    context.CancelFunc
}

type pending struct {
	msg  *nats.Msg
	done chan error
}

const largestBatch = 256

func newBatcher(js jetstream.JetStream) *batcher {
	ctx, stop := context.WithCancel(context.Background())
	b := &batcher{in: make(chan *pending), stopped: make(chan struct{}), stop: stop}
	go b.run(ctx, js)
	return b
}

var errClosed = errors.New("closed")

// publish returns when the message is on stable storage.
func (b *batcher) publish(ctx context.Context, m *nats.Msg) error {
	p := &pending{m, make(chan error, 1)}
	select {
	case b.in <- p:
	case <-b.stopped:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *batcher) close() {
	b.stop()
	<-b.stopped
}

func (b *batcher) run(ctx context.Context, js jetstream.JetStream) {
	defer close(b.stopped)
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-b.in:
			write(ctx, js, b.gather(p))
		}
	}
}

// gather takes along everybody who is waiting already.
func (b *batcher) gather(first *pending) []*pending {
	ps := []*pending{first}
	for len(ps) < largestBatch {
		select {
		case p := <-b.in:
			ps = append(ps, p)
		default:
			return ps
		}
	}
	return ps
}

// few is up to how many messages go out one by one: JetStream writes a batch to
// files of its own first, which takes longer than syncing a few messages.
const few = 24

// write publishes what was gathered and tells everybody what became of it.
func write(ctx context.Context, js jetstream.JetStream, ps []*pending) {
	if len(ps) > few {
		if ps = writeBatch(ctx, js, ps); len(ps) == 0 {
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	acks := make([]jetstream.PubAckFuture, len(ps))
	for i, p := range ps {
		var err error
		if acks[i], err = js.PublishMsgAsync(p.msg); err != nil {
			p.done <- err
		}
	}
	for i, p := range ps {
		if acks[i] != nil {
			p.done <- acked(ctx, acks[i])
		}
	}
}

func acked(ctx context.Context, f jetstream.PubAckFuture) error {
	select {
	case <-f.Ok():
		return nil
	case err := <-f.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writeBatch publishes all at once. If the server took none for the sake of one
// message, which it has already or will not have, all come back to be published
// one by one.
func writeBatch(ctx context.Context, js jetstream.JetStream, ps []*pending) (again []*pending) {
	ms := make([]*nats.Msg, len(ps))
	for i, p := range ps {
		ms[i] = p.msg
	}
	err := publish(ctx, js, ms)
	if refused(err) {
		for i, p := range ps {
			p.msg = &nats.Msg{Subject: ms[i].Subject, Header: withoutBatch(ms[i].Header), Data: ms[i].Data}
		}
		return ps
	}
	for _, p := range ps {
		p.done <- err
	}
	return nil
}

// refused says that the server answered, and the answer was no.
func refused(err error) bool {
	_, answered := errors.AsType[*jetstream.APIError](err)
	return answered || errors.Is(err, jetstreamext.ErrBatchPublishDuplicateMsgID) || errors.Is(err, nats.ErrMaxPayload)
}

func withoutBatch(h nats.Header) nats.Header {
	for _, k := range []string{jetstreamext.BatchIDHeader, jetstreamext.BatchSeqHeader, jetstreamext.BatchCommitHeader} {
		h.Del(k)
	}
	return h
}
