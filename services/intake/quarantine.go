package intake

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strconv"
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

// Refused yields what was refused of an agency and not thrown away, oldest first.
// The same message sent again on the same day is there once.
func (in *Intake) Refused(ctx context.Context, agency events.AgencyID) iter.Seq2[Quarantined, error] {
	return func(yield func(Quarantined, error) bool) {
		streams := append([]store.Stream{quarantineOnce(agency)}, in.days(agency, in.now())...)
		for _, st := range streams {
			for e, err := range in.store.Read(ctx, st, 0) {
				if errors.Is(err, store.ErrKeyGone) {
					break
				}
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
}

// quarantineDays is for how many days what was refused is kept. The agency has it
// in its outbox.
const quarantineDays = 90

// again is how many streams a day may have: each time one's key is destroyed what is
// refused afterwards goes to the next.
const again = 4

// quarantine is one stream for each agency and day, with a key of its own: so that
// one day can be thrown away.
func quarantine(a events.AgencyID, day time.Time, n int) store.Stream {
	name := "refused-" + string(a) + "-" + day.UTC().Format("20060102")
	if n > 0 {
		name += "-" + strconv.Itoa(n)
	}
	return store.Stream(name)
}

// quarantineOnce is where everything that was refused of an agency went before.
// No name of a message can be "refused": those are longer.
func quarantineOnce(a events.AgencyID) store.Stream {
	return store.Stream("intake-" + string(a) + ".refused")
}

// days are the streams of the days for which what was refused is kept.
func (in *Intake) days(a events.AgencyID, now time.Time) (ss []store.Stream) {
	for d := quarantineDays; d >= 0; d-- {
		for n := range again {
			ss = append(ss, quarantine(a, now.AddDate(0, 0, -d), n))
		}
	}
	return ss
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
	cause, err := in.cause(ctx, msg.agency.ID, because), store.ErrKeyGone
	for n := 0; n < again && errors.Is(err, store.ErrKeyGone); n++ {
		kept := store.Batch{Stream: quarantine(msg.agency.ID, in.now(), n), Expect: store.Any, Cause: cause, Events: []events.Event{e}}
		_, err = in.store.Append(ctx, append(in.known(ctx, msg), kept)...)
	}
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
