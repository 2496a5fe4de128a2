package intake

import (
	"context"
	"time"

	"kith/events"
	"kith/events/bus"
)

// CheckMessage says what the hub would say of a message of an agency at a moment:
// nothing if it would be accepted. Like Check it needs neither the hub nor a
// network. What only the hub knows it cannot say: that the id was used before, or
// that the record of somebody it is about was erased. Of the agency it needs its
// kind, its id, its source and whether it is a public body. It takes it that the
// duty to share information has not commenced.
func CheckMessage(a events.Agency, m bus.Message, foreign func(events.AgencyKind, []byte) (events.Notice, bool), now time.Time) []events.Complaint {
	in, err := New(Config{Foreign: foreign})
	if err != nil {
		return complain(Schema, "", "the schemas of this program are broken")
	}
	msg, problems := in.read(a, m)
	if len(problems) > 0 {
		return problems
	}
	in.now = func() time.Time { return now }
	wrong, _ := in.unlawful(context.Background(), msg) // nothing is asked that could fail
	return append(future(msg.report, now), wrong...)
}
