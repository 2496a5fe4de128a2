package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/gateway"
	"kith/services/education"
	"kith/services/fault"
	"kith/services/socialcare"
)

func (h *hub) openGateway(context.Context) error {
	who, err := h.openSignIn()
	if err != nil {
		return err
	}
	g, err := gateway.New(gateway.Config{
		Gate: h.gate, Strategy: h.strategy, Identity: h.identity, Copies: h.copies, Retention: h.retention, PendingFor: h.pendingFor,
		Subscribe: h.view.Subscribe, Reads: h.record.ledger.Recent, Submit: h.submit, Concern: h.concern, Decide: h.decide, Receipt: h.receipt, Told: h.told, Ready: h.ready,
		Duty:   func(ctx context.Context) (bool, error) { return h.duty(ctx, time.Now()) },
		Limits: h.limits, Users: h.users, Agencies: h.agencies, Barred: h.register.revoked, Authority: h.authority,
		SignIn: who, ByToken: h.signIn.ByToken, BarredActor: h.barred.has,
		ReadsOf: h.record.ledger.About, Review: h.review(),
		Demo: h.demo, TLS: h.tls, Place: london(), Now: time.Now, Log: h.tel.Log,
	})
	h.gateway, h.pages = g, g
	return err
}

// routes are the gateway's and, in a demonstration, the agencies' own doors, so
// that every part can be tried at one address.
func (h *hub) routes() http.Handler {
	if !h.demo {
		return h.gateway
	}
	mux := http.NewServeMux()
	mux.Handle("/", h.gateway)
	for id, e := range h.edges {
		at := "/agencies/" + string(id)
		mux.Handle(at+"/", http.StripPrefix(at, forClients(h.clients(id), e.Handler(doors(h.agency(id).Kind)))))
	}
	return mux
}

// clients lets the personas of an agency use its doors.
func (h *hub) clients(id events.AgencyID) []Client {
	var cs []Client
	for _, u := range h.users {
		if u.Reader.Agency == id && u.Reader.Role != events.RoleGovernance {
			cs = append(cs, Client{Name: u.Name, TokenSHA256: u.Token})
		}
	}
	return cs
}

// submit hands messages to an agency's outbox and waits until they can be read.
func (h *hub) submit(ctx context.Context, a events.AgencyID, ms []bus.Message) ([]bus.Answer, error) {
	e := h.edges[a]
	if e == nil || h.register.revoked(a) {
		return nil, fault.New(fault.Refused, "This agency hands in its events over NATS, not here.")
	}
	return h.seen(ctx)(e.Forward(ctx, ms...))
}

// seen waits until the read models know what was just accepted, so that whoever
// sent it finds it on the next page. What was accepted stays so if that fails.
func (h *hub) seen(ctx context.Context) func([]bus.Answer, error) ([]bus.Answer, error) {
	return func(as []bus.Answer, err error) ([]bus.Answer, error) {
		for _, a := range as {
			if a.Receipt != nil {
				if late := h.caughtUp(ctx, position(a)); late != nil {
					h.tel.Log.Warn("read models are late", "error", late)
				}
			}
		}
		return as, err
	}
}

// concern gives a school's concern a reference and publishes it.
func (h *hub) concern(ctx context.Context, r events.Reader, f education.ConcernForm) (string, bus.Answer, error) {
	ref := newReference()
	f.AuthorRole = cmp.Or(f.AuthorRole, "designated safeguarding lead")
	f.Contact = h.contact(r.Agency, f.Contact)
	n, err := f.Notice(ref, time.Now())
	if err != nil {
		return "", bus.Answer{}, err
	}
	a, err := h.submitOne(ctx, r.Agency, n)
	return ref, a, err
}

// decide publishes what social care decided on a concern.
func (h *hub) decide(ctx context.Context, r events.Reader, f socialcare.ReferralDecisionForm) (bus.Answer, error) {
	s, err := h.strategy.Concern(ctx, f.Reference)
	if err != nil {
		return bus.Answer{}, err
	}
	if s.Decided != nil {
		return bus.Answer{}, fault.New(fault.Conflict, "This concern was decided before.")
	}
	f.Child, f.Contact = s.Person, h.contact(r.Agency, f.Contact)
	n, err := f.Notice(time.Now())
	if err != nil {
		return bus.Answer{}, err
	}
	return h.submitOne(ctx, r.Agency, n)
}

// contact is whom to call, or the agency's duty desk if nobody was named.
func (h *hub) contact(a events.AgencyID, c events.Contact) events.Contact {
	if c.Team == "" {
		return h.agency(a).Contact
	}
	return c
}

func (h *hub) submitOne(ctx context.Context, a events.AgencyID, n events.Notice) (bus.Answer, error) {
	e := h.edges[a]
	if e == nil {
		return bus.Answer{}, fault.New(fault.Refused, "This agency hands in its events over NATS, not here.")
	}
	as, err := h.seen(ctx)(e.Submit(ctx, n))
	if err != nil || len(as) == 0 {
		return bus.Answer{}, err
	}
	return as[0], nil
}

// receipt gives an agency a receipt again.
func (h *hub) receipt(ctx context.Context, a events.AgencyID, source, id string) (bus.Receipt, error) {
	return h.intake.Receipt(ctx, a, source, id)
}

// ready asks the record and each agency's account.
func (h *hub) ready(ctx context.Context) error {
	last, err := h.record.store.Last(ctx)
	if err != nil {
		return fmt.Errorf("event log: %w", err)
	}
	return h.caughtUp(ctx, last)
}

// newReference is what a school quotes: it names nobody, cannot be guessed and
// can be read out over the telephone.
func newReference() string {
	t := rand.Text()
	return t[:4] + "-" + t[4:8] + "-" + t[8:12]
}

// london is the time that pages show; the day of a rule is a day in England.
func london() *time.Location {
	if l, err := time.LoadLocation("Europe/London"); err == nil {
		return l
	}
	return time.UTC
}
