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

// write falls back to one by one when the batch holds a message that the stream
// has already: then none of the batch was taken.
func write(ctx context.Context, js jetstream.JetStream, ps []*pending) {
	ms := make([]*nats.Msg, len(ps))
	for i, p := range ps {
		ms[i] = p.msg
	}
	err := publish(ctx, js, ms)
	again := errors.Is(err, jetstreamext.ErrBatchPublishDuplicateMsgID) && len(ps) > 1
	for i, p := range ps {
		if again {
			single := &nats.Msg{Subject: ms[i].Subject, Header: withoutBatch(ms[i].Header), Data: ms[i].Data}
			err = publish(ctx, js, []*nats.Msg{single})
		}
		p.done <- err
	}
}

func withoutBatch(h nats.Header) nats.Header {
	for _, k := range []string{jetstreamext.BatchIDHeader, jetstreamext.BatchSeqHeader, jetstreamext.BatchCommitHeader} {
		h.Del(k)
	}
	return h
}
