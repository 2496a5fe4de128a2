package intake

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
)

// Quarantined is a message that was refused, as it came, and why.
type Quarantined struct {
	At time.Time
	events.EventRefused
}

// Refused yields what was refused of an agency, oldest first. The same message
// sent again is there once.
func (in *Intake) Refused(ctx context.Context, agency events.AgencyID) iter.Seq2[Quarantined, error] {
	return func(yield func(Quarantined, error) bool) {
		for e, err := range in.store.Read(ctx, quarantine(agency), 0) {
			q := Quarantined{At: e.At}
			if err == nil {
				var ok bool
				if q.EventRefused, ok = e.Event.(events.EventRefused); !ok {
					err = fmt.Errorf("read %s: foreign event %s", e.Stream, e.Event.Type())
				}
			}
			if !yield(q, err) {
				return
			}
		}
	}
}

// quarantine is one stream for each agency, sealed with its intake key. No name
// of a message can be "refused": those are longer.
func quarantine(a events.AgencyID) store.Stream {
	return store.Stream("intake-" + string(a) + ".refused")
}

// known notes that a message of this name was refused, once for each name: so an
// event may say that it supersedes it, and one that names what never was may not.
func (in *Intake) known(ctx context.Context, msg message) []store.Batch {
	if msg.source != msg.agency.Source || msg.id == "" || !nameOfEvent(msg.id) {
		return nil
	}
	name := nameOf(msg.source, msg.id)
	e := events.EventRefused{Agency: msg.agency.ID, Source: msg.source, EventID: msg.id, Problems: []events.Complaint{}, Message: []byte{}}
	return []store.Batch{{Stream: in.streamOf(msg.agency.ID, name), Expect: store.Any,
		Cause: in.cause(ctx, msg.agency.ID, in.store.Pseudonym("refused", name)), Events: []events.Event{e}}}
}

// refuse keeps a message and answers with what is wrong with it. The cause is the
// digest, not source and id: one id may be used for many wrong messages.
func (in *Intake) refuse(ctx context.Context, msg message, problems []events.Complaint) (bus.Answer, error) {
	because := in.store.Pseudonym("refused", msg.digest)
	e := events.EventRefused{
		Agency: msg.agency.ID, Source: msg.source, EventID: msg.id, Digest: msg.digest,
		Problems: problems, Message: msg.body[:min(len(msg.body), MaxMessage)],
	}
	kept := store.Batch{Stream: quarantine(msg.agency.ID), Expect: store.Any, Cause: in.cause(ctx, msg.agency.ID, because), Events: []events.Event{e}}
	_, err := in.store.Append(ctx, append(in.known(ctx, msg), kept)...)
	if err != nil {
		return bus.Answer{}, fmt.Errorf("quarantine a message of %s: %w", msg.agency.ID, err)
	}
	in.log.LogAttrs(ctx, slog.LevelWarn, "refused a message", slog.String("agency", string(msg.agency.ID)),
		slog.String("code", problems[0].Code), slog.Int("count", len(problems)))
	return refusal(e), nil
}

// refusal is made of what the quarantine holds, so that it is the same each time.
func refusal(e events.EventRefused) bus.Answer {
	return bus.Answer{Digest: e.Digest, Refusal: &bus.Refusal{
		Agency: e.Agency, Source: e.Source, ID: e.EventID, Digest: e.Digest, Problems: e.Problems,
	}}
}
