package esdbtest

import (
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type appends = streams.Streams_AppendServer

// faults are what is to go wrong next.
type faults struct {
	hung      chan struct{} // closed by resume; nil when nothing hangs
	drop      chan struct{} // closed to end the subscriptions of now
	surprises int           // reads that begin with a frame nobody expects
	appends   []fault       // of the next appends, in order
}

type fault struct {
	refuse func(appends) error // instead of taking it
	lose   bool                // take it, and answer that nothing is known
	cut    bool                // take it, and cut all connections
}

type counts struct{ connections, appends, subscriptions, astray int }

func (s *Server) count(f func(*counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.counts)
}

// Connections is how many are open.
func (s *Server) Connections() (n int) {
	s.count(func(c *counts) { n = c.connections })
	return n
}

// Appends is how many appends were judged, also those that were repeats or wrong.
func (s *Server) Appends() (n int) {
	s.count(func(c *counts) { n = c.appends })
	return n
}

// Subscriptions is how many were begun.
func (s *Server) Subscriptions() (n int) {
	s.count(func(c *counts) { n = c.subscriptions })
	return n
}

// Astray is how many calls came without the header that keeps them from being
// answered by a node that is behind.
func (s *Server) Astray() (n int) {
	s.count(func(c *counts) { n = c.astray })
	return n
}

// Events is how many events lie in a stream, by its name in the store.
func (s *Server) Events(stream string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams[stream])
}

// Hang takes connections and calls and answers none, until resume.
func (s *Server) Hang() (resume func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.hung = gate
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.faults.hung == gate {
			s.faults.hung = nil
			close(gate)
		}
	}
}

// DropSubscriptions ends those of now.
func (s *Server) DropSubscriptions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.faults.drop)
	s.faults.drop = make(chan struct{})
}

// SetMaxAppendSize is the real server's setting: 16000000 here, 1048576 there.
func (s *Server) SetMaxAppendSize(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = bytes
}

func (s *Server) limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Age makes everything in the store that much older, while nothing is read.
func (s *Server) Age(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		system := maps.Clone(r.system) // the old one may be on its way
		created, err := strconv.ParseInt(system["created"], 10, 64)
		if err != nil {
			s.t.Error(err)
		}
		system["created"] = strconv.FormatInt(created-int64(d/100), 10)
		r.system = system
	}
}

// Surprise begins the next n reads with a frame that tells where a stream begins.
func (s *Server) Surprise(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.surprises = n
}

func (s *Server) surprise() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.surprises--
	return s.faults.surprises >= 0
}

// LoseAnswer keeps the events of the append after the next skip ones, and lets
// nobody know.
func (s *Server) LoseAnswer(skip int) { s.plan(skip, fault{lose: true}) }

// CutAfter keeps the events of the next n appends, then cuts all connections
// before the last of them is answered. Up brings the server back.
func (s *Server) CutAfter(n int) { s.plan(n-1, fault{cut: true}) }

// RefuseAppend refuses the next append while its events are still being sent.
func (s *Server) RefuseAppend(code codes.Code) {
	s.plan(0, fault{refuse: func(appends) error { return status.Error(code, "secret of the server") }})
}

// NotLeader answers the next append that another node is the leader, and which.
func (s *Server) NotLeader() {
	host, port, _ := net.SplitHostPort(s.addr)
	s.plan(0, fault{refuse: func(in appends) error {
		in.SetTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
		return status.Error(codes.NotFound, "not the leader")
	}})
}

// Calm forgets what was to go wrong with appends.
func (s *Server) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.appends = nil
}

func (s *Server) plan(skip int, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.appends = append(s.faults.appends, make([]fault, skip)...)
	s.faults.appends = append(s.faults.appends, f)
}

// next is what goes wrong with this append.
func (s *Server) next() (f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults.appends) > 0 {
		f, s.faults.appends = s.faults.appends[0], s.faults.appends[1:]
	}
	return f
}

func (s *Server) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	if err := s.pass(ctx); err != nil {
		return nil, err
	}
	return h(ctx, req)
}

func (s *Server) stream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
	md, _ := metadata.FromIncomingContext(ss.Context())
	if !slices.Contains(md.Get("requires-leader"), "true") {
		s.count(func(c *counts) { c.astray++ })
	}
	if err := s.pass(ss.Context()); err != nil {
		return err
	}
	return h(srv, ss)
}

func (s *Server) pass(ctx context.Context) error {
	s.mu.Lock()
	hung := s.faults.hung
	s.mu.Unlock()
	if hung == nil {
		return nil
	}
	select {
	case <-hung:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
