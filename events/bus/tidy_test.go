package bus

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kith/events"
)

// TestWhatIsAnsweredIsTakenOut: only what comes before the first message without
// an answer may go; that one must stay, whatever follows it.
func TestWhatIsAnsweredIsTakenOut(t *testing.T) {
	s := start(t, t.TempDir())
	var open atomic.Bool
	answer := accept(t)
	consume(t, connectHub(t, s), func(ctx context.Context, a events.AgencyID, m Message) (Answer, error) {
		if string(m.Body) == string(sample("stuck").Body) && !open.Load() {
			return Answer{}, errors.New("not now")
		}
		return answer(ctx, a, m)
	})
	a := connect(t, s, police)
	send := func(id string) {
		if _, err := a.Send(within(t), sample(id)); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	send("2")
	eventually(t, "what was answered is gone", func() bool { return waitingIn(t, s, police) == 0 })
	if err := a.Publish(within(t), sample("stuck")); err != nil {
		t.Fatal(err)
	}
	send("3")
	send("4")
	(&desk{js: a.js}).purge(t.Context(), 0) // an agency may not
	if n := waitingIn(t, s, police); n != 3 {
		t.Errorf("%d messages wait, want the one without an answer and two after it", n)
	}
	open.Store(true)
	eventually(t, "the last has its answer and all are gone", func() bool { return waitingIn(t, s, police) == 0 })
}

// TestWorkQueueOfEarlierHubs: such a stream is used as it is.
func TestWorkQueueOfEarlierHubs(t *testing.T) {
	s := start(t, t.TempDir())
	js, err := jetstream.New(plain(t, s, s.HubCreds(police), nats.CustomInboxPrefix(hubInbox)))
	if err != nil {
		t.Fatal(err)
	}
	old := eventsStream()
	old.Retention, old.DenyPurge = jetstream.WorkQueuePolicy, true
	if _, err := js.CreateStream(within(t), old); err != nil {
		t.Fatal(err)
	}
	consume(t, connectHub(t, s), accept(t))
	a := connect(t, s, police)
	if _, err := a.Send(within(t), sample("1")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is taken out", func() bool { return waitingIn(t, s, police) == 0 })
}
