package intake

import (
	"context"

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

// nameOf joins what names a message for ever.
func nameOf(source, id string) string { return source + "\x00" + id }

// streamOf is the stream of one message of an agency. Its name tells nothing.
func (in *Intake) streamOf(agency events.AgencyID, name string) store.Stream {
	return store.Stream("intake-" + string(agency) + "." + in.store.Pseudonym("intake", name))
}
