package main

import (
	"context"
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
}

// servers are what a process listens with.
type servers struct {
	addrs   []string
	running []*http.Server
	failed  chan error
}

// listen opens every address, or none and says which could not be.
func listen(log *log.Logger, sites ...site) (*servers, error) {
	s := &servers{failed: make(chan error, len(sites))}
	for _, t := range sites {
		l, err := net.Listen("tcp", t.addr)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("%w; is it in use? another address, or port 0 for any free one, goes by -addr or the configuration", err)
		}
		server := newServer(t.handler, log)
		s.addrs, s.running = append(s.addrs, l.Addr().String()), append(s.running, server)
		go func() { s.failed <- server.Serve(l) }()
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
