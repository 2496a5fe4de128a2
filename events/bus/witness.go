package bus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/nats-io/nats.go"

	"kith/events"
)

// SubjectWitness is where an agency is asked to cosign a checkpoint of the hub's
// logs: by a NATS request, in its own account, whose body is that of an
// add-checkpoint POST of C2SP tlog-witness. The answer's body is that of the
// POST's response, and the header HeaderStatus is its status code.
//
// An agency that has a NATS client of its own can answer itself: subscribe to
// the subject, and publish to the reply subject of each message.
const (
	SubjectWitness = "witness.add-checkpoint"
	HeaderStatus   = "Kith-Status"
)

// witnessInbox is where answers to SubjectWitness go: the one place beside its
// events where the agency's user may publish, and only the hub listens there.
const witnessInbox = "_WITNESS"

// Witness answers the hub's requests until ctx ends, one at a time, also if the
// server is away for a while. If several processes of an agency do so, each
// request goes to one of them.
func (a *Agency) Witness(ctx context.Context, answer func(body []byte) (status int, response []byte)) error {
	s, err := a.nc.QueueSubscribe(SubjectWitness, "witness", func(m *nats.Msg) {
		status, response := answer(m.Data)
		r := nats.NewMsg(m.Reply)
		r.Header.Set(HeaderStatus, strconv.Itoa(status))
		r.Header.Set(contentType, responseType(status))
		r.Data = response
		_ = m.RespondMsg(r) // if it is lost, the hub asks again
	})
	if err != nil {
		return fmt.Errorf("witness for %s: %w", a.id, err)
	}
	select {
	case <-ctx.Done():
	case <-a.stopped:
	}
	return ignoreClosed(s.Drain())
}

func responseType(status int) string {
	if status == http.StatusConflict {
		return "text/x.tlog.size"
	}
	return "text/plain; charset=utf-8"
}

func ignoreClosed(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) {
		return nil
	}
	return err
}

// AskWitness sends an add-checkpoint request to an agency and waits for its
// answer. That nobody there answers is an error.
func (h *Hub) AskWitness(ctx context.Context, agency events.AgencyID, body []byte) (status int, response []byte, err error) {
	d := h.desk(agency)
	if d == nil {
		return 0, nil, fmt.Errorf("ask the witness %s: no link to that agency", agency)
	}
	if status, response, err = d.ask(ctx, body); err != nil {
		err = fmt.Errorf("ask the witness %s: %w", agency, err)
	}
	return status, response, err
}

// ask does not use the connection's own requests: their answers come where the
// agency may not publish.
func (d *desk) ask(ctx context.Context, body []byte) (int, []byte, error) {
	to := witnessInbox + "." + nats.NewInbox()[len(nats.InboxPrefix):]
	s, err := d.nc.SubscribeSync(to)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = s.Unsubscribe() }() // fails only if the connection is closed
	if err := d.nc.PublishRequest(SubjectWitness, to, body); err != nil {
		return 0, nil, err
	}
	m, err := s.NextMsgWithContext(ctx)
	if err != nil {
		return 0, nil, err
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return 0, nil, nats.ErrNoResponders
	}
	status, err := strconv.Atoi(m.Header.Get(HeaderStatus))
	if err != nil {
		return 0, nil, errors.New("the answer has no status")
	}
	return status, m.Data, nil
}
