// Package esdbtest is an event store for tests that speaks EventStoreDB's
// protocol over loopback TCP, on the client's own generated server. It keeps
// its events in memory for as long as the Server lives, whatever becomes of its
// connections, and fails in the ways that the real one and its client fail.
//
// It is true to the real server in what events/store/esdb relies on, as the
// sources of EventStoreDB 24.6 have it: expected revisions, repeats known by
// their event ids, positions, filters, checkpoints, trailers. Where the real one
// promises nothing it does the worst: an append that expects nothing is never
// known for a repeat.
package esdbtest

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
)

// Server is an event store in memory. Its methods may be called at any time.
type Server struct {
	streams.UnimplementedStreamsServer
	serverfeatures.UnimplementedServerFeaturesServer

	t    testing.TB
	addr string

	mu      sync.Mutex
	all     []*record
	streams map[string][]*record
	most    int           // bytes of an append
	end     uint64        // where the next event will lie
	at      time.Time     // of the newest event
	moved   chan struct{} // closed and replaced by each append
	faults  faults
	counts  counts

	grpc *grpc.Server // nil while down
	done chan struct{}
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, streams: map[string][]*record{}, end: 117, most: maxAppend, moved: make(chan struct{})}
	s.faults.drop = make(chan struct{})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.serve(l)
	t.Cleanup(s.Down)
	return s
}

// ConnectionString is what esdb.Open takes.
func (s *Server) ConnectionString() string {
	return "esdb://" + s.addr + "?tls=false&discoveryInterval=20&maxDiscoverAttempts=3&gossipTimeout=2"
}

func (s *Server) serve(l net.Listener) {
	g := grpc.NewServer(grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream), grpc.MaxRecvMsgSize(maxMessage))
	streams.RegisterStreamsServer(g, s)
	serverfeatures.RegisterServerFeaturesServer(g, s)
	done := make(chan struct{})
	s.mu.Lock()
	s.grpc, s.done = g, done
	s.mu.Unlock()
	go func() {
		defer close(done)
		_ = g.Serve(&counted{Listener: l, s: s})
	}()
}

// Down cuts all connections and refuses new ones.
func (s *Server) Down() {
	s.mu.Lock()
	g, done := s.grpc, s.done
	s.grpc = nil
	s.mu.Unlock()
	if g != nil {
		g.Stop()
		<-done
	}
}

// Up listens again, at the same address and with the same events.
func (s *Server) Up() {
	s.t.Helper()
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", s.addr); err == nil {
			s.serve(l)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal(fmt.Errorf("listen again: %w", err))
}

// counted counts connections that are open.
type counted struct {
	net.Listener
	s *Server
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.s.count(func(n *counts) { n.connections++ })
	return &connection{Conn: c, s: l.s}, nil
}

type connection struct {
	net.Conn
	s    *Server
	once sync.Once
}

func (c *connection) Close() error {
	c.once.Do(func() { c.s.count(func(n *counts) { n.connections-- }) })
	return c.Conn.Close()
}
