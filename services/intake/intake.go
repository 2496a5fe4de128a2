// Package intake is the hub's door. It takes what agencies send, one CloudEvent
// at a time, and answers each with a signed receipt once its facts are on stable
// storage, or with a refusal that says what to mend. A refused message is kept,
// and stops nothing that comes after it.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
)

// Config is what an Intake needs. Foreign and Limits may be left out; all else is required.
type Config struct {
	Store    *store.Store
	Signer   *bus.Signer
	Agencies []events.Agency // who may share

	// Foreign reads a message that is not one of our events, for example a
	// notification of NHS England. False means that it is not understood.
	Foreign func(events.AgencyKind, []byte) (events.Notice, bool)

	// Limits may set a MaxEventBytes below MaxMessage. How fast an agency may
	// send is not intake's to watch.
	Limits bus.Limits

	// Duty says whether the duty to share information is in force in the area at a
	// moment; it is not, if left out. It is asked only about what depends on it.
	Duty func(context.Context, time.Time) (bool, error)

	Now func() time.Time
	Log *slog.Logger
}

// Intake takes messages. It may be used by many at once, and several intakes may
// share a store: what they agree on is what the store holds.
type Intake struct {
	store    *store.Store
	signer   *bus.Signer
	mu       sync.RWMutex
	agencies map[events.AgencyID]events.Agency
	foreign  func(events.AgencyKind, []byte) (events.Notice, bool)
	limits   bus.Limits
	duty     func(context.Context, time.Time) (bool, error)
	now      func() time.Time
	log      *slog.Logger
}

// New returns an Intake, or an error if the schemas of this build are broken.
func New(c Config) (*Intake, error) {
	if _, err := compiled(); err != nil {
		return nil, fmt.Errorf("open intake: %w", err)
	}
	in := &Intake{store: c.Store, signer: c.Signer, agencies: map[events.AgencyID]events.Agency{},
		foreign: c.Foreign, limits: c.Limits, duty: c.Duty, now: c.Now, log: c.Log}
	for _, a := range c.Agencies {
		in.agencies[a.ID] = a
	}
	if in.foreign == nil {
		in.foreign = func(events.AgencyKind, []byte) (events.Notice, bool) { return events.Notice{}, false }
	}
	return in, nil
}

// Admit lets an agency share from now on.
func (in *Intake) Admit(a events.Agency) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.agencies[a.ID] = a
}

// Expel refuses what comes from an agency from now on. What it shared stays.
func (in *Intake) Expel(a events.AgencyID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.agencies, a)
}

func (in *Intake) agency(id events.AgencyID) (events.Agency, bool) {
	in.mu.RLock()
	defer in.mu.RUnlock()
	a, known := in.agencies[id]
	return a, known
}

// Take answers a message that came from an agency: whose it is is known from the
// account it came through, not from what it says. The same message always gets
// the same receipt, whoever takes it and however often; the same event in other
// bytes gets one for those, with the same position and time. An error means that the
// message was not answered and has to come again.
func (in *Intake) Take(ctx context.Context, agency events.AgencyID, m bus.Message) (bus.Answer, error) {
	a, known := in.agency(agency)
	if !known {
		a.ID = agency
	}
	msg, problems := in.read(a, m)
	if !known {
		problems = complain(WrongAgency, "", "this agency is not registered with the hub")
	}
	if len(problems) == 0 {
		problems = future(msg.report, in.now())
	}
	if len(problems) > 0 {
		return in.refuse(ctx, msg, problems)
	}
	return in.accept(ctx, msg)
}

// attempts is how often a message is tried again at once when another hub was
// faster with one of the same name. The second time it finds that one.
const attempts = 5

