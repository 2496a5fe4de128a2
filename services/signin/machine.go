package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"kith/events"
	"kith/services/fault"
)

// Machines is a provider that gives tokens to programs, by OAuth's client
// credentials (RFC 6749, 4.4), and which of them may come in with one.
type Machines struct {
	Issuer     string            `json:"issuer"`     // its issuer identifier, https or on this machine; needed
	Audience   string            `json:"audience"`   // for whom a token must be made: what the provider calls the hub's API; needed
	Claim      string            `json:"claim"`      // which says whose token it is; client_id
	Clients    map[string]Client `json:"clients"`    // by what that claim says; at least one
	Algorithms []string          `json:"algorithms"` // with which it may sign; RS256, PS256, ES256 and EdDSA
	CAFile     string            `json:"caFile"`     // certificates that vouch for it; those of this machine
}

// Client is a program of an agency.
type Client struct {
	Actor  events.ActorID    `json:"actor"` // in the ledger
	Name   string            `json:"name"`
	Agency events.AgencyID   `json:"agency"`
	Role   events.ReaderRole `json:"role"`
}

// Check says what is wrong with it, each with the field.
func (m Machines) Check(known func(events.AgencyID) bool, role func(events.ReaderRole) bool) error {
	var wrong []error
	that := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	that(safe(m.Issuer), "issuer must begin with https://, or with http:// and a loopback address")
	that(m.Audience != "", "audience is needed")
	that(len(m.Clients) > 0, "clients must name at least one")
	for id, c := range m.Clients {
		that(c.Actor != "", "clients: %s: actor is needed", id)
		that(known(c.Agency), "clients: %s: agency must be one of the agencies", id)
		that(role(c.Role), "clients: %s: role must be dsl, social-worker, chair, practitioner or governance", id)
	}
	for _, a := range m.Algorithms {
		that(slices.Contains(algorithms(), a), "algorithms: %s must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA", a)
	}
	return errors.Join(wrong...)
}

// shortLived is how long a token may be valid at most: nobody can take it back.
const shortLived = 2 * time.Hour

// machines is a provider and its clients.
type machines struct {
	Machines
	provider *provider
}

func newMachines(m Machines) (machines, error) {
	if m.Claim == "" {
		m.Claim = "client_id"
	}
	p, err := newProvider(Issuer{Name: "the identity provider of this token", Issuer: m.Issuer, ClientID: m.Audience, Algorithms: m.Algorithms, CAFile: m.CAFile})
	return machines{m, p}, err
}

// Machine finds the program that a token was given to. Everything about a token
// that is not as it must be is one answer; why is its cause, for the log.
func (s *SignIn) Machine(ctx context.Context, raw string) (Who, error) {
	if s == nil {
		return Who{}, unknownToken(BadToken)
	}
	iss := claimedIssuer(raw)
	i := slices.IndexFunc(s.machines, func(m machines) bool { return m.Issuer == iss })
	if i < 0 {
		return Who{}, unknownToken(OtherIssuer)
	}
	m := s.machines[i]
	found, _, err := m.provider.discover(ctx, s.Now())
	if err != nil {
		return Who{}, m.provider.silent(err)
	}
	t, err := m.provider.verify(ctx, found, s.Now, m.Audience, raw)
	if err != nil {
		return Who{}, unknownToken(ReasonOf(err))
	}
	return s.machine(m, t)
}

func (s *SignIn) machine(m machines, t *oidc.IDToken) (Who, error) {
	var c claims
	if t.Claims(&c) != nil {
		return Who{}, unknownToken(BadToken)
	}
	_, asked := c["nonce"]
	_, beside := c["at_hash"]
	now := s.Now()
	switch {
	case asked || beside: // an ID token is about a person, and for whoever asked
		return Who{}, unknownToken(OtherParty)
	case t.IssuedAt.IsZero() || t.IssuedAt.After(now.Add(time.Minute)) || t.Expiry.Sub(t.IssuedAt) > shortLived:
		return Who{}, unknownToken(LivesLong)
	}
	id, _ := c[m.Claim].(string)
	client, ok := m.Clients[id]
	if !ok {
		return Who{}, unknownToken(NoPost)
	}
	a := s.Agency(client.Agency)
	return Who{Post: client.Name, Since: t.IssuedAt,
		Reader: events.Reader{Actor: client.Actor, Agency: a.ID, Kind: a.Kind, Role: client.Role}}, nil
}

// claimedIssuer is whose token it says it is, to know whose keys to ask for.
func claimedIssuer(raw string) string {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Issuer string `json:"iss"`
	}
	if err != nil || json.Unmarshal(text, &c) != nil {
		return ""
	}
	return c.Issuer
}

func unknownToken(y Why) error {
	return &fault.Error{Kind: fault.Unsigned, Err: y, Text: "The access token is not known."}
}
