package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"
)

// newServer sets the limits that keep one slow client from holding a process up.
// There is no write limit: announcements are written for as long as a page is open.
func newServer(h http.Handler, log *log.Logger) *http.Server {
	return &http.Server{Handler: h, ErrorLog: log, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
}

// site is one address and what answers there.
type site struct {
	addr    string
	handler http.Handler
	certify bool // whoever connects must show a certificate; which one is for the handler to judge
}

// servers are what a process listens with.
type servers struct {
	addrs   []string
	running []*http.Server
	failed  chan error
}

// listen opens every address, or none and says which could not be: sealed if t has
// a certificate, else for whoever may reach it without.
func listen(log *log.Logger, t TLS, sites ...site) (*servers, error) {
	sealed, err := t.config(log)
	if err != nil {
		return nil, err
	}
	s := &servers{failed: make(chan error, len(sites))}
	for _, at := range sites {
		l, err := net.Listen("tcp", at.addr)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("%w; is it in use? another address, or port 0 for any free one, goes by -addr or the configuration", err)
		}
		server := newServer(at.handler, log)
		s.addrs, s.running = append(s.addrs, l.Addr().String()), append(s.running, server)
		if server.TLSConfig = sealed; sealed != nil {
			if at.certify {
				server.TLSConfig = sealed.Clone()
				server.TLSConfig.ClientAuth = tls.RequireAnyClientCert
			}
			go func() { s.failed <- server.ServeTLS(l, "", "") }()
			continue
		}
		go func() { s.failed <- server.Serve(fenced{l, t.Plain}) }()
	}
	return s, nil
}

// wait returns when ctx ends, or with the error of a server that stopped by itself.
func (s *servers) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// close lets requests end, for a moment, and stops listening.
func (s *servers) close() {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, r := range s.running {
		if err := r.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
			r.Close() // a page that waits for announcements never ends by itself
		}
	}
}
