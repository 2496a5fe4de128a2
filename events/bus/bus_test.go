package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"

	"kith/events"
)

const (
	police = events.AgencyID("northshire-police")
	health = events.AgencyID("northshire-hospital")
)

// start starts a server for two agencies.
func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(Options{Dir: dir, Agencies: []events.AgencyID{police, health}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func connectHub(t *testing.T, s *Server) *Hub {
	t.Helper()
	h, err := ConnectHub(within(t), []Link{
		{URL: s.URL(), Creds: s.HubCreds(police), Agency: police},
		{URL: s.URL(), Creds: s.HubCreds(health), Agency: health},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func connect(t *testing.T, s *Server, id events.AgencyID) *Agency {
	t.Helper()
	a, err := Connect(within(t), Link{URL: s.URL(), Creds: s.Creds(id), Agency: id})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// plain connects as an integrator would: nothing but nats.go and a creds file.
func plain(t *testing.T, s *Server, creds string, o ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.URL(), append(o, nats.UserCredentials(creds))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// consume answers in the background until the test ends.
func consume(t *testing.T, h *Hub, handle Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Consume(ctx, handle) }()
	stop = func() {
		cancel()
		if err, ok := <-done; ok && err != nil {
			t.Error(err)
		}
		close(done)
		done = closed
	}
	t.Cleanup(func() { stop() })
	return stop
}

var closed = func() chan error { c := make(chan error); close(c); return c }()

// accept gives every message that can be decoded a receipt, signed with a key
// of this test.
func accept(t *testing.T) Handler {
	t.Helper()
	signer, err := NewSigner(filepath.Join(t.TempDir(), "receipts.key"))
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, a events.AgencyID, m Message) (Answer, error) {
		d := Digest(m)
		e, err := Decode(m)
		if err != nil {
			return Answer{Digest: d, Refusal: &Refusal{Agency: a, Digest: d, Problems: err.(*Malformed).Problems}}, nil
		}
		r, err := signer.Sign(Receipt{Agency: a, Source: e.Source(), ID: e.ID(), Type: events.Type(e.Type()), Digest: d, Position: 1, AcceptedAt: time.Unix(1, 2)})
		return Answer{Digest: d, Receipt: &r}, err
	}
}

// sample is a structured event with an id.
func sample(id string) Message {
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"urn:kith:agency:northshire-police","type":"uk.kith.police.missing-episode.v1","data":{"a":1}}`, id)
	return Message{Header: map[string][]string{contentType: {typeStructured}}, Body: json.RawMessage(body)}
}

func mustEvent(t *testing.T, id string) event.Event {
	t.Helper()
	e, err := Decode(sample(id))
	if err != nil {
		t.Fatal(err)
	}
	return e
}
