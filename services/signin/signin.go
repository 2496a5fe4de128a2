package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"kith/events"
	"kith/services/fault"
)

// Config is what signing in stands on. Every field is needed.
type Config struct {
	Issuers  []Issuer
	Machines []Machines
	// Address is where browsers reach the hub: https://hub.example. It is asked
	// for each time, never taken from a request.
	Address func() string
	// Pseudonym is the keyed hash under which somebody acts; see keys.Keys.
	Pseudonym func(domain, value string) string
	// Agency finds one of the partnership.
	Agency func(events.AgencyID) events.Agency
	Now    func() time.Time
}

// SignIn lets people in. It may be used by many at once.
type SignIn struct {
	Config
	order     []string
	providers map[string]*provider
	machines  []machines
	sealer    sealer

	mu    sync.Mutex
	spent map[string]time.Time // tickets that somebody came back with, until they end
}

// New reads the issuers; it asks none of them anything yet.
func New(c Config) (*SignIn, error) {
	s := &SignIn{Config: c, providers: map[string]*provider{}, spent: map[string]time.Time{}}
	var err error
	if s.sealer, err = newSealer(); err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	for _, i := range c.Issuers {
		if s.providers[i.ID], err = newProvider(i); err != nil {
			return nil, fmt.Errorf("sign-in: %s: %w", i.ID, err)
		}
		s.order = append(s.order, i.ID)
	}
	for _, c := range c.Machines {
		m, err := newMachines(c)
		if err != nil {
			return nil, fmt.Errorf("sign-in: %s: %w", c.Issuer, err)
		}
		s.machines = append(s.machines, m)
	}
	return s, nil
}

// Choice is a provider that a person may choose.
type Choice struct{ ID, Name string }

// Choices are the providers, in the order of the configuration. A SignIn that is
// nil has none.
func (s *SignIn) Choices() (cs []Choice) {
	if s == nil {
		return nil
	}
	for _, id := range s.order {
		cs = append(cs, Choice{id, s.providers[id].Name})
	}
	return cs
}

// Want is what a sign-in is for.
type Want struct {
	Next    string        // where to go after it
	Session string        // the caller's own mark of the session that it replaces
	Again   events.Reader // this very person must show anew who they are; nobody: anybody signs in
}

// Who is somebody whom a provider vouched for.
type Who struct {
	Reader  events.Reader
	Post    string    // the words for it, if the configuration has some
	Posts   []Post    // with more than one, Reader says only who; see Choose
	Since   time.Time // when they showed the provider who they are; zero if it does not say, or not strongly enough
	Session string    // the provider's own name of its session, where it gives one
	Want    Want
}

// Fresh is how old the proof of who somebody is may be for what asks for a fresh one.
const Fresh = 5 * time.Minute

// Begin returns where to send a browser, and the ticket that it has to keep.
func (s *SignIn) Begin(ctx context.Context, issuer string, w Want) (address, kept string, err error) {
	p := s.provider(issuer)
	if p == nil {
		return "", "", fault.NotFound
	}
	found, a, err := p.discover(ctx, s.Now())
	if err != nil {
		return "", "", p.silent(err)
	}
	t := ticket{Issuer: issuer, State: secret(), Nonce: secret(), Verifier: oauth2.GenerateVerifier(), Want: w, Until: s.Now().Add(lifetime)}
	if kept, err = s.sealer.seal(ticketKind, t); err != nil {
		return "", "", err
	}
	c, err := p.oauth(found, a, s.back(issuer))
	if err != nil {
		return "", "", err
	}
	opts := []oauth2.AuthCodeOption{oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)}
	if w.Again.Actor != "" {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return c.AuthCodeURL(t.State, append(opts, p.strength()...)...), kept, nil
}

func (s *SignIn) provider(id string) *provider {
	if s == nil {
		return nil
	}
	return s.providers[id]
}

// back is the one address to which this provider sends people; each provider has
// its own, so that no answer of one is taken for another's (RFC 9700, 4.4).
func (s *SignIn) back(issuer string) string { return s.Address() + "/sign-in/" + issuer + "/back" }

