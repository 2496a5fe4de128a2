package gateway

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"time"
)

// sessions are kept in memory: a restart signs everybody out, and nothing on
// disk could be stolen. They end after a while unused, and at the latest after
// eight hours.
type sessions struct {
	mu       sync.Mutex
	byID     map[[sha256.Size]byte]*session
	idle     time.Duration
	absolute time.Duration
	secure   bool
	now      func() time.Time
}

type session struct {
	user       *User
	made, seen time.Time

	mu   sync.Mutex
	sent map[string]string // what a form that was sent before led to
}

func newSessions(c Config) *sessions {
	s := &sessions{byID: map[[sha256.Size]byte]*session{}, idle: 10 * time.Minute, absolute: 8 * time.Hour,
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
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, u *User) {
	s.end(w, r)
	id, now := newID(), s.now()
	s.mu.Lock()
	for k, old := range s.byID {
		if !s.alive(old, now) {
			delete(s.byID, k)
		}
	}
	s.byID[sha256.Sum256([]byte(id))] = &session{user: u, made: now, seen: now, sent: map[string]string{}}
	s.mu.Unlock()
	w.Header().Del("Set-Cookie")
	http.SetCookie(w, s.cookie(id, 0))
}

func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookie("", 0).Name); err == nil {
		s.mu.Lock()
		delete(s.byID, sha256.Sum256([]byte(c.Value)))
		s.mu.Unlock()
	}
	http.SetCookie(w, s.cookie("", -1))
}

// of finds the live session of a request. A person who asks keeps it alive; a
// page that merely listens does not.
func (s *sessions) of(r *http.Request, keepAlive bool) *session {
	c, err := r.Cookie(s.cookie("", 0).Name)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, now := s.byID[sha256.Sum256([]byte(c.Value))], s.now()
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
