package main

import (
	"context"
	"fmt"
	"path/filepath"

	"kith/events"
	"kith/events/bus"
	"kith/services/internal/sqlite"
	"kith/services/notices"
)

// openInbox begins to tell the agencies what they have to know. Its file follows
// from the log and may be thrown away while no hub runs.
func (h *hub) openInbox(ctx context.Context) (err error) {
	if h.inboxDB, err = sqlite.Open(ctx, filepath.Join(h.dir, "models", "inbox.db"), sqlite.Rebuildable); err != nil {
		return fmt.Errorf("open the inbox: %w", err)
	}
	h.inbox, err = notices.New(ctx, notices.Config{
		Store: h.record.store, Ledger: h.record.shown, DB: h.inboxDB, Agencies: h.linked(), Last: h.bus.LastTold, Log: h.tel.Log,
		Record: func(ctx context.Context, a events.AgencyID, m events.Told) error {
			return h.gate.Told(ctx, events.Reader{Agency: a}, m)
		},
		Deliver: func(ctx context.Context, a events.AgencyID, m events.Told) error {
			return h.bus.Deliver(ctx, a, "messages", bus.TellEvent(a, m))
		},
	})
	return err
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
	if h.inboxDB != nil {
		_ = h.inboxDB.Close()
	}
}
