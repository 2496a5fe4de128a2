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
// messages from 1.
func TellEvent(a events.AgencyID, m events.Told) event.Event {
	e := event.New()
	e.SetID("told-" + string(a) + "-" + strconv.FormatUint(m.Seq, 10))
	e.SetSource(SourceHub)
	e.SetType(string(m.Type))
	e.SetTime(m.At)
	e.SetDataContentType(typeJSON)
	e.SetExtension("sequence", strconv.FormatUint(m.Seq, 10))
	e.DataEncoded = m.Detail
	return e
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
