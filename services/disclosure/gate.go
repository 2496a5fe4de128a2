// Package disclosure is the one gate: nothing about a person leaves the hub but
// through it. For a reader and a purpose it decides item by item, records the
// read, and only then hands over a Disclosed. It also keeps consents, on which
// some of what is shared rests.
package disclosure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/disclosure/policy"
	"kith/services/fault"
)

// Config is what a Gate stands on.
type Config struct {
	Store     *store.Store // for consents and restrictions
	Agencies  []events.Agency
	Authority events.AgencyID // the local authority
	Policies  *policy.Set     // those that come with the hub, if nil
	Sources   Sources
	// Record writes to the ledger and returns when it is durable.
	Record func(context.Context, events.ReadRecorded) error
	// Regime is the law of the area, of which grounds name the section; none, if
	// left out.
	Regime func(context.Context) (events.LegalRegime, error)
	// Person names who a reader is, the same for all their accounts; an account and
	// its agency, if nil.
	Person func(events.Reader) string
	// Stands reports whether an account may still act as it did when it signed;
	// always, if nil.
	Stands func(events.Signatory) bool
	// ReviewDay is the day by which a breaking of the glass is to be reviewed; two
	// days later, if nil.
	ReviewDay func(time.Time) events.Date
	// Marks are keyed hashes of what is particular to a person; none, if nil.
	Marks func(events.Person) []string
	// Vain is the turn at whose end whoever is told nothing is answered, and whoever
	// searches; 50 ms if zero, at once if negative. See even.
	Vain time.Duration
	Now  func() time.Time // time.Now, if nil
	Log  *slog.Logger     // discarded, if nil
}

// Sources are where the gate gets what it decides on. What does not exist is
// fault.NotFound; Find and Concerns are empty then.
type Sources struct {
	Picture  func(ctx context.Context, child events.ChildID, asKnownAt *time.Time) (events.Picture, error)
	Find     func(context.Context, events.Query) ([]events.ChildID, error)
	Concern  func(ctx context.Context, reference string) (events.ConcernStatus, error)
	Concerns func(ctx context.Context, raisedBy events.AgencyID) ([]events.ConcernStatus, error)
	// People are the persons that subjects are, as their items describe them; nobody, if nil.
	People func(context.Context, []events.SubjectID) ([]events.Person, error)
	// Copying reports whether a copy of a child's record is to be prepared; never, if nil.
	Copying func(context.Context, events.ChildID) (bool, error)
	// ChildOf is the child that a subject is part of now; nil in tests.
	ChildOf func(context.Context, events.SubjectID) (events.ChildID, bool, error)
}

// Gate decides and records. It is safe for concurrent use.
//
// What a reader may not know of is fault.NotFound, and so is what does not
// exist. On the way to either the gate asks its sources equally often and
// records the same, so that neither time nor trace tells them apart.
type Gate struct {
	Config
	policies *policy.Set
	docket   docket
	trace    func(Verdict) // told of every item that is decided on; nil but in a replay
	mu       sync.RWMutex
	agencies map[events.AgencyID]events.Agency // replaced, never changed
	written  written                           // replaced, never changed
	telling  sync.WaitGroup                    // notices on their way to the officer
	views    rate
}

// New checks the policies and returns a gate.
func New(_ context.Context, c Config) (*Gate, error) {
	if c.Record == nil || c.Sources.Picture == nil || c.Sources.Find == nil || c.Sources.Concern == nil || c.Sources.Concerns == nil {
		return nil, errors.New("disclosure: a gate needs all its sources and a ledger")
	}
	if c.Policies == nil {
		var err error
		if c.Policies, err = policy.Default(); err != nil {
			return nil, fmt.Errorf("disclosure: %w", err)
		}
	}
	c.Vain = cmp.Or(c.Vain, inVain)
	return newGate(c.Policies, c), nil
}

func newGate(set *policy.Set, c Config) *Gate {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{Config: c, policies: set, agencies: map[events.AgencyID]events.Agency{}}
	for _, a := range c.Agencies {
		g.agencies[a.ID] = a
	}
	return g
}

// Admit makes one more agency known from now on: to the policies, as one with whom
// may be shared, and by its name.
func (g *Gate) Admit(a events.Agency) {
	g.mu.Lock()
	defer g.mu.Unlock()
	more := maps.Clone(g.agencies)
	more[a.ID] = a
	g.agencies = more
}

func (g *Gate) register() map[events.AgencyID]events.Agency {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.agencies
}

// Policies are the rules in force, for everybody to read.
func (g *Gate) Policies() []policy.Policy { return g.policies.Policies() }

// Close returns when all that the gate had begun is done.
func (g *Gate) Close() { g.telling.Wait() }

// reading is one question of one reader: who asks, what for, and what ties them
// to the child today. Everything is decided as of now, whatever moment they
// want to look back to: the right to see is today's.
type reading struct {
	events.Reader
	purpose  events.Purpose
	who      policy.Reader
	ties     policy.Ties
	today    events.Picture
	now      time.Time
	session  *policy.Session
	agencies map[events.AgencyID]events.Agency
	trace    func(Verdict)
	regime   events.LegalRegime
	entry    events.ReadRecorded // what the ledger will say
	seen     seen                // what counts for the label of the entry
	docket   *docket
	refers   []events.ReviewAsked // what this read leaves to people
}

