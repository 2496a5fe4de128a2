package main

import (
	"context"

	"kith/events"
	"kith/events/bus"
	"kith/services/notices"
)

// openInbox begins to tell the agencies what they have to know. Its file follows
// from the logs and may be thrown away while no hub runs.
func (h *hub) openInbox(ctx context.Context) (err error) {
	h.inbox, err = notices.New(ctx, notices.Config{
		Store: h.record.store, Ledger: h.record.shown, DB: h.models[3], Agencies: h.linked(), Last: h.bus.LastTold, Answer: h.intake.Answer, Log: h.tel.Log,
		Record: func(ctx context.Context, a events.AgencyID, m events.Told) error {
			return h.gate.Told(ctx, events.Reader{Agency: a}, m)
		},
		Deliver: func(ctx context.Context, a events.AgencyID, m events.Told) error {
			return h.bus.Deliver(ctx, a, "messages", bus.TellEvent(a, m))
		},
	})
	return err
}

// told is what the gateway gives an agency of its inbox.
func (h *hub) told(ctx context.Context, a events.AgencyID, after events.InboxMark, answers bool) ([]events.Told, error) {
	if answers {
		return h.inbox.All(ctx, a, after)
	}
	return h.inbox.After(ctx, a, after.Seq)
}

// linked are the agencies that have an inbox on NATS.
func (h *hub) linked() (as []events.Agency) {
	for _, l := range h.hubLinks {
		as = append(as, h.agency(l.Agency))
	}
	return as
}

func (h *hub) closeInbox() {
	if h.inbox != nil {
		h.inbox.Close()
	}
}
