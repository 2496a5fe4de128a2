package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/gateway"
	"kith/services/childview"
	"kith/services/copies"
	"kith/services/disclosure"
	"kith/services/disclosure/policy"
	"kith/services/health"
	"kith/services/identity"
	"kith/services/intake"
	"kith/services/internal/edge"
	"kith/services/internal/rebuild"
	"kith/services/internal/sqlite"
	"kith/services/internal/telemetry"
	"kith/services/internal/witness"
	"kith/services/notices"
	"kith/services/regime"
	"kith/services/retention"
	"kith/services/strategy"
	"kith/services/strategy/rules"
)

// partnership is what a hub is told about the world.
type partnership struct {
	dir       string // where the record and the read models lie
	keys      string // where the keys lie; in dir if not set
	store     HubStore
	agencies  []events.Agency
	authority events.AgencyID
	users     []gateway.User
	persons   map[events.Account]string // whose the accounts are of who has several
	hubLinks  []bus.Link                // the hub's own user in each agency's account
	doorLinks []bus.Link                // by which the hub's HTTP door hands events to the agency's outbox
	signIn    SignIn
	address   func() string // where browsers reach the hub, if that is known only later
	policies  *policy.Set   // those that come with the hub, if not set
	demo      bool
	tls       bool
	register  *register   // who was approved and revoked while the hub ran; nil in tests and the demonstration
	barred    *barred     // who was put out; nil in tests and the demonstration
	nats      *bus.Server // the hub's own; nil if there is another
	ownServer bool        // whether that is how it is to be
	natsDir   string      // where the keys of NATS lie

	limits bus.Limits // of what agencies hand in; none if not set

	checkpointEvery time.Duration              // a minute if not set
	witnesses       map[events.AgencyID]string // which agencies cosign checkpoints, each with its public key
	quorum          int                        // how many have to; more than half if 0

	hooks  map[events.AgencyID]Webhook // whose inbox is delivered by webhook; nobody's if not set
	origin string                      // the hub's name in DNS, for receivers of webhooks

	staff          staffFile     // what is known of who reads; nothing if not set
	pendingFor     time.Duration // how long an erasure can be taken back; see retention.Config
	retentionRules string        // file with the partnership's own; England's alone if not set

	clock func() time.Time // by which erasures fall due; time.Now if nil
}

// hub is the hub's side of a partnership, in one process.
type hub struct {
	partnership
	joining   sync.Mutex // one at a time
	tel       *telemetry.Telemetry
	record    *record
	models    []*sqlite.DB
	signer    *bus.Signer
	trees     *trees
	intake    *intake.Intake
	identity  *identity.Identity
	view      *childview.View
	strategy  *strategy.Strategy
	retention *retention.Service
	regime    *regime.Keeper
	gate      *disclosure.Gate
	copies    *copies.Copies
	bus       *bus.Hub
	inbox     *notices.Inbox
	webhooks  *webhooks // nil if there are none
	links     []*bus.Agency

	collector *witness.Collector // nil if nobody cosigns

	edges   map[events.AgencyID]*edge.Edge
	gateway http.Handler
	pages   *gateway.Gateway
	control *control

	rebuilding sync.Mutex

	stop    context.CancelFunc
	running sync.WaitGroup
}

// openHub opens the record, builds what stands on it and begins to take events.
// It ends with close.
func openHub(ctx context.Context, p partnership, tel *telemetry.Telemetry) (*hub, error) {
	h := &hub{partnership: p, tel: tel, edges: map[events.AgencyID]*edge.Edge{}}
	for _, step := range []func(context.Context) error{h.openStores, h.openServices, h.openBus, h.openInbox, h.openWebhooks, h.openWitnesses, h.openDoors, h.openRetention, h.openGateway, h.openControl} {
		if err := step(ctx); err != nil {
			h.close()
			return nil, err
		}
	}
	h.watch()
	h.take(ctx)
	return h, nil
}