func (g *Gate) reading(r events.Reader, p events.Purpose, what string, today events.Picture, s standing) *reading {
	agencies := g.register()
	ties := tiesOf(r, today)
	ties.Barred = s.barrier != free
	if s.glass != "" { // as in an open discussion
		ties.TookPart, ties.Attending = true, true
	}
	return &reading{
		Reader: r, purpose: p, today: today, now: g.Now(), session: g.policies.Session(), agencies: agencies, trace: g.trace, docket: &g.docket,
		// The kind is the register's, not what the caller says of itself.
		who:  policy.Reader{Role: r.Role, Kind: agencies[r.Agency].Kind, Authority: r.Agency == g.Authority},
		ties: ties,
		entry: events.ReadRecorded{Reader: r.Actor, Agency: r.Agency, Kind: agencies[r.Agency].Kind, Role: string(r.Role), Purpose: p, What: what,
			Policy: g.policies.Hash(), Grant: string(s.glass)},
	}
}

func (r *reading) request(act policy.Act, t policy.Thing) policy.Request {
	return policy.Request{Act: act, Purpose: r.purpose, Reader: r.who, Ties: r.ties, Thing: t}
}

// decide says why; brief only where it has to be asked for.
func (r *reading) decide(act policy.Act, t policy.Thing) policy.Decision {
	return r.session.Decide(r.request(act, t))
}

func (r *reading) brief(act policy.Act, t policy.Thing) policy.Decision {
	return r.session.Brief(r.request(act, t))
}

func (r *reading) may(act policy.Act, t policy.Thing) bool { return r.brief(act, t).Allow }

// record makes the read durable. Without a record nothing is shown.
func (g *Gate) record(ctx context.Context, r *reading) error {
	e := r.entered()
	if err := g.Record(ctx, e); err != nil {
		g.Log.ErrorContext(ctx, "a read was not recorded, so nothing was shown", "what", e.What, "agency", string(e.Agency))
		return &fault.Error{Kind: fault.Unavailable, Err: fmt.Errorf("record a read: %w", err),
			Text: "Nothing can be shown while it cannot be recorded who looks. Try again."}
	}
	return nil
}

// miss records that somebody asked in vain: what they asked for does not exist,
// or they may not know that it does. The ledger names no child in either case.
func (g *Gate) miss(ctx context.Context, r *reading, asked time.Time) error {
	defer g.even(ctx, asked)
	r.entry.Child, r.entry.Shown, r.entry.Withheld, r.entry.Decided, r.entry.Grant, r.seen = "", nil, 0, nil, "", seen{}
	if err := g.record(ctx, r); err != nil {
		return err
	}
	return fault.NotFound
}

// picture is empty for a child that does not exist, and for one behind a barrier
// that the reader does not pass. Nobody is tied to an empty picture, so from here
// on absent and hidden are the same.
func (g *Gate) picture(ctx context.Context, r events.Reader, child events.ChildID, asKnownAt *time.Time) (events.Picture, standing, error) {
	p, err := g.Sources.Picture(ctx, child, asKnownAt)
	none := events.Picture{Child: child, AsKnownAt: asKnownAt}
	if absent(err) {
		p, err = none, nil
	}
	if err != nil {
		return none, standing{}, fmt.Errorf("picture to decide on: %w", err)
	}
	w, err := g.book(ctx)
	if err != nil {
		return none, standing{}, err
	}
	s, err := g.stand(ctx, w.book, r, p)
	if err != nil || s.barrier == free {
		return p, s, err
	}
	if s.barrier == conflicted {
		g.tell(ctx, w.book, r, child)
	}
	return none, s, nil
}

func absent(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Hidden
}

func signed(r events.Reader) error {
	if r.Actor == "" || r.Agency == "" {
		return fault.New(fault.Unsigned, "Sign in first.")
	}
	return nil
}

// stated checks what a reader states, before anything is looked up.
func stated(r events.Reader, p events.Purpose, asKnownAt *time.Time, now time.Time) error {
	if err := signed(r); err != nil {
		return err
	}
	var wrong places
	switch p {
	case events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp,
		events.PurposeCarePlanning, events.PurposeAudit, events.PurposeSubjectAccess:
	default:
		wrong.add("purpose", "Say why you are looking: s47, s17, early-help, care-planning, audit or subject-access.")
	}
	if asKnownAt != nil && asKnownAt.After(now) {
		wrong.add("asKnownAt", "Choose a moment that has passed.")
	}
	return wrong.err()
}

// places gathers all that is wrong with a request, so that it can be mended at once.
type places []fault.Place

func (p *places) add(pointer, detail string) {
	*p = append(*p, fault.Place{Pointer: pointer, Detail: detail})
}

func (p places) err() error {
	if len(p) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: p}
}
