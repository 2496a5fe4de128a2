package disclosure

import (
	"context"
	"encoding/json"
	"fmt"

	"kith/events"
)

// courier is who reads, in the ledger, where the hub delivers a message by itself.
const courier events.ActorID = "inbox"

// Inbox hands an agency its messages. Each is recorded before it leaves, but for
// answers, which say nothing but what the agency said. A message about a child with
// whom the reader has a conflict is left out, and Next does not pass it. The
// messages were addressed when they were written; write gives each its form.
func (g *Gate) Inbox(ctx context.Context, r events.Reader, ms []events.Told, after events.InboxMark, write func(events.AgencyID, events.Told) (json.RawMessage, error)) (Disclosed[events.Inbox], error) {
	var none Disclosed[events.Inbox]
	if err := signed(r); err != nil {
		return none, err
	}
	ms, err := g.Readable(ctx, r, ms)
	if err != nil {
		return none, err
	}
	in := events.Inbox{Messages: []json.RawMessage{}}
	for _, m := range ms {
		if !m.Answer() {
			if err := g.Told(ctx, r, m); err != nil {
				return none, err
			}
		}
		e, err := write(r.Agency, m)
		if err != nil {
			return none, fmt.Errorf("write a message: %w", err)
		}
		in.Messages, after = append(in.Messages, e), after.Past(m)
	}
	in.Next = after.String()
	return disclose(in), nil
}

// Readable are those messages that are not about a child with whom the reader has a
// conflict.
func (g *Gate) Readable(ctx context.Context, r events.Reader, ms []events.Told) ([]events.Told, error) {
	s, err := g.screen(ctx, r)
	if err != nil {
		return nil, err
	}
	var kept []events.Told
	for _, m := range ms {
		hidden, err := s.related(ctx, m.Child)
		if err != nil {
			return nil, err
		}
		if !hidden {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

// Told records that somebody was given a message, or that the hub delivered it
// where the reader is no actor.
func (g *Gate) Told(ctx context.Context, r events.Reader, m events.Told) error {
	if r.Actor == "" {
		r.Actor = courier
	}
	rd := g.reading(r, "", "message", events.Picture{}, standing{})
	rd.entry.Child = m.Child
	if m.Child != "" {
		rd.entry.Purpose = events.PurposeSection47
	}
	if m.Item != "" {
		rd.entry.Shown = []events.ItemID{m.Item}
	}
	return g.record(ctx, rd)
}
