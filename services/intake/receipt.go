package intake

import (
	"context"
	"fmt"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/fault"
)

// Receipt is the receipt of a message that was accepted before, the very same
// that the agency was sent. What the agency did not send is fault.NotFound.
func (in *Intake) Receipt(ctx context.Context, agency events.AgencyID, source, id string) (bus.Receipt, error) {
	s, _, err := in.load(ctx, in.streamOf(agency, nameOf(source, id)))
	if err != nil {
		return bus.Receipt{}, err
	}
	if s.accepted == nil {
		return bus.Receipt{}, fault.NotFound
	}
	a, err := in.receipt(*s.accepted, s.at)
	if err != nil {
		return bus.Receipt{}, err
	}
	return *a.Receipt, nil
}

// Answer is what an agency was answered, made of the event that the log holds: the
// very same receipt, or the refusal.
func (in *Intake) Answer(e store.Event) (bus.Answer, error) {
	switch v := e.Event.(type) {
	case events.EventAccepted:
		return in.receipt(v, store.Appended{Revision: e.Revision, Position: e.Position, At: e.At})
	case events.EventRefused:
		return refusal(v), nil
	default:
		return bus.Answer{}, fmt.Errorf("read %s: foreign event %s", e.Stream, e.Type)
	}
}

// nameOf joins what names a message for ever.
func nameOf(source, id string) string { return source + "\x00" + id }

// streamOf is the stream of one message of an agency. Its name tells nothing.
func (in *Intake) streamOf(agency events.AgencyID, name string) store.Stream {
	return store.Stream("intake-" + string(agency) + "." + in.store.Pseudonym("intake", name))
}
