package gateway

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"kith/services/fault"
)

// sessions are kept in memory: a restart signs everybody out, and nothing on
// disk could be stolen. They end after a while unused, at the latest after eight
// hours, and at once when somebody ends them, with all that is being answered in
// them.
type sessions struct {
	mu       sync.Mutex
	byID     map[idHash]*session
	open     map[*answering]bool // the requests of callers that are being answered
	idle     time.Duration
	absolute time.Duration
	secure   bool
	now      func() time.Time
}

// idHash is the hash of a session's id: what is kept here is of no use to a thief.
type idHash = [sha256.Size]byte

type session struct {
	id         idHash
	user       *User
	made, seen time.Time
	since      time.Time // when its user last showed who they are; zero if that is not known
	issuer     string    // the identity provider that vouched for the user; none: a token or a persona
	theirs     string    // the provider's own name of its session

	mu   sync.Mutex
	sent map[string]string // what a form that was sent before led to
}

func newSessions(c Config) *sessions {
	s := &sessions{byID: map[idHash]*session{}, open: map[*answering]bool{}, idle: 10 * time.Minute, absolute: 8 * time.Hour,
		secure: c.TLS, now: c.Now}
	if c.Demo {
		s.idle = 30 * time.Minute
	}
	return s
}

// newID is 256 random bits, in hex.
func newID() string {
	var b [32]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// cookie names carry the browser's own promise where they can: a __Host- cookie
// was set over https, by this host, for all of it.
func (s *sessions) cookie(value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: "kith", Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode}
	if s.secure {
		c.Name = "__Host-kith"
	}
	return c
}

// begin ends whatever session the browser had and starts another under a new id.
// Sessions of the same person in another role or agency end too: what somebody
// was is over once they are something else.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, x *session) {
	s.end(w, r)
	id, now := newID(), s.now()
	x.id, x.made, x.seen, x.sent = sha256.Sum256([]byte(id)), now, now, map[string]string{}
	s.mu.Lock()
	s.stopLocked(func(old *session, u *User) bool {
		return old != nil && !s.alive(old, now) || u.Reader.Actor == x.user.Reader.Actor && u.Reader != x.user.Reader
	})
	s.byID[x.id] = x
	s.mu.Unlock()
	w.Header().Del("Set-Cookie")
	http.SetCookie(w, s.cookie(id, 0))
}

func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	if id, ok := s.markOf(r); ok {
		s.stop(func(x *session, _ *User) bool { return x != nil && x.id == id })
	}
	http.SetCookie(w, s.cookie("", -1))
}

func (s *sessions) markOf(r *http.Request) (idHash, bool) {
	c, err := r.Cookie(s.cookie("", 0).Name)
	if err != nil {
		return idHash{}, false
	}
	return sha256.Sum256([]byte(c.Value)), true
}

// of finds the live session of a request. A person who asks keeps it alive; a
// page that merely listens does not.
func (s *sessions) of(r *http.Request, keepAlive bool) *session {
	id, ok := s.markOf(r)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, now := s.byID[id], s.now()
	if found == nil || !s.alive(found, now) {
		return nil
	}
	if keepAlive {
		found.seen = now
	}
	return found
}

func (s *sessions) alive(x *session, now time.Time) bool {
	return now.Sub(x.seen) < s.idle && now.Sub(x.made) < s.absolute
}

// answering is a request of a caller that is being answered.
type answering struct {
	*caller
	cancel context.CancelCauseFunc
}

// errEnded is why a request was broken off whose caller was signed out meanwhile.
var errEnded = errors.New("the caller was signed out")

// answer notes that a caller is being answered, until done. From then on whoever
// ends the caller's session ends the context too; one that was ended before is
// not answered.
func (s *sessions) answer(r *http.Request, c *caller, barred func(*User) bool) (_ *http.Request, done func(), err error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	a := &answering{c, cancel}
	s.mu.Lock()
	s.open[a] = true
	gone := c.session != nil && s.byID[c.session.id] != c.session
	s.mu.Unlock()
	done = func() {
		s.mu.Lock()
		delete(s.open, a)
		s.mu.Unlock()
		cancel(nil)
	}
	if gone || barred(c.User) {
		done()
		return r, nil, signedOut()
	}
	return r.WithContext(ctx), done, nil
}

// stop ends sessions, and what is being answered, of whom it is true; the session
// is nil where a token asks.
func (s *sessions) stop(whose func(*session, *User) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopLocked(whose)
}

func (s *sessions) stopLocked(whose func(*session, *User) bool) (n int) {
	for id, x := range s.byID {
		if whose(x, x.user) {
			delete(s.byID, id)
			n++
		}
	}
	for a := range s.open {
		if whose(a.session, a.User) {
			a.cancel(errEnded)
		}
	}
	return n
}

func signedOut() error { return fault.New(fault.Unsigned, "You have been signed out.") }

// brokenOff returns what to say to somebody who was signed out while being answered.
func brokenOff(r *http.Request) error {
	if errors.Is(context.Cause(r.Context()), errEnded) {
		return signedOut()
	}
	return nil
}

// once does what a form asks for the first time it is sent, and remembers where
// that led, so that pressing a button twice does it once.
func (x *session) once(key string, do func() (string, error)) (string, error) {
	if x == nil || key == "" {
		return do()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if led, ok := x.sent[key]; ok {
		return led, nil
	}
	led, err := do()
	if err == nil {
		x.sent[key] = led
	}
	return led, err
}
