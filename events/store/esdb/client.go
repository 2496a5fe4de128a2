package esdb

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	search = 3 * time.Second  // for a client to find the database before a call fails
	drain  = 15 * time.Second // for the calls under way when the log is closed

	lost = "unexpected exception: %v" // what the client logs before it tells itself to reconnect
)

// clients holds the one client in use. A client of this library that gave up
// looking for the database is dead and never knows: it answers "closed" for
// ever, and who was about to ask or tell it something waits for ever. So it is
// never let give up. And when it reconnects it forgets to close what it had. So
// it is never let reconnect: it is replaced.
type clients struct {
	conf   client.Configuration
	cur    atomic.Pointer[held]
	mu     sync.Mutex // who replaces
	closed bool
	drains sync.WaitGroup
}

func newClients(conf *client.Configuration) *clients {
	cs := &clients{conf: *conf}
	cs.conf.MaxDiscoverAttempts = math.MaxInt
	return cs
}

// held is a client and who uses it.
type held struct {
	*client.Client
	ready chan struct{} // closed when it found the database, or could not
	err   error         // why it could not
	door  chan struct{} // holds the token of who begins a call

	life   context.Context // ends when the client is replaced
	retire context.CancelFunc

	mu    sync.Mutex
	users int
	over  bool          // takes no more users
	idle  chan struct{} // closed when it is over and the last user left
}

// take returns a client that has found the database, to be released, and the
// right to begin a call of it, to be given back when that is under way. Before a
// call is under way the client may look for the database once more, and then
// who else begins a call waits in it for ever if that fails: so one at a time.
func (cs *clients) take(ctx context.Context) (*held, error) {
	for {
		h, err := cs.current()
		if err != nil {
			return nil, err
		}
		if err := cs.begin(ctx, h); err != nil {
			h.release()
			return nil, err
		}
		if !h.isOver() {
			return h, nil
		}
		h.begun()
		h.release()
	}
}

func (cs *clients) begin(ctx context.Context, h *held) error {
	select {
	case <-h.ready:
	case <-ctx.Done():
		return gone(ctx)
	case <-time.After(search):
		return errAbsent
	}
	if h.err != nil {
		cs.replace(h)
		return translate(h.err)
	}
	select {
	case h.door <- struct{}{}:
		return nil
	case <-ctx.Done():
		return gone(ctx)
	}
}

// use makes a call with a client from take, and gives both back.
func use[T any](ctx context.Context, cs *clients, h *held, f func(context.Context, *client.Client) (T, error)) (T, error) {
	defer h.release()
	begun := sync.OnceFunc(h.begun)
	defer begun()
	v, err := guard(func() (T, error) { return f(&beginning{toLeader(ctx), begun}, h.Client) })
	if err = translate(err); errors.Is(err, errWorn) {
		cs.replace(h) // before anybody else begins
	}
	return v, err
}

// beginning is a context that knows when a call is under way: the client asks
// for the deadline first thing after it has a connection, and not before.
type beginning struct {
	context.Context
	begun func()
}

func (b *beginning) Deadline() (time.Time, bool) {
	b.begun()
	return b.Context.Deadline()
}

func (cs *clients) current() (*held, error) {
	if h := cs.cur.Load(); h != nil && h.hold() {
		return h, nil
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed {
		return nil, ErrClosed
	}
	if h := cs.cur.Load(); h != nil && h.hold() {
		return h, nil
	}
	h, err := cs.connect()
	if err != nil {
		return nil, err
	}
	cs.cur.Store(h)
	return h, nil
}

// connect returns a client that begins to look for the database.
func (cs *clients) connect() (*held, error) {
	h := &held{ready: make(chan struct{}), door: make(chan struct{}, 1), idle: make(chan struct{}), users: 2} // the caller and the search
	conf := cs.conf                                                                                           // nothing of the client's log is printed: it holds names of streams
	conf.Logger = func(_ client.LogLevel, format string, args ...any) {
		if format == lost && unavailable(args) {
			cs.lose(h)
		}
	}
	c, err := client.NewClient(&conf)
	if err != nil {
		return nil, err
	}
	h.Client = c
	h.life, h.retire = context.WithCancel(context.Background())
	go func() {
		defer h.release()
		defer close(h.ready)
		_, h.err = guard(func() (*client.ServerVersion, error) { return c.GetServerVersion() })
	}()
	return h, nil
}

// replace lets the next call have a new client, and closes the old one when
// nobody uses it any more.
func (cs *clients) replace(h *held) {
	cs.cur.CompareAndSwap(h, nil)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !h.end() {
		return
	}
	cs.drains.Go(func() { // closing it earlier would make it panic
		<-h.idle
		_ = h.Close() // it never fails
	})
}

// lose replaces a client that is about to reconnect, and returns when nobody
// begins a call of it any more: the next to begin would make it connect again.
// Its log is the only place that says so in time.
func (cs *clients) lose(h *held) {
	cs.replace(h)
	h.door <- struct{}{}
	h.begun()
}

func unavailable(args []any) bool {
	if len(args) != 1 {
		return false
	}
	err, ok := args[0].(error)
	return ok && status.Code(err) == codes.Unavailable
}

// close returns when all clients are closed, or look for a database in vain.
func (cs *clients) close() {
	cs.mu.Lock()
	cs.closed = true
	cs.mu.Unlock()
	h := cs.cur.Load()
	if h != nil {
		cs.replace(h)
	}
	done := make(chan struct{})
	go func() {
		cs.drains.Wait()
		close(done)
	}()
	wait := drain
	if h != nil && !h.found() {
		wait = 0
	}
	select {
	case <-done:
	case <-time.After(wait):
	}
}

// found reports whether the database was found.
func (h *held) found() bool {
	select {
	case <-h.ready:
		return true
	default:
		return false
	}
}

func (h *held) hold() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.users++
	}
	return !h.over
}

func (h *held) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users--; h.users == 0 && h.over {
		close(h.idle)
	}
}

func (h *held) begun() { <-h.door }

func (h *held) isOver() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// end reports whether it was this call that ended it.
func (h *held) end() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return false
	}
	h.over = true
	h.retire()
	if h.users == 0 {
		close(h.idle)
	}
	return true
}
