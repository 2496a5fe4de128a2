package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Target is where an agency's messages go.
type Target struct {
	URL      string
	Networks []netip.Prefix        // that may be reached beside the public network
	Roots    *x509.CertPool        // that vouch for its certificate; nil: those of this machine
	Origin   string                // the hub's name in DNS, which the receiver is asked to allow
	Keys     func() ([]Key, error) // asked for each delivery, so that a secret can be replaced
}

// Outcome is what became of one request. It holds nothing of what was answered
// but the status.
type Outcome struct {
	Code   Code          `json:"code"`
	Status int           `json:"status,omitempty"`
	After  time.Duration `json:"-"` // for how long the receiver asked to be left alone
}

// Code says in a word what became of a request.
type Code string

// What may become of one.
const (
	Delivered   Code = "delivered"
	Gone        Code = "gone"        // 410: no more, ever
	Refused     Code = "refused"     // another status
	Redirect    Code = "redirect"    // 3xx, which is not followed
	NotAllowed  Code = "not-allowed" // the receiver did not allow this hub to send
	Forbidden   Code = "address"     // the address may not be reached
	Certificate Code = "certificate" // whose nobody vouches for
	Timeout     Code = "timeout"
	Unreachable Code = "unreachable"
)

const (
	timeout     = 20 * time.Second // for the whole of a request
	mostHeaders = 16 << 10
	mostBody    = 4 << 10 // that is read of an answer, and thrown away
)

// Sender sends to one target, over connections that it keeps for a while.
type Sender struct {
	target Target
	client http.Client
}

// NewSender checks the address.
func NewSender(t Target) (*Sender, error) { return newSender(t, nil) }

// newSender takes the resolver that a test asks.
func newSender(t Target, resolver *net.Resolver) (*Sender, error) {
	plain, err := CheckURL(t.URL)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 10 * time.Second, Control: guard{t.Networks, plain}.control, Resolver: resolver}
	return &Sender{target: t, client: http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{ // no proxy: it would dial in place of us
			DialContext: d.DialContext, TLSClientConfig: &tls.Config{RootCAs: t.Roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: mostHeaders, DisableCompression: true,
			MaxIdleConns: 1, IdleConnTimeout: 30 * time.Second,
		},
	}}, nil
}

// CheckURL says what is wrong with an address, and whether it goes without TLS.
func CheckURL(address string) (plain bool, err error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return false, errors.New("is no address")
	case u.User != nil || u.Fragment != "":
		return false, errors.New("must hold no user and no fragment")
	case u.Scheme == "https":
		return false, nil
	case u.Scheme != "http":
		return false, errors.New("must begin with https://")
	}
	at, err := netip.ParseAddr(u.Hostname())
	if u.Hostname() != "localhost" && (err != nil || !at.IsLoopback()) {
		return true, errors.New("must begin with https://; http:// is for this machine only")
	}
	return true, nil
}

// Close lets go of connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Post delivers a message once. An error is one of ours, for which the receiver
// can do nothing.
func (s *Sender) Post(ctx context.Context, id string, body []byte) (Outcome, error) {
	keys, err := s.target.Keys()
	if err != nil {
		return Outcome{}, err
	}
	req, err := s.request(ctx, http.MethodPost, body)
	if err != nil {
		return Outcome{}, err
	}
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	Sign(req.Header, keys, id, time.Now(), body)
	return s.do(req, nil)
}

func (s *Sender) request(ctx context.Context, method string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.target.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is not one")
	}
	req.Header.Set("User-Agent", "kith")
	req.Header.Set("WebHook-Request-Origin", s.target.Origin)
	return req, nil
}

// do reads no more of an answer than it needs to use the connection again.
func (s *Sender) do(req *http.Request, read func(http.Header)) (Outcome, error) {
	res, err := s.client.Do(req)
	if err != nil {
		if req.Context().Err() != nil {
			return Outcome{}, req.Context().Err() // we were told to stop
		}
		return Outcome{Code: why(err)}, nil
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostBody))
	if read != nil {
		read(res.Header)
	}
	return Outcome{Code: codeOf(res.StatusCode), Status: res.StatusCode, After: retryAfter(res.Header, time.Now())}, nil
}

func codeOf(status int) Code {
	switch {
	case status >= 200 && status < 300:
		return Delivered
	case status >= 300 && status < 400:
		return Redirect
	case status == http.StatusGone:
		return Gone
	}
	return Refused
}

// why says in a word what went wrong: the error's own text holds the address.
func why(err error) Code {
	var unvouched *tls.CertificateVerificationError
	var slow net.Error
	switch {
	case errors.Is(err, errAddress):
		return Forbidden
	case errors.As(err, &unvouched):
		return Certificate
	case errors.As(err, &slow) && slow.Timeout(), strings.Contains(err.Error(), "Client.Timeout"):
		return Timeout
	}
	return Unreachable
}
