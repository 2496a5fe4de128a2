package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"kith/events"
	"kith/services/fault"
)

// User is an account that may sign in.
type User struct {
	Name    string // a role and an agency, as shown on every page; never a person's name
	About   string // what the account is for, in a sentence; shown with the personas
	Persona string // names its button in demo mode
	Reader  events.Reader
	Token   [sha256.Size]byte // see HashToken
	Cert    [sha256.Size]byte // of a program: the hash of its certificate, in DER; none if zero
}

// HashToken is how an access token is kept. Tokens are long and random, so a
// plain SHA-256 is enough.
func HashToken(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// byToken compares in constant time, over all users.
func (g *Gateway) byToken(token string) *User {
	h := HashToken(token)
	return g.whose(func(u *User) bool { return subtle.ConstantTimeCompare(h[:], u.Token[:]) == 1 })
}

func (g *Gateway) whose(is func(*User) bool) (found *User) {
	for i := range g.Users {
		if is(&g.Users[i]) {
			found = &g.Users[i]
		}
	}
	return found
}

// certified finds the program whose certificate a connection shows; that it has
// the private key TLS has seen to. Nobody shows one but where they are asked.
func (g *Gateway) certified(r *http.Request) (*caller, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, nil
	}
	c, now := r.TLS.PeerCertificates[0], g.Now()
	h := sha256.Sum256(c.Raw)
	u := g.whose(func(u *User) bool { return u.Cert == h })
	if u == nil || now.Before(c.NotBefore) || now.After(c.NotAfter) || g.barred(u) {
		return nil, fault.New(fault.Unsigned, "The certificate is not known.")
	}
	return &caller{User: u, since: now}, nil
}

// caller is who asks.
type caller struct {
	*User
	session *session  // none with a bearer token
	since   time.Time // when they last showed who they are; a bearer token does with each request
}

// callerOf finds who asks: by the bearer token if there is one, else by the
// certificate of the connection, else by the session. No one is nil.
func (g *Gateway) callerOf(r *http.Request, keepAlive bool) (*caller, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		c, err := g.bearer(r, strings.TrimSpace(token))
		if err == nil && (!strings.EqualFold(scheme, "Bearer") || g.barred(c.User)) {
			err = fault.New(fault.Unsigned, "The access token is not known.")
		}
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	if c, err := g.certified(r); c != nil || err != nil {
		return c, err
	}
	if s := g.sessions.of(r, keepAlive); s != nil && !g.barred(s.user) {
		return &caller{User: s.user, session: s, since: s.since}, nil
	}
	return nil, nil
}

// bearer finds whose a token is: of the list of users, or given to a program by an
// identity provider.
func (g *Gateway) bearer(r *http.Request, token string) (*caller, error) {
	if u := g.byToken(token); u != nil {
		return &caller{User: u, since: g.Now()}, nil
	}
	who, err := g.SignIn.Machine(r.Context(), token)
	if err != nil {
		return nil, err
	}
	return &caller{User: &User{Name: who.Post, Reader: who.Reader}, since: who.Since}, nil
}

// barred reports whether the user's agency is no longer one of the partnership, or
// the user was put out.
func (g *Gateway) barred(u *User) bool {
	return g.Barred != nil && g.Barred(u.Reader.Agency) || g.BarredActor != nil && g.BarredActor(u.Reader.Actor)
}

// SignOut ends all sessions of whom it is true, and breaks off what is being
// answered to them, and returns how many sessions it ended. Whoever is to stay
// out is barred first.
func (g *Gateway) SignOut(whose func(events.Reader) bool) int {
	return g.sessions.stop(func(_ *session, u *User) bool { return whose(u.Reader) })
}

// guard says whether somebody may use a route at all. What they may see behind
// it is for the gate to say.
type guard func(*Gateway, events.Reader) bool

func signedIn(*Gateway, events.Reader) bool { return true }

func practising(_ *Gateway, r events.Reader) bool { return r.Role != events.RoleGovernance }

func dsl(_ *Gateway, r events.Reader) bool { return r.Role == events.RoleDSL }

func caseworker(g *Gateway, r events.Reader) bool {
	return r.Agency == g.Authority && (r.Role == events.RoleSocialWorker || r.Role == events.RoleChair)
}

func socialWorker(g *Gateway, r events.Reader) bool {
	return r.Agency == g.Authority && r.Role == events.RoleSocialWorker
}

// judging: who may be asked what policies leave to people.
func judging(g *Gateway, r events.Reader) bool {
	return r.Role == events.RoleDSL || r.Role == events.RolePractitioner || r.Role == events.RoleChair ||
		r.Role == events.RoleGovernance && r.Agency == g.Authority
}

func governance(_ *Gateway, r events.Reader) bool { return r.Role == events.RoleGovernance }
