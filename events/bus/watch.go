package bus

import (
	"context"
	"fmt"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go/jetstream"
)

// Watch hands over what is in the agency's inbox, oldest first, and leaves it
// there: from the beginning and until it is at the end, or what comes from now on
// until ctx ends. An error of handle ends it.
func (a *Agency) Watch(ctx context.Context, past bool, handle func(event.Event) error) error {
	from := jetstream.DeliverNewPolicy
	if past {
		from = jetstream.DeliverAllPolicy
	}
	s, err := a.js.Stream(ctx, streamInbox)
	if err != nil {
		return fmt.Errorf("watch the inbox of %s: %w", a.id, err)
	}
	if past && s.CachedInfo().State.Msgs == 0 {
		return nil
	}
	c, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{"inbox.>"}, DeliverPolicy: from})
	if err != nil {
		return fmt.Errorf("watch the inbox of %s: %w", a.id, err)
	}
	it, err := c.Messages()
	if err != nil {
		return fmt.Errorf("watch the inbox of %s: %w", a.id, err)
	}
	defer it.Stop()
	for ctx.Err() == nil {
		ms, err := next(ctx, it)
		if err != nil {
			break
		}
		for _, m := range ms {
			if e, err := Decode(Message{Header: m.Headers(), Body: m.Data()}); err == nil {
				if err := handle(e); err != nil {
					return err
				}
			}
			if meta, err := m.Metadata(); past && err == nil && meta.NumPending == 0 {
				return nil
			}
		}
	}
	return nil
}
