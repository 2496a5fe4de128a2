package bus

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"kith/events"
)

// serveWitness answers in the background until stop or the end of the test.
func serveWitness(t *testing.T, a *Agency, answer func([]byte) (int, []byte)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Witness(ctx, answer) }()
	var over bool
	stop = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// askUntil asks until somebody answers: a subscription takes a moment.
func askUntil(t *testing.T, h *Hub, id events.AgencyID, body string) (int, string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		status, answer, err := h.AskWitness(within(t), id, []byte(body))
		if err == nil {
			return status, string(answer)
		}
		if !errors.Is(err, nats.ErrNoResponders) || time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

func TestWitness(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	if _, _, err := h.AskWitness(within(t), police, nil); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("nobody is there, and the error is %v", err)
	}
	if _, _, err := h.AskWitness(within(t), "nobody", nil); err == nil {
		t.Error("an agency without a link answered")
	}
	stop := serveWitness(t, connect(t, s, police), func(b []byte) (int, []byte) { return http.StatusConflict, append(b, " of police"...) })
	serveWitness(t, connect(t, s, health), func(b []byte) (int, []byte) { return http.StatusOK, append(b, " of health"...) })
	for range 2 {
		if status, got := askUntil(t, h, police, "a"); status != http.StatusConflict || got != "a of police" {
			t.Errorf("%d %q", status, got)
		}
		if status, got := askUntil(t, h, health, "b"); status != http.StatusOK || got != "b of health" {
			t.Errorf("%d %q", status, got)
		}
	}
	stop()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, _, err := h.AskWitness(within(t), police, nil); errors.Is(err, nats.ErrNoResponders) {
			break
		}
		if time.Now().After(until) {
			t.Fatal("it still answers after it was stopped")
		}
	}
}

// A client that has nothing of ours answers with nats.go alone.
func TestWitnessWithPlainClient(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	nc := plain(t, s, s.Creds(police))
	if _, err := nc.Subscribe(SubjectWitness, func(m *nats.Msg) {
		answer := nats.NewMsg(m.Reply)
		answer.Header.Set(HeaderStatus, "200")
		answer.Data = []byte("signed " + string(m.Data))
		_ = nc.PublishMsg(answer)
	}); err != nil {
		t.Fatal(err)
	}
	if status, got := askUntil(t, h, police, "x"); status != 200 || got != "signed x" {
		t.Errorf("%d %q", status, got)
	}
}

func TestWitnessAnswersWithoutStatus(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	nc := plain(t, s, s.Creds(police))
	if _, err := nc.Subscribe(SubjectWitness, func(m *nats.Msg) { _ = m.Respond([]byte("what?")) }); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.AskWitness(within(t), police, nil); err == nil || errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("got %v", err)
	}
}

// The new subject opens nothing else: neither side may take the other's part.
func TestPermissionsOfWitness(t *testing.T) {
	s := start(t, t.TempDir())
	connectHub(t, s)
	nc, errs := violations(t, s, s.Creds(police))
	for _, subject := range []string{SubjectWitness, "witness.x", "_WITNESS"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		mustRefuse(t, nc, errs, "publish "+subject)
	}
	for _, subject := range []string{"_WITNESS.>", "_WITNESS.x", "witness.>", "witness.*", "_HUB.>"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		mustRefuse(t, nc, errs, "subscribe "+subject)
	}
	hub, errs := violations(t, s, s.HubCreds(police))
	for _, subject := range []string{"witness.x", "_WITNESS.x"} {
		if err := hub.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		mustRefuse(t, hub, errs, "publish "+subject)
	}
	if _, err := hub.SubscribeSync(SubjectWitness); err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, hub, errs, "subscribe "+SubjectWitness)
}
