package intake

import (
	"context"
	"slices"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events"
	"kith/events/store"
)

// extension names the earlier event of the same source in whose place an event
// stands, or which it withdraws.
const extension = "supersedes"

// superseding reads the extension. An event that names itself is one that was
// refused and is sent again, put right, under the same id.
func (msg message) superseding(e event.Event) (message, []events.Complaint) {
	v, there := e.Extensions()[extension]
	if !there {
		return msg, nil
	}
	id, ok := v.(string)
	if !ok || id == "" || !nameOfEvent(id) {
		return msg, complain(Malformed, "/"+extension, "must be the id of an earlier event of your own")
	}
	if id != msg.id {
		msg.supersedes = id
	}
	return msg, nil
}

// aimless: a withdrawal has to say of what.
func (msg message) aimless() []events.Complaint {
	if _, ok := msg.report.Fact.(events.Withdrawal); ok && msg.supersedes == "" {
		return complain(Schema, "/"+extension, "is required and missing: the id of the event that is withdrawn")
	}
	return nil
}

// earlier is what is known of the event that a message supersedes.
type earlier struct {
	state
	stream store.Stream
	rev    store.Revision
}

func (in *Intake) earlier(ctx context.Context, msg message) (e earlier, err error) {
	if msg.supersedes == "" {
		return e, nil
	}
	e.stream = in.streamOf(msg.agency.ID, nameOf(msg.source, msg.supersedes))
	e.state, e.rev, err = in.load(ctx, e.stream)
	return e, err
}

// supersede decides whether a message may stand in the place of an earlier one.
// The new items lie where the old ones do, and that is how a view knows that the
// old ones do not stand: so everybody whom the earlier one was about has to be in
// the new one too.
func supersede(e earlier, msg message, items []events.Item) []events.Complaint {
	_, withdraws := msg.report.Fact.(events.Withdrawal)
	switch {
	case msg.supersedes == "":
		return nil
	case e.accepted == nil && (withdraws || !e.refused):
		return complain(UnknownEvent, "/"+extension, "names no event of yours that the hub has: give the id of the event that is to be put right, letter by letter")
	case e.superseded != "" && e.superseded != msg.id:
		return complain(Superseded, "/"+extension, "names an event that was superseded or withdrawn before: name the one that stands in its place")
	case e.accepted != nil && slices.ContainsFunc(e.accepted.Items, func(r events.ItemRef) bool {
		return !slices.ContainsFunc(items, func(i events.Item) bool { return i.Subject == r.Subject })
	}):
		return complain(OtherPeople, "/data/about", "must name everybody whom the earlier event was about, by the same localId: if it named the wrong person, withdraw it and send another event about the right one")
	}
	return nil
}

// batch ends the earlier event. Two that would supersede the same one meet here.
func (e earlier) batch(msg message, c store.Cause) []store.Batch {
	if msg.supersedes == "" || e.accepted == nil {
		return nil
	}
	_, withdraws := msg.report.Fact.(events.Withdrawal)
	return []store.Batch{{Stream: e.stream, Expect: e.rev, Cause: c, Events: []events.Event{
		events.EventSuperseded{Agency: msg.agency.ID, By: msg.id, Withdrawn: withdraws, Items: e.accepted.Items}}}}
}