func (in *Intake) accept(ctx context.Context, msg message) (bus.Answer, error) {
	name := nameOf(msg.source, msg.id)
	stream := in.streamOf(msg.agency.ID, name)
	content, err := msg.content()
	if err != nil {
		return bus.Answer{}, err
	}
	// The content is part of the cause: else the log would take two events of one
	// name, read at the same time, for the same.
	because := in.store.Pseudonym("message", name+"\x00"+content)
	cause := in.cause(ctx, msg.agency.ID, because)
	items := itemise(msg, because, in.store.Pseudonym)
	// The first time nothing is read: a new message, which is what nearly all
	// are, conflicts with nothing, and one that came before lies where it lay.
	var s state
	var rev store.Revision
	wrong, err := in.unlawful(ctx, msg)
	if err == nil && len(wrong) > 0 { // what was accepted before stays so
		s, rev, err = in.load(ctx, stream)
	}
	switch {
	case err != nil:
		return bus.Answer{}, err
	case len(wrong) > 0 && s.accepted == nil:
		return in.refuse(ctx, msg, wrong)
	}
	for range attempts {
		old, err := in.earlier(ctx, msg)
		if err != nil {
			return bus.Answer{}, err
		}
		chosen, problems := decide(s, msg, items)
		if len(chosen) > 0 {
			problems = supersede(old, msg, items)
		}
		if len(problems) > 0 {
			problems = append(wrong, problems...)
		}
		switch {
		case len(problems) > 0:
			return in.refuse(ctx, msg, problems)
		case len(chosen) == 0:
			return in.receipt(msg.accepted(items), s.at)
		}
		last := store.Batch{Stream: stream, Expect: rev, Cause: cause, Events: []events.Event{chosen[0]}}
		at, err := in.store.Append(ctx, slices.Concat(batches(items, cause), old.batch(msg, cause), []store.Batch{last})...)
		switch {
		case err == nil:
			return in.receipt(chosen[0], at[len(at)-1])
		case !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrKeyGone):
			return bus.Answer{}, fmt.Errorf("take a message of %s: %w", msg.agency.ID, err)
		}
		gone := errors.Is(err, store.ErrKeyGone)
		if s, rev, err = in.load(ctx, stream); err != nil {
			return bus.Answer{}, err
		}
		if gone && s.accepted == nil {
			return in.refuse(ctx, msg, complain(Erased, "/data/about", "names somebody whose record was erased: nothing can be added to it under this localId"))
		}
	}
	return bus.Answer{}, fmt.Errorf("take a message of %s: %w", msg.agency.ID, store.ErrConflict)
}

// batches puts each item into the stream of its subject. The acceptance is
// appended after them: once it lies in the log so does all that it names, and
// who has seen its position has seen the items. Cut short in a log that cannot
// take all at once, the same batches complete it.
func batches(items []events.Item, c store.Cause) []store.Batch {
	var bs []store.Batch
	for _, i := range items {
		bs = append(bs, store.Batch{Stream: subjectStream(i.Subject), Expect: store.Any, Cause: c, Events: []events.Event{i}})
	}
	return bs
}

// load reads what is known of a message's source and id.
func (in *Intake) load(ctx context.Context, st store.Stream) (state, store.Revision, error) {
	var s state
	var rev store.Revision
	for e, err := range in.store.Read(ctx, st, 0) {
		if err != nil {
			return s, rev, fmt.Errorf("read %s: %w", st, err)
		}
		ev, ok := e.Event.(events.Intake)
		if !ok {
			return s, rev, fmt.Errorf("read %s: foreign event %s", st, e.Event.Type())
		}
		s, rev = evolve(s, ev, store.Appended{Revision: e.Revision, Position: e.Position, At: e.At}), e.Revision
	}
	return s, rev, nil
}

func (in *Intake) cause(ctx context.Context, agency events.AgencyID, because string) store.Cause {
	trace := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, trace)
	return store.Cause{By: "intake", For: agency, Because: because, Trace: trace.Get("traceparent")}
}

// receipt is made of what the log holds, so that it is the same each time.
func (in *Intake) receipt(a events.EventAccepted, at store.Appended) (bus.Answer, error) {
	r, err := in.signer.Sign(bus.Receipt{
		Agency: a.Agency, Source: a.Source, ID: a.EventID, Type: a.EventType, Digest: a.Digest,
		Position: uint64(at.Position), AcceptedAt: at.At,
	})
	if err != nil {
		return bus.Answer{}, fmt.Errorf("answer a message of %s: %w", a.Agency, err)
	}
	return bus.Answer{Receipt: &r, Digest: a.Digest}, nil
}
