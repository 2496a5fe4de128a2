package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// verified is what a provider's signed token says.
type verified struct {
	issuer, subject, session string

	authenticated time.Time
	acr           string
	amr           []string
	claims        claims
}

// claimed exchanges a code for the token and verifies it.
func (p *provider) claimed(ctx context.Context, s *SignIn, found *oidc.Provider, a about, t ticket, code string) (verified, error) {
	ctx = p.ctx(ctx)
	c, err := p.oauth(found, a, s.back(t.Issuer))
	if err != nil {
		return verified{}, err
	}
	tokens, err := c.Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) {
			return verified{}, refused(NoToken)
		}
		return verified{}, p.silent(errSilent)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := p.verify(ctx, found, s.Now, p.ClientID, raw)
	if err != nil {
		return verified{}, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(t.Nonce)) != 1 {
		return verified{}, refused(OtherNonce)
	}
	v, err := read(id)
	if err != nil {
		return verified{}, err
	}
	if azp, given := v.claims["azp"]; given && azp != p.ClientID || !given && len(id.Audience) > 1 {
		return verified{}, refused(OtherParty)
	}
	if p.UserInfo {
		return v, p.more(ctx, found, id, tokens, v)
	}
	return v, nil
}

// verify checks signature, algorithm, issuer, audience and time.
func (p *provider) verify(ctx context.Context, found *oidc.Provider, now func() time.Time, audience, raw string) (*oidc.IDToken, error) {
	id, err := found.Verifier(&oidc.Config{ClientID: audience, SupportedSigningAlgs: p.Algorithms, Now: now}).Verify(ctx, raw)
	var late *oidc.TokenExpiredError
	switch {
	case errors.As(err, &late):
		return nil, refused(Expired)
	case err != nil:
		return nil, refused(BadToken)
	}
	return id, nil
}

func read(id *oidc.IDToken) (verified, error) {
	v := verified{issuer: id.Issuer, subject: id.Subject}
	var named struct {
		Session string   `json:"sid"`
		Time    float64  `json:"auth_time"`
		ACR     string   `json:"acr"`
		AMR     []string `json:"amr"`
	}
	if errors.Join(id.Claims(&v.claims), id.Claims(&named)) != nil || v.subject == "" {
		return v, refused(BadToken)
	}
	v.session, v.acr, v.amr = named.Session, named.ACR, named.AMR
	if named.Time > 0 {
		v.authenticated = time.Unix(int64(named.Time), 0)
	}
	return v, nil
}

// more asks the UserInfo endpoint. What the signed token says stands.
func (p *provider) more(ctx context.Context, found *oidc.Provider, id *oidc.IDToken, tokens *oauth2.Token, v verified) error {
	if id.AccessTokenHash != "" && id.VerifyAccessToken(tokens.AccessToken) != nil {
		return refused(BadToken)
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return p.silent(errSilent)
	}
	if info.Subject != id.Subject {
		return refused(OtherSubject)
	}
	var further claims
	if info.Claims(&further) != nil {
		return refused(BadToken)
	}
	for k, x := range further {
		if _, signed := v.claims[k]; !signed {
			v.claims[k] = x
		}
	}
	return nil
}

// since is when somebody showed the provider who they are, if it says so, and in
// a way that is strong enough. A clock that is a minute ahead is now.
func (p *provider) since(v verified, now time.Time) time.Time {
	strong := len(p.ACR) == 0 || slices.Contains(p.ACR, v.acr)
	strong = strong && (len(p.AMR) == 0 || overlap(p.AMR, v.amr))
	if !strong || v.authenticated.After(now.Add(time.Minute)) {
		return time.Time{}
	}
	if v.authenticated.After(now) {
		return now
	}
	return v.authenticated
}

// strength asks for the classes that count.
func (p *provider) strength() []oauth2.AuthCodeOption {
	if len(p.ACR) == 0 {
		return nil
	}
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("acr_values", strings.Join(p.ACR, " "))}
}
