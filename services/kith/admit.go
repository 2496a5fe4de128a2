package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"kith/events"
	"kith/events/bus"
)

// tokenDays is for how long a token is valid; the agency renews its own before.
const tokenDays = 90

// approval is what kith hub approve answers.
type approval struct {
	Agency  events.AgencyID   `json:"agency"`
	Kind    events.AgencyKind `json:"kind"`
	Source  string            `json:"source"`
	Token   string            `json:"token"`
	Expires time.Time         `json:"expires"`
	// Verifier is the hub's, with which the agency checks receipts and
	// checkpoints; empty where the operator has only the keys of NATS.
	Verifier string `json:"verifier,omitempty"`
}

// approve takes an agency into the register and signs its token. What is written
// down last is what counts: cut off before, it is done again.
func (p partnership) approve(e enrolment, days int, now time.Time) (approval, registered, error) {
	if p.register == nil {
		return approval{}, registered{}, errors.New("a demonstration keeps no register: give -nats with its folder")
	}
	a, err := p.candidate(e)
	if err != nil {
		return approval{}, registered{}, err
	}
	if p.ownServer {
		if err := bus.MakeAccount(p.natsDir, a.ID); err != nil {
			return approval{}, registered{}, err
		}
	}
	expires := now.AddDate(0, 0, days).UTC().Truncate(time.Second)
	token, err := bus.Approve(p.natsDir, a.ID, e.key, expires)
	if err != nil {
		return approval{}, registered{}, err
	}
	r := registered{Agency: a, Key: e.key, Approved: now.UTC().Truncate(time.Second), Expires: expires, Days: days}
	return approval{Agency: a.ID, Kind: a.Kind, Source: a.Source, Token: token, Expires: expires}, r, p.register.put(r)
}

// candidate is the agency that a line is about: the one of that id that is known,
// or a new one.
func (p partnership) candidate(e enrolment) (events.Agency, error) {
	for _, a := range p.register.with(p.agencies) {
		if a.ID == e.id {
			if e.kind != "" && e.kind != a.Kind {
				return a, fmt.Errorf("%s is registered as an agency of kind %s", a.ID, a.Kind)
			}
			return a, nil
		}
	}
	switch {
	case !knownID(e.id):
		return events.Agency{}, errors.New("an agency id is letters a to z, digits and hyphens")
	case e.kind == "":
		return events.Agency{}, errors.New("the agency is not in the configuration and its line does not say of what kind it is: have it run kith agency init again")
	case !p.ownServer:
		return events.Agency{}, errors.New("NATS is a server of its own: put the agency into the hub's configuration, write the server's with kith nats-config, and reload it; then approve")
	}
	a := agencyOf(e.id, e.kind, e.name, events.Contact{})
	for _, other := range p.register.with(p.agencies) {
		if other.Source == a.Source {
			return a, fmt.Errorf("the source of %s is that of %s", a.ID, other.ID)
		}
	}
	return a, nil
}

// admit is approve while the hub runs: everything knows the agency when it returns.
func (h *hub) admit(ctx context.Context, e enrolment, days int) (approval, error) {
	h.joining.Lock()
	defer h.joining.Unlock()
	known := h.agency(e.id).Kind != ""
	out, r, err := h.approve(e, days, time.Now())
	out.Verifier = h.signer.Verifier()
	if err != nil {
		return out, err
	}
	if h.nats == nil {
		return out, nil
	}
	if err := h.nats.Admit(r.ID); err != nil {
		return out, err
	}
	if err := h.bus.Admit(ctx, bus.Link{URL: h.nats.URL(), Creds: h.nats.HubCreds(r.ID), Agency: r.ID, Server: h.nats}); err != nil {
		return out, err
	}
	h.gate.Admit(r.Agency)
	h.intake.Admit(r.Agency)
	h.inbox.Admit(r.ID)
	if !known {
		h.pages.Admit(r.Agency)
	}
	return out, nil
}

// revoke writes down that an agency is out. What it sent stays.
func (p partnership) revoke(id events.AgencyID, now time.Time) error {
	if id == p.authority {
		return errors.New("the local authority cannot be revoked: the partnership is its own")
	}
	for _, a := range p.register.with(p.agencies) {
		if a.ID == id {
			r, _ := p.register.of(id)
			r.Agency = a
			if r.Revoked.IsZero() {
				r.Revoked = now.UTC().Truncate(time.Second)
			}
			return p.register.put(r)
		}
	}
	return errors.New("there is no such agency; kith hub agencies lists them")
}

// expel is revoke while the hub runs: nothing more is taken when it returns.
func (h *hub) expel(id events.AgencyID) error {
	h.joining.Lock()
	defer h.joining.Unlock()
	was := h.register.revoked(id)
	if err := h.revoke(id, time.Now()); err != nil || was {
		return err
	}
	h.pages.SignOut(func(r events.Reader) bool { return r.Agency == id })
	h.intake.Expel(id)
	h.inbox.Expel(id)
	h.bus.Expel(id)
	if h.nats == nil {
		return bus.PutAside(h.natsDir, id)
	}
	return h.nats.Expel(id)
}

// renewToken signs a new token for the key that was approved last.
func (h *hub) renewToken(id events.AgencyID, key string) (string, error) {
	h.joining.Lock()
	defer h.joining.Unlock()
	r, ok := h.register.of(id)
	if !ok || !r.Revoked.IsZero() || r.Key != key {
		return "", errors.New("this key was not approved last")
	}
	r.Expires = time.Now().AddDate(0, 0, r.Days).UTC().Truncate(time.Second)
	token, err := bus.Approve(h.natsDir, id, key, r.Expires)
	if err != nil {
		return "", err
	}
	return token, h.register.put(r)
}

func (h *hub) answerApprove(w http.ResponseWriter, r *http.Request) {
	e, ok := readEnrolment(r.URL.Query().Get("line"))
	days, err := strconv.Atoi(r.URL.Query().Get("days"))
	if !ok || err != nil {
		http.Error(w, "that is no line of kith agency init", http.StatusBadRequest)
		return
	}
	out, err := h.admit(r.Context(), e, days)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (h *hub) answerRevoke(w http.ResponseWriter, r *http.Request) {
	if err := h.expel(events.AgencyID(r.URL.Query().Get("agency"))); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}

// offline is what a command knows that works in the folder of a hub that is down.
func (c HubConfig) offline() (partnership, error) {
	r, err := openRegister(c.Data)
	return partnership{dir: c.Data, keys: c.Keys, store: c.Store, agencies: c.Agencies, authority: c.Authority, register: r,
		natsDir: natsFolder(c), ownServer: c.NATS.URL == ""}, err
}

// atHub does something in a hub's folder: the hub if it runs, else we.
func atHub(ctx context.Context, c HubConfig, method string, query url.Values, answer any, self func(partnership) error) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	p, err := c.offline()
	if err != nil {
		return err
	}
	release, err := claim(c.Data)
	if err == nil {
		defer release()
		if p, err = c.offline(); err != nil { // as it is now that nobody else writes
			return err
		}
		return self(p)
	}
	body, release, err := askHub(ctx, p, method, "/agencies", query)
	if err != nil {
		if errors.Is(err, errNoHub) {
			release()
		}
		return err
	}
	defer body.Close()
	if answer == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(answer)
}