// Finish takes what a browser came back with. Whoever is not let in is told so in
// a fault.Error; why exactly is its cause, a Why, for the log.
func (s *SignIn) Finish(ctx context.Context, issuer, kept string, q url.Values) (Who, error) {
	p := s.provider(issuer)
	if p == nil {
		return Who{}, fault.NotFound
	}
	var t ticket
	switch {
	case !s.sealer.open(ticketKind, kept, &t) || !s.Now().Before(t.Until):
		return Who{}, refused(NotBegun)
	case t.Issuer != issuer:
		return Who{}, refused(OtherIssuer)
	case subtle.ConstantTimeCompare([]byte(t.State), []byte(q.Get("state"))) != 1:
		return Who{}, refused(OtherState)
	}
	found, a, err := p.discover(ctx, s.Now())
	if err != nil {
		return Who{}, p.silent(err)
	}
	if iss := q.Get("iss"); iss != "" && iss != p.Issuer.Issuer || iss == "" && a.Iss {
		return Who{}, refused(OtherIssuer)
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return Who{}, refused(NotThere)
	}
	c, err := p.claimed(ctx, s, found, a, t, q.Get("code"))
	if err != nil {
		return Who{}, err
	}
	if !s.once(t.State, t.Until) {
		return Who{}, refused(Replayed)
	}
	return s.who(p, c, t.Want)
}

// once reports whether it is the first time that somebody comes back with this.
func (s *SignIn) once(mark string, until time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	for old, end := range s.spent {
		if !now.Before(end) {
			delete(s.spent, old)
		}
	}
	_, spent := s.spent[mark]
	s.spent[mark] = until
	return !spent
}

// who maps claims to somebody here.
func (s *SignIn) who(p *provider, c verified, w Want) (Who, error) {
	ps := p.posts(c.claims)
	if len(ps) == 0 {
		return Who{}, p.nobody(NoPost, "You are signed in with %s, but it gives you no role here, so nothing is shown. Ask whoever manages accounts at your agency for a role in Kith.")
	}
	out := Who{Session: c.session, Want: w, Since: p.since(c, s.Now()), Posts: ps, Reader: events.Reader{Actor: s.actor(c.issuer, c.subject)}}
	switch {
	case w.Again.Actor != "":
		return s.again(p, out)
	case len(ps) == 1:
		return s.as(out, ps[0]), nil
	}
	return out, nil
}

// again lets somebody go on as what they are, if they still are.
func (s *SignIn) again(p *provider, out Who) (Who, error) {
	w := out.Want.Again
	i := slices.IndexFunc(out.Posts, func(x Post) bool { return x.Agency == w.Agency && x.Role == w.Role })
	if out.Reader.Actor != w.Actor || i < 0 {
		return Who{}, refused(SomebodyElse)
	}
	if s.Now().Sub(out.Since) >= Fresh {
		return Who{}, p.nobody(NotFresh, "%s did not say that it asked you anew who you are, so nothing was done. Try again; if it goes on, tell whoever manages accounts at your agency.")
	}
	return s.as(out, out.Posts[i]), nil
}

// actor is somebody in the record: a keyed hash of who vouches and for whom, never
// a name or an address.
func (s *SignIn) actor(issuer, subject string) events.ActorID {
	return events.ActorID("p-" + s.Pseudonym("actor", issuer+"\x00"+subject))
}

func (p *provider) silent(err error) error {
	return &fault.Error{Kind: fault.Unavailable, Err: err, Text: p.Name + " does not answer. Try again in a minute."}
}

func (p *provider) nobody(y Why, format string) error {
	return &fault.Error{Kind: fault.Refused, Err: y, Text: fmt.Sprintf(format, p.Name)}
}

// Why is the reason why somebody was not let in, for the log.
type Why string

// The reasons. None says who.
const (
	NotBegun     Why = "not-begun"
	OtherIssuer  Why = "other-issuer"
	OtherState   Why = "other-state"
	NotThere     Why = "not-signed-in-there"
	NoToken      Why = "no-token"
	BadToken     Why = "bad-token"
	Expired      Why = "expired"
	OtherNonce   Why = "other-nonce"
	OtherParty   Why = "other-party"
	OtherSubject Why = "other-subject"
	Replayed     Why = "replayed"
	NoPost       Why = "no-post"
	SomebodyElse Why = "somebody-else"
	NotFresh     Why = "not-fresh"
	LivesLong    Why = "lives-long"
)

func (y Why) Error() string { return string(y) }

// refused is the one answer to everything that does not fit together: who tries
// does not learn which part of it was wrong.
func refused(y Why) error {
	return &fault.Error{Kind: fault.Refused, Err: y, Text: "The sign-in was not completed. Start again from the sign-in page."}
}

// ReasonOf is why somebody was not let in, or nothing.
func ReasonOf(err error) Why {
	var y Why
	if errors.As(err, &y) {
		return y
	}
	return ""
}