// watch shows how far each read model is behind, and what waits in the outboxes.
func (h *hub) watch() {
	last := func() uint64 {
		p, err := h.record.store.Last(context.Background())
		if err != nil {
			return 0
		}
		return uint64(p)
	}
	for i, p := range h.projections() {
		at := []func() store.Position{h.identity.Position, h.view.Position, h.strategy.Position, h.inbox.Position, h.retention.Position}[i]
		h.tel.Metrics.Projection(p.Name, telemetry.Projection{
			At:   func() uint64 { return uint64(at()) },
			Last: last,
			Oldest: func() (time.Time, error) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				return h.record.store.Next(ctx, at())
			},
			Parked: func() (int, error) {
				parked, err := p.Parked(context.Background())
				return len(parked), err
			},
		})
	}
	h.tel.Metrics.Outbox(func() (waiting int) {
		for _, e := range h.edges {
			n, err := e.Depth(context.Background())
			if err == nil {
				waiting += n
			}
		}
		return waiting
	}, func() (longest time.Duration) {
		for _, e := range h.edges {
			d, err := e.Oldest(context.Background())
			if err == nil {
				longest = max(longest, d)
			}
		}
		return longest
	})
}

func (h *hub) openStores(ctx context.Context) (err error) {
	if h.record, err = openRecord(ctx, h.partnership, h.tel.Metrics); err != nil {
		return err
	}
	if h.signer, err = openSigner(ctx, h.keysDir()); err != nil {
		return err
	}
	h.trees, err = openTrees(ctx, h.dir, h.record.log, h.record.reads, h.signer, h.checkpoints(), h.turns("checkpoints"), h.keysDir(), h.tel)
	return err
}

// checkpoints is how often the trees are signed.
func (p partnership) checkpoints() time.Duration {
	if p.demo {
		return demoCheckpointEvery
	}
	return cmp.Or(p.checkpointEvery, checkpointEvery)
}

// model opens a read model, which can be thrown away and is built again.
func (h *hub) model(ctx context.Context, name string) (*sqlite.DB, error) {
	if err := rebuild.Clean(filepath.Join(h.dir, "models"), name); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, filepath.Join(h.dir, "models", name+".db"), sqlite.Rebuildable)
	if err != nil {
		return nil, fmt.Errorf("open read model %s: %w", name, err)
	}
	h.models = append(h.models, db)
	return db, nil
}

func (h *hub) openServices(ctx context.Context) error {
	for _, m := range readModels(h.record.store) {
		if _, err := h.model(ctx, m.Name); err != nil {
			return err
		}
	}
	dbs := h.models
	packs, err := rules.Load()
	if err != nil {
		return fmt.Errorf("load rule packs: %w", err)
	}
	st, log := h.record.store, h.tel.Log
	if h.identity, err = identity.New(ctx, identity.Config{Store: st, DB: dbs[0], Log: log, Lock: h.deciding()}); err != nil {
		return err
	}
	if h.view, err = childview.New(ctx, childview.Config{Store: st, DB: dbs[1], Now: time.Now, Log: log}); err != nil {
		return err
	}
	h.strategy, err = strategy.New(ctx, strategy.Config{
		Store: st, DB: dbs[2], Rules: packs, ChildOf: h.identity.ChildOf, Now: time.Now, Log: log})
	if err != nil {
		return err
	}
	h.regime = regime.New(st, h.authority)
	if err := h.openPolicies(); err != nil {
		return err
	}
	h.copies = copies.New(copies.Config{Store: st, Day: packs.Day, WorkingDay: packs.WorkingDay, Now: time.Now})
	h.gate, err = disclosure.New(ctx, disclosure.Config{
		Store: st, Policies: h.policies, Agencies: h.agencies, Authority: h.authority, Record: h.recordRead, Regime: h.regime.Regime, Now: time.Now, Log: log,
		Person: h.person, Stands: h.stands, Marks: h.marks, ReviewDay: twoWorkingDays(packs),
		Sources: disclosure.Sources{Picture: h.view.Picture, Find: h.identity.Find, Concern: h.strategy.Concern, Concerns: h.strategy.Concerns,
			People: h.view.People, ChildOf: h.identity.ChildOf, Copying: h.copies.Open},
	})
	if err != nil {
		return err
	}
	h.intake, err = intake.New(intake.Config{
		Store: st, Signer: h.signer, Agencies: h.register.standing(h.agencies), Foreign: foreign, Limits: h.limits, Duty: h.duty, Now: time.Now, Log: log})
	return err
}

// openPolicies keeps the set under which this hub decides.
func (h *hub) openPolicies() (err error) {
	if h.policies == nil {
		if h.policies, err = policy.Default(); err != nil {
			return fmt.Errorf("policies: %w", err)
		}
	}
	return keepPolicies(h.dir, h.policies)
}

// deciding is the lock under which one hub at a time decides who is who.
func (p partnership) deciding() func(context.Context) (func(), error) {
	if t := p.turns("identity"); t != nil {
		return t.Lock
	}
	return nil
}

