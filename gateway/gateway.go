// Package gateway is the hub's face: the HTTP API under /v1 and the pages, two
// renderings of the same services. It holds no personal data of its own and can
// encode none that did not come through the disclosure gate: see encode.go.
package gateway

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/disclosure"
	"kith/services/education"
	"kith/services/identity"
	"kith/services/ledger"
	"kith/services/signin"
	"kith/services/socialcare"
	"kith/services/strategy"
)

// Config is what a gateway stands on. Every field is needed unless it says so.
type Config struct {
	Gate      *disclosure.Gate
	Strategy  Strategy
	Identity  Identity
	Retention Retention
	Copies    Copies

	// Subscribe tells of changes to what the hub holds about a child; see
	// childview.View.
	Subscribe func(events.ChildID) (changes <-chan store.Position, stop func())
	// Reads lists the latest looks at children's data, newest first; see ledger.Ledger.
	Reads func(ctx context.Context, n int) ([]ledger.Entry, error)
	// ReadsOf lists all looks at one child's data, oldest first; see ledger.Ledger.
	ReadsOf func(context.Context, events.ChildID) ([]ledger.Entry, error)
	// Review is of looks that fit a pattern; see ledger.Review.
	Review Review
	// Submit hands messages to the agency's outbox and waits for the answers,
	// which come in the order of the messages.
	Submit func(context.Context, events.AgencyID, []bus.Message) ([]bus.Answer, error)
	// Concern gives a school's concern a reference and submits it.
	Concern func(context.Context, events.Reader, education.ConcernForm) (string, bus.Answer, error)
	// Decide submits what social care decided on a concern: the form says all but
	// which child it is, for the gateway does not know. A concern that was decided
	// before is a fault.Conflict.
	Decide func(context.Context, events.Reader, socialcare.ReferralDecisionForm) (bus.Answer, error)
	// Receipt finds the receipt of what an agency sent; fault.NotFound without one.
	Receipt func(ctx context.Context, agency events.AgencyID, source, id string) (bus.Receipt, error)
	// Told are the hub's messages to an agency after a mark, or those that come
	// until the context ends, with the answers to what it sent if it asks for them;
	// see notices.Inbox.
	Told func(ctx context.Context, agency events.AgencyID, after events.InboxMark, answers bool) ([]events.Told, error)
	// Duty says whether the duty to share information is in force in the area, so
	// that forms lead to it; it is not, if left out.
	Duty func(context.Context) (bool, error)
	// Ready says why the hub cannot answer yet, or nil.
	Ready func(context.Context) error

	Limits    bus.Limits // of what agencies hand in; none if left out
	Users     []User
	Agencies  []events.Agency
	Barred    func(events.AgencyID) bool // whose users are not let in any more; nobody's if left out
	Authority events.AgencyID            // the local authority

	SignIn      *signin.SignIn            // the identity providers of people; none if nil
	ByToken     bool                      // people too may sign in with an access token
	BarredActor func(events.ActorID) bool // who else is not let in any more; nobody if left out
	PendingFor  time.Duration             // how long an erasure can be taken back, for pages to say; 30 days if left out

	Demo  bool // offers a button for each persona; for loopback addresses only
	TLS   bool // browsers reach the gateway over https
	Place *time.Location
	Now   func() time.Time
	Log   *slog.Logger
}

// Strategy is what people do in strategy discussions; see services/strategy. The
// gateway may do this and nothing else there.
type Strategy interface {
	Convene(context.Context, store.Cause, strategy.ConveneForm) (events.DiscussionID, error)
	Attend(ctx context.Context, c store.Cause, child events.ChildID, id events.DiscussionID, role string) error
	Decide(context.Context, store.Cause, events.ChildID, events.DiscussionID, strategy.DecisionForm) error
}

// Review is what governance does about unusual looks; see ledger.Review.
type Review interface {
	List(context.Context) ([]ledger.Listed, error)
	Decide(ctx context.Context, c store.Cause, finding string, d ledger.Decision) error
}

// Identity is what a person may say about who is who; see services/identity.
type Identity interface {
	Candidates(context.Context) ([]identity.Candidate, error)
	Link(ctx context.Context, c store.Cause, child events.ChildID, id events.SubjectID, reason string) error
	Unlink(ctx context.Context, c store.Cause, child events.ChildID, id events.SubjectID, reason string) error
	Decline(ctx context.Context, c store.Cause, child events.ChildID, id events.SubjectID, reason string) error
}

// Gateway serves the API and the pages.
type Gateway struct {
	Config
	cal      calendar
	pages    map[string]*template.Template
	assets   assets
	sessions *sessions
	quotas   quotas
	handler  http.Handler

	mu       sync.RWMutex
	admitted []events.Agency // since the gateway was made
}

// New returns the gateway. It fails only where its own templates do not parse.
// The server in front of it should end the context of its requests when it shuts
// down, or pages that wait for news will hold it up.
func New(c Config) (*Gateway, error) {
	a, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	pages, err := loadPages(a)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{Config: c, cal: calendar{c.Place}, assets: a, pages: pages, sessions: newSessions(c)}
	mux := http.NewServeMux()
	for _, rt := range g.routes() {
		mux.Handle(rt.pattern, g.serve(rt))
	}
	mux.HandleFunc("/", g.nowhere)
	g.handler = g.secure(g.sameOrigin(mux))
	return g, nil
}

// Admit makes one more agency known to the pages.
func (g *Gateway) Admit(a events.Agency) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.admitted = append(g.admitted, a)
}

func (g *Gateway) agencies() []events.Agency {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Concat(g.Agencies, g.admitted)
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }
