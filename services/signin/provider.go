package signin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// provider is an issuer and what it says about itself. That is asked when it is
// first needed: a hub starts while a provider does not answer.
type provider struct {
	Issuer
	client *http.Client

	mu    sync.Mutex
	known *oidc.Provider
	about about
	wait  time.Time // after a failure nobody asks before
}

// about is what go-oidc leaves out of a provider's metadata.
type about struct {
	Methods []string `json:"token_endpoint_auth_methods_supported"`
	Iss     bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	Leave   string   `json:"end_session_endpoint"`
}

func newProvider(i Issuer) (*provider, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes = 16 << 10
	if i.CAFile != "" {
		pem, err := os.ReadFile(i.CAFile)
		if err != nil {
			return nil, fmt.Errorf("caFile: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("caFile holds no certificate")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &provider{Issuer: i.withPreset(), client: &http.Client{Transport: &remembered{next: guarded{t}}, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// guarded asks nobody over a network in clear, and reads no more than a megabyte.
type guarded struct{ next http.RoundTripper }

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !safe(r.URL.Scheme + "://" + r.URL.Host) {
		return nil, errors.New("an address of the provider is not https")
	}
	res, err := g.next.RoundTrip(r)
	if err == nil {
		res.Body = limited{io.LimitReader(res.Body, 1<<20), res.Body}
	}
	return res, err
}

// remembered gives an answer to a GET once more for some seconds: whoever shows
// tokens with made-up keys does not make the hub ask the provider for each.
type remembered struct {
	next http.RoundTripper

	mu   sync.Mutex
	last map[string]kept
}

type kept struct {
	until  time.Time
	header http.Header
	body   []byte
}

const rememberedFor = 5 * time.Second

func (m *remembered) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || r.Header.Get("Authorization") != "" {
		return m.next.RoundTrip(r)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := r.URL.String()
	if k, ok := m.last[at]; ok && time.Now().Before(k.until) {
		return k.answer(r), nil
	}
	res, err := m.next.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK {
		return res, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if m.last == nil {
		m.last = map[string]kept{}
	}
	k := kept{time.Now().Add(rememberedFor), res.Header, body}
	m.last[at] = k
	return k.answer(r), nil
}

func (k kept) answer(r *http.Request) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: k.header,
		Body: io.NopCloser(bytes.NewReader(k.body)), ContentLength: int64(len(k.body)), Request: r}
}

type limited struct {
	io.Reader
	io.Closer
}

func (p *provider) ctx(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

var errSilent = errors.New("the identity provider does not answer")

// discover returns what the provider says about itself.
func (p *provider) discover(ctx context.Context, now time.Time) (*oidc.Provider, about, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, p.about, nil
	}
	if now.Before(p.wait) {
		return nil, about{}, errSilent
	}
	found, err := oidc.NewProvider(p.ctx(ctx), p.Issuer.Issuer)
	if err == nil {
		err = found.Claims(&p.about)
	}
	if err == nil && !safe(found.Endpoint().AuthURL) {
		err = errors.New("its authorization endpoint is not https")
	}
	if err != nil {
		p.wait = now.Add(5 * time.Second)
		return nil, about{}, errors.Join(errSilent, err)
	}
	p.known = found
	return found, p.about, nil
}

// oauth is the hub as the provider's client.
func (p *provider) oauth(found *oidc.Provider, a about, back string) (oauth2.Config, error) {
	c := oauth2.Config{ClientID: p.ClientID, Endpoint: found.Endpoint(), RedirectURL: back, Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...)}
	c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.SecretFile == "" || len(a.Methods) > 0 && !slices.Contains(a.Methods, "client_secret_basic") {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	if p.SecretFile != "" {
		text, err := os.ReadFile(p.SecretFile)
		if err != nil {
			return c, fmt.Errorf("read the client secret: %w", err)
		}
		c.ClientSecret = strings.TrimSpace(string(text))
	}
	return c, nil
}
