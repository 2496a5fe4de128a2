package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kith/events"
)

// SubjectMessages is where the hub tells an agency what it has to know.
const SubjectMessages = "inbox.messages"

// TellEvent is the CloudEvent of a message to an agency. Its id is the same
// however often and by whichever way it is sent; "sequence" counts an agency's
// messages from 1. An answer has no number, and its id is the digest of what it
// answers; of a refusal see the id on NATS.
func TellEvent(a events.AgencyID, m events.Told) event.Event {
	e := event.New()
	switch {
	case !m.Answer():
		e.SetID("told-" + string(a) + "-" + strconv.FormatUint(m.Seq, 10))
		e.SetExtension("sequence", strconv.FormatUint(m.Seq, 10))
	case m.Type == TypeRefusal:
		e.SetID(m.Digest + refusedSuffix)
	default:
		e.SetID(m.Digest)
	}
	e.SetSource(SourceHub)
	e.SetType(string(m.Type))
	e.SetTime(m.At)
	e.SetDataContentType(typeJSON)
	e.DataEncoded = m.Detail
	return e
}

// ToldAnswer is an answer as a message of the inbox: its data is what came over
// NATS, byte for byte.
func ToldAnswer(a Answer, at time.Time, position uint64) (events.Told, error) {
	_, e, err := a.event()
	return events.Told{Type: events.Type(e.Type()), At: at, Position: position, Digest: a.Digest, Detail: e.Data()}, err
}

// TellJSON is the same as a structured CloudEvent.
func TellJSON(a events.AgencyID, m events.Told) (json.RawMessage, error) {
	s, err := Structured(TellEvent(a, m))
	return json.RawMessage(s.Body), err
}

// LastTold is the number of the last message in an agency's inbox; 0 if it holds none.
func (h *Hub) LastTold(ctx context.Context, agency events.AgencyID) (uint64, error) {
	d := h.desk(agency)
	if d == nil {
		return 0, fmt.Errorf("inbox of %s: no link to that agency", agency)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := d.js.Stream(ctx, streamInbox)
	if err != nil {
		return 0, fmt.Errorf("inbox of %s: %w", agency, err)
	}
	m, err := s.GetLastMsgForSubject(ctx, SubjectMessages)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("inbox of %s: %w", agency, err)
	}
	return sequence(m.Header, m.Data)
}

func sequence(h nats.Header, body []byte) (uint64, error) {
	e, err := Decode(Message{Header: h, Body: body})
	if err != nil {
		return 0, errors.New("the last message of an inbox is no event")
	}
	s, _ := e.Extensions()["sequence"].(string)
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, errors.New("the last message of an inbox has no number")
	}
	return n, nil
}

func (h *Hub) desk(agency events.AgencyID) *desk {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, d := range h.desks {
		if d.agency == agency {
			return d
		}
	}
	return nil
}
