package webhook

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const origin = "hub.example"

var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// target is a receiver with TLS, which the sender is allowed to reach.
func target(t *testing.T, h http.HandlerFunc) (Target, string) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	secret := NewShared()
	keys := keysOf(t, SigningKeys, secret)
	return Target{URL: s.URL, Networks: here, Roots: roots, Origin: origin, Keys: func() ([]Key, error) { return keys, nil }}, secret
}

func sender(t *testing.T, g Target) *Sender {
	t.Helper()
	s, err := NewSender(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func post(t *testing.T, s *Sender) Outcome {
	t.Helper()
	o, err := s.Post(t.Context(), "told-school-1", []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What arrives is what was given, signed, with the name of whoever sends.
func TestPost(t *testing.T) {
	var secret string
	g, secret := target(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := Verify(r.Header, keysOf(t, CheckingKeys, secret), body, time.Now()); err != nil {
			t.Error(err)
		}
		if r.Method != "POST" || string(body) != `{"a":1}` || r.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" ||
			r.Header.Get("WebHook-Request-Origin") != origin || r.Header.Get("webhook-id") != "told-school-1" {
			t.Errorf("%s %s %v", r.Method, body, r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	if o := post(t, sender(t, g)); o != (Outcome{Code: Delivered, Status: 202}) {
		t.Errorf("%+v", o)
	}
}

// Only a success counts as one, and no redirect is followed.
func TestOutcomes(t *testing.T) {
	var followed atomic.Bool
	elsewhere, _ := target(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	for status, want := range map[int]Code{200: Delivered, 204: Delivered, 301: Redirect, 302: Redirect, 304: Redirect, 307: Redirect, 308: Redirect,
		400: Refused, 401: Refused, 404: Refused, 410: Gone, 415: Refused, 429: Refused, 500: Refused, 503: Refused} {
		g, _ := target(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(status)
		})
		if o := post(t, sender(t, g)); o.Code != want || o.Status != status || o.After != 30*time.Second {
			t.Errorf("%d: %+v", status, o)
		}
	}
	if followed.Load() {
		t.Error("a redirect was followed")
	}
}

// A receiver can neither fill memory nor hold a sender up for ever.
func TestReceiverThatMisbehaves(t *testing.T) {
	flood, _ := target(t, func(w http.ResponseWriter, r *http.Request) {
		for range 1 << 14 {
			if _, err := w.Write(make([]byte, 1<<14)); err != nil {
				return
			}
		}
	})
	from := time.Now()
	if o := post(t, sender(t, flood)); o.Code != Delivered || time.Since(from) > 5*time.Second {
		t.Errorf("%+v after %s", o, time.Since(from))
	}
	heads, _ := target(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) })
	if o := post(t, sender(t, heads)); o.Code != Unreachable {
		t.Errorf("a megabyte of headers: %+v", o)
	}
	silent, _ := target(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server would not see that we left
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // to return is to answer 200, which sometimes still arrives
	})
	s := sender(t, silent)
	s.client.Timeout = 100 * time.Millisecond
	if o := post(t, s); o.Code != Timeout {
		t.Errorf("silence: %+v", o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o, err := sender(t, silent).Post(ctx, "x", nil); err == nil {
		t.Errorf("whoever was told to stop blames the receiver: %+v", o)
	}
}

// What may not be reached is not reached: the connection is never made.
func TestNetworks(t *testing.T) {
	var reached atomic.Bool
	g, _ := target(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	g.Networks = nil
	if o := post(t, sender(t, g)); o.Code != Forbidden {
		t.Errorf("%+v", o)
	}
	g.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if o := post(t, sender(t, g)); o.Code != Forbidden {
		t.Errorf("%+v", o)
	}
	if reached.Load() {
		t.Error("it was reached")
	}
	g.Networks, g.Roots = here, x509.NewCertPool()
	if o := post(t, sender(t, g)); o.Code != Certificate || reached.Load() {
		t.Errorf("nobody vouches for it: %+v", o)
	}
	g.URL = "https://127.0.0.1:1"
	if o := post(t, sender(t, g)); o.Code != Unreachable {
		t.Errorf("nobody listens: %+v", o)
	}
}

// A proxy of the environment would dial in our place: there is none.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	g, _ := target(t, func(http.ResponseWriter, *http.Request) {})
	if o := post(t, sender(t, g)); o.Code != Delivered {
		t.Errorf("%+v", o)
	}
}

func TestCheckURL(t *testing.T) {
	for address, want := range map[string]struct{ good, plain bool }{
		"https://school.example/kith": {true, false}, "https://10.0.0.1": {true, false}, "http://127.0.0.1:80/x": {true, true},
		"http://[::1]:80/x": {true, true}, "http://localhost:9000": {true, true},
		"http://school.example/": {}, "ftp://x/": {}, "https://": {}, "": {}, "https:school": {}, "https://u:p@school.example/": {}, "https://school.example/#x": {},
		"unix:///run/x": {}, "http://127.0.0.1.school.example/": {},
	} {
		if plain, err := CheckURL(address); (err == nil) != want.good || err == nil && plain != want.plain {
			t.Errorf("%q: %v %v", address, plain, err)
		}
	}
}

// names answers each question for an address with the next of a list.
func names(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		asked, buf := 0, make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				a := netip.MustParseAddr(addresses[min(asked, len(addresses)-1)]).As4()
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: a}}}
				asked++
			}
			if b, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(b, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// A name that meant a good address a moment ago and now means another gets
// nothing: what counts is the address that is dialled.
func TestRebinding(t *testing.T) {
	var reached atomic.Int32
	g, _ := target(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(g.URL, "https://"))
	g.URL = "https://example.com:" + port // the name in the certificate of httptest
	inside, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	met := make(chan struct{}, 1)
	go func() {
		if c, err := inside.Accept(); err == nil {
			met <- struct{}{}
			_ = c.Close()
		}
	}()
	s, err := newSender(g, names(t, "127.0.0.1", "127.0.0.2", "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []Code{Delivered, Forbidden, Delivered} {
		if o := post(t, s); o.Code != want {
			t.Errorf("%+v, want %s", o, want)
		}
		s.Close()
	}
	select {
	case <-met:
		t.Error("the address inside was reached")
	case <-time.After(50 * time.Millisecond):
	}
	if reached.Load() != 2 {
		t.Errorf("%d deliveries", reached.Load())
	}
}

// Only a receiver that says so in its header allows anything, and its rate holds.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		status       int
		origin, rate string
		code         Code
		perMinute    int
	}{
		{200, origin, "120", Delivered, 120}, {204, "*", "*", Delivered, 0}, {200, "Hub.Example", "", Delivered, RateWanted},
		{200, "", "*", NotAllowed, 0}, {200, "other.example", "*", NotAllowed, 0}, {405, "", "", NotAllowed, 0}, {500, origin, "-1", Delivered, RateWanted},
		{302, "*", "*", Redirect, 0}, {410, "*", "*", Gone, 0},
	} {
		g, _ := target(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "OPTIONS" || r.Header.Get("WebHook-Request-Origin") != origin || r.Header.Get("WebHook-Request-Rate") != "600" {
				t.Errorf("%s %v", r.Method, r.Header)
			}
			w.Header().Set("WebHook-Allowed-Origin", c.origin)
			w.Header().Set("WebHook-Allowed-Rate", c.rate)
			w.WriteHeader(c.status)
		})
		s := sender(t, g)
		p, o, err := s.Ask(t.Context())
		if err != nil || o.Code != c.code || p.Rate != c.perMinute {
			t.Errorf("%+v: %+v %+v %v", c, p, o, err)
		}
		if holds := s.Holds(p, time.Now()); holds != (c.code == Delivered) {
			t.Errorf("%+v: holds %v", c, holds)
		}
		if s.Holds(p, time.Now().Add(25*time.Hour)) {
			t.Error("it holds for ever")
		}
		g.URL += "/elsewhere"
		if sender(t, g).Holds(p, time.Now()) {
			t.Error("it holds for another address")
		}
	}
	if p := (Permission{Rate: 120}).Pause(); p != 500*time.Millisecond {
		t.Error(p)
	}
}
