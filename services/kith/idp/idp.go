// Package idp is the identity provider of the demonstration and of the tests: a
// real OpenID Connect provider, zitadel's, at an address of this machine, whose
// people are the personas. Anybody may be any of them, so it listens on loopback
// and nowhere else.
package idp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Person is somebody whom the provider vouches for. Claims is what it says of them.
type Person struct {
	ID, Name string
	Claims   map[string]any
}

// Provider is a provider that listens.
type Provider struct {
	Issuer string // its identifier, and its address

	server *http.Server
	people people
	secret string

	mu       sync.RWMutex
	back     []string
	programs map[string]string // each with the audience of its tokens
}

// ClientID is what the provider calls the hub.
const ClientID = "kith-hub"

// errNotLoopback refuses an address that others could reach.
var errNotLoopback = errors.New("the demonstration's identity provider must be at a loopback address, for example 127.0.0.1:0: anybody can sign in there as anybody")

// Start listens at addr. It returns when the provider answers.
func Start(addr string, ps []Person) (*Provider, error) {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() {
		return nil, errNotLoopback
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	p := &Provider{Issuer: "http://" + l.Addr().String(), people: ps, secret: rand.Text()}
	h, err := p.handler()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("identity provider: %w", err), l.Close())
	}
	p.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// Secret is the client secret of the hub.
func (p *Provider) Secret() string { return p.secret }

// SendTo is where the provider may send people back to.
func (p *Provider) SendTo(back ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.back = back
}

// LetIn gives tokens for an audience to a program with this id, and Secret.
func (p *Provider) LetIn(program, audience string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.programs == nil {
		p.programs = map[string]string{}
	}
	p.programs[program] = audience
}

// Close stops it.
func (p *Provider) Close() {
	if p != nil {
		_ = p.server.Close()
	}
}

func (p *Provider) handler() (http.Handler, error) {
	st := &memory{Storage: storage.NewStorageWithClients(p.people, map[string]*storage.Client{}), p: p}
	conf := &op.Config{CodeMethodS256: true, AuthMethodPost: true}
	if _, err := rand.Read(conf.CryptoKey[:]); err != nil {
		return nil, err
	}
	provider, err := op.NewProvider(conf, st, op.StaticIssuer(p.Issuer), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", provider)
	mux.HandleFunc("GET /login/username", p.ask)
	mux.Handle("POST /login/username", op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { p.answer(w, r, st, op.AuthCallbackURL(provider)) }))
	return mux, nil
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en-GB"><meta charset="utf-8">
<title>Sign in – the demonstration’s identity provider</title><meta name="viewport" content="width=device-width">
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}button{font:inherit;display:block;width:100%;text-align:left;margin:.4rem 0;padding:.6rem 1rem}</style>
<h1>Who are you?</h1><p>This is not Kith but the identity provider of the demonstration. A real one would ask for a password and a second factor. Everybody here is invented.</p>
<form method="post"><input type="hidden" name="id" value="{{.ID}}">{{range .People}}<button name="person" value="{{.ID}}">{{.Name}}</button>{{end}}</form></html>`))

func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	_ = page.Execute(w, map[string]any{"ID": r.FormValue("authRequestID"), "People": p.people})
}

func (p *Provider) answer(w http.ResponseWriter, r *http.Request, st *memory, back func(context.Context, string) string) {
	id := r.FormValue("id")
	if err := st.CheckUsernamePassword(r.FormValue("person"), "", id); err != nil {
		http.Error(w, "There is no such person, or no such sign-in.", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, back(r.Context(), id), http.StatusFound)
}

// people are the users of zitadel's example storage.
type people []Person

func (ps people) GetUserByID(id string) *storage.User {
	for _, p := range ps {
		if p.ID == id {
			return &storage.User{ID: id, Username: id, FirstName: p.Name}
		}
	}
	return nil
}

func (ps people) GetUserByUsername(name string) *storage.User { return ps.GetUserByID(name) }
func (ps people) ExampleClientID() string                     { return "none" }

// memory is zitadel's example storage, with our client and our people's claims.
type memory struct {
	*storage.Storage
	p *Provider
}

// hub is the hub as a client, whose claims stand in the ID token.
type hub struct{ *storage.Client }

func (hub) IDTokenUserinfoClaimsAssertion() bool { return true }

func (m *memory) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	m.p.mu.RLock()
	defer m.p.mu.RUnlock()
	if id != ClientID || len(m.p.back) == 0 {
		return nil, errors.New("there is no such client")
	}
	return hub{storage.WebClient(ClientID, m.p.secret, m.p.back...)}, nil
}

func (m *memory) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ClientID || secret != m.p.secret {
		return errors.New("there is no such client")
	}
	return nil
}

// program is a client whose tokens are signed, so that whoever gets one can check it.
type program struct{ *storage.Client }

func (program) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (program) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeClientCredentials}
}

func (m *memory) ClientCredentials(_ context.Context, id, secret string) (op.Client, error) {
	m.p.mu.RLock()
	defer m.p.mu.RUnlock()
	if _, there := m.p.programs[id]; !there || secret != m.p.secret {
		return nil, errors.New("there is no such program")
	}
	return program{storage.WebClient(id, secret)}, nil
}

func (m *memory) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	m.p.mu.RLock()
	defer m.p.mu.RUnlock()
	return &oidc.JWTTokenRequest{Subject: id, Audience: []string{m.p.programs[id]}, Scopes: scopes}, nil
}

func (m *memory) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, t op.IDTokenRequest, scopes []string) error {
	m.claims(info, t.GetSubject())
	return m.Storage.SetUserinfoFromRequest(ctx, info, t, scopes)
}

func (m *memory) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	m.claims(info, subject)
	return m.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
}

func (m *memory) claims(info *oidc.UserInfo, subject string) {
	for _, p := range m.p.people {
		if p.ID != subject {
			continue
		}
		for name, value := range p.Claims {
			info.AppendClaims(name, value)
		}
	}
}