// foreign recognises documents that national services send in forms of their own.
func foreign(k events.AgencyKind, raw []byte) (events.Notice, bool) {
	if k != events.KindHealth {
		return events.Notice{}, false
	}
	return health.National(raw)
}

// recordRead is the ledger with a count.
func (h *hub) recordRead(ctx context.Context, r events.ReadRecorded) error {
	_, err := h.record.ledger.Record(ctx, r)
	switch {
	case err != nil:
		h.tel.Metrics.Decided("not-recorded")
	case r.Child == "":
		h.tel.Metrics.Decided("nothing-to-show")
	case r.Withheld > 0:
		h.tel.Metrics.Decided("some-withheld")
	default:
		h.tel.Metrics.Decided("all-shown")
	}
	return err
}

func (h *hub) openBus(ctx context.Context) (err error) {
	if h.bus, err = bus.ConnectHub(ctx, h.hubLinks); err == nil {
		h.bus.Renewals(h.renewToken)
		h.bus.Limit(h.limits, func(a events.AgencyID, d time.Duration) { h.tel.Metrics.Throttled(string(h.agency(a).Kind), d) })
	}
	return err
}

// openDoors opens an outbox for each agency, so that what comes by HTTP goes the
// same way as all else.
func (h *hub) openDoors(ctx context.Context) error {
	for _, l := range h.doorLinks {
		a, err := bus.Connect(ctx, l)
		if err != nil {
			return err
		}
		h.links = append(h.links, a)
		e, err := edge.New(edge.Config{Agency: h.agency(l.Agency), Link: a, Log: h.tel.Log, Verifier: h.signer.Verifier(),
			Path: filepath.Join(h.dir, "outbox", string(l.Agency)+".db")})
		if err != nil {
			return fmt.Errorf("open outbox of %s: %w", l.Agency, err)
		}
		h.edges[l.Agency] = e
	}
	return nil
}

func (p partnership) agency(id events.AgencyID) events.Agency {
	if e, ok := p.register.of(id); ok {
		return e.Agency
	}
	for _, a := range p.agencies {
		if a.ID == id {
			return a
		}
	}
	return events.Agency{ID: id}
}

// take begins to take what the agencies send.
func (h *hub) take(ctx context.Context) {
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.running.Go(func() {
		if err := h.bus.Consume(ctx, h.accept); err != nil {
			h.tel.Log.Error("intake stopped", "error", err)
		}
	})
}

// accept is intake with a count.
func (h *hub) accept(ctx context.Context, agency events.AgencyID, m bus.Message) (bus.Answer, error) {
	ctx, span := h.tel.Tracer.Start(ctx, "process event")
	defer span.End()
	a, err := h.intake.Take(ctx, agency, m)
	kind := string(h.agency(agency).Kind)
	switch {
	case err != nil:
	case a.Receipt != nil:
		h.tel.Metrics.Accepted(kind)
	case len(a.Refusal.Problems) > 0:
		h.tel.Metrics.Refused(kind, a.Refusal.Problems[0].Code)
	}
	return a, err
}

// caughtUp waits until everybody saw a position, so that who wrote can read it.
func (h *hub) caughtUp(ctx context.Context, p store.Position) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return errors.Join(h.identity.Wait(ctx, p), h.view.Wait(ctx, p), h.strategy.Wait(ctx, p))
}

// closeEdges ends the doors; what waits in their outboxes stays there.
func (h *hub) closeEdges() {
	for id, e := range h.edges {
		e.Close()
		delete(h.edges, id)
	}
}

// close stops taking events, then everything that stands on the record, then it.
func (h *hub) close() {
	h.control.close()
	h.rebuilding.Lock() // what was under way has ended
	defer h.rebuilding.Unlock()
	if h.stop != nil {
		h.stop()
		h.running.Wait()
	}
	if h.collector != nil {
		h.collector.Close()
	}
	if h.retention != nil {
		h.retention.Close()
	}
	h.closeEdges()
	for _, a := range h.links {
		a.Close()
	}
	h.webhooks.close()
	h.closeInbox()
	if h.gate != nil {
		h.gate.Close()
	}
	if h.bus != nil {
		h.bus.Close()
	}
	if h.strategy != nil {
		h.strategy.Close()
	}
	if h.view != nil {
		h.view.Close()
	}
	if h.identity != nil {
		h.identity.Close()
	}
	for _, db := range h.models {
		db.Close()
	}
	if err := h.trees.close(); err != nil {
		h.tel.Log.Error("close the trees", "error", err)
	}
	if h.record != nil {
		h.record.close()
	}
}
