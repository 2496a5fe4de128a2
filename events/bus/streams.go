package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Every agency's account has these two streams.
const (
	streamEvents = "EVENTS" // what the agency published and the hub has not answered yet
	streamInbox  = "INBOX"  // what the hub told the agency, for inboxDays
)

const (
	inboxDays   = 90
	maxWaiting  = 1_000_000 // messages in EVENTS; more are refused, and stay in the outbox
	maxEvents   = 256 << 20 // bytes in EVENTS, so that no agency fills the disk of all
	hubConsumer = "hub"
)

// eventsStream: what was answered is taken out by tidy, many at a time. A work
// queue would do it by itself, with a sync of the disk for each message.
func eventsStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: streamEvents, Subjects: []string{"events.>"},
		Description: "what the agency published and the hub has not answered yet",
		Retention:   jetstream.LimitsPolicy, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardNew, MaxMsgs: maxWaiting, MaxBytes: maxEvents,
		AllowAtomicPublish: true, DenyDelete: true,
	}
}

func inboxStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: streamInbox, Subjects: []string{"inbox.>"},
		Description: "what the hub told the agency",
		Retention:   jetstream.LimitsPolicy, Storage: jetstream.FileStorage,
		MaxAge: inboxDays * 24 * time.Hour, AllowAtomicPublish: true,
		DenyPurge: true, DenyDelete: true,
	}
}

// ensureStreams makes the streams that are missing. One that is there is left
// as it is: to change it could lose what it holds. If it would not do, that is
// an error for a person to mend.
func ensureStreams(ctx context.Context, js jetstream.JetStream) error {
	for _, want := range []jetstream.StreamConfig{eventsStream(), inboxStream()} {
		s, err := js.Stream(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			s, err = js.CreateStream(ctx, want)
		}
		if err != nil {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
		if got := s.CachedInfo().Config; !suits(got, want) {
			return fmt.Errorf("stream %s: %w", want.Name, errUnsuitable)
		}
	}
	return nil
}

var errUnsuitable = errors.New("it is there but set up in another way; its retention, subjects, storage or batches do not fit")

func suits(got, want jetstream.StreamConfig) bool {
	queue := got.Retention == jetstream.WorkQueuePolicy && want.Name == streamEvents // as it was set up once
	return (got.Retention == want.Retention || queue) && got.Storage == want.Storage &&
		slices.Equal(got.Subjects, want.Subjects) && got.AllowAtomicPublish
}
