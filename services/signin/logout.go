package signin

import (
	"context"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"

	"kith/events"
	"kith/services/fault"
)

// Leave is where somebody signs out of a provider itself, and the provider's name,
// if it says where: OpenID Connect RP-Initiated Logout 1.0. Nobody is asked for it.
func (s *SignIn) Leave(issuer string) (address, name string) {
	p := s.provider(issuer)
	if p == nil {
		return "", ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	u, err := url.Parse(p.about.Leave)
	if err != nil || !safe(p.about.Leave) {
		return "", ""
	}
	q := u.Query()
	q.Set("client_id", p.ClientID)
	u.RawQuery = q.Encode()
	return u.String(), p.Name
}

// Gone is whose sessions a provider ended: of a person, or one of its sessions.
type Gone struct {
	Actor   events.ActorID
	Session string
}

// Ended reads a provider's logout token (OpenID Connect Back-Channel Logout 1.0).
func (s *SignIn) Ended(ctx context.Context, issuer, raw string) (Gone, error) {
	p := s.provider(issuer)
	if p == nil {
		return Gone{}, fault.NotFound
	}
	found, _, err := p.discover(ctx, s.Now())
	if err != nil {
		return Gone{}, p.silent(err)
	}
	t, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: p.Algorithms, Now: s.Now}).VerifyLogout(p.ctx(ctx), raw)
	if err != nil {
		return Gone{}, &fault.Error{Kind: fault.Invalid, Err: BadToken, Text: "This is no logout token of this provider for this hub."}
	}
	g := Gone{Session: t.SessionID}
	if t.Subject != "" {
		g.Actor = s.actor(t.Issuer, t.Subject)
	}
	return g, nil
}
