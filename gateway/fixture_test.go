package gateway

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/events/store/sqlite"
	"kith/services/copies"
	"kith/services/disclosure"
	"kith/services/education"
	"kith/services/fault"
	"kith/services/identity"
	"kith/services/ledger"
	"kith/services/ledger/unusual"
	"kith/services/socialcare"
	"kith/services/strategy"
)

// world is a hub as the gateway sees it: the real gate over one invented child,
// and small stand-ins for the services that would write.
type world struct {
	*Gateway
	t          *testing.T
	mu         sync.Mutex
	now        time.Time
	pictures   map[events.ChildID]events.Picture
	concerns   []events.ConcernStatus
	reads      []ledger.Entry
	acts       []string
	forms      []education.ConcernForm
	watchers   []chan store.Position
	sent       []bus.Message
	refuse     bool // every event is refused
	unrecorded bool // the ledger is down
	broken     error
	durable    *ledger.Ledger // a real one, where a test needs it
	log        *strings.Builder
	seen       map[string]bool // which operations answered how; see conforms
}

const (
	theChild = events.ChildID("c7t2vq5m4xk3d8n1z9w6")
	council  = events.AgencyID("northshire-council")
	school   = events.AgencyID("oakfield-school")
)

func agencies() []events.Agency {
	return []events.Agency{
		{ID: "northshire-police", Kind: events.KindPolice, Name: "Northshire Police", Contact: events.Contact{Team: "Public protection desk", Role: "Duty sergeant", Phone: "01632 960 101"}},
		{ID: "northshire-hospital", Kind: events.KindHealth, Name: "Northshire Hospital", Contact: events.Contact{Team: "Safeguarding children team", Role: "Named nurse", Phone: "01632 960 202"}},
		{ID: school, Kind: events.KindEducation, Name: "Oakfield School", Contact: events.Contact{Team: "Safeguarding team", Role: "Designated safeguarding lead", Phone: "01632 960 303"}},
		{ID: council, Kind: events.KindSocialCare, Name: "Northshire Council", Contact: events.Contact{Team: "Multi-agency safeguarding hub", Role: "Duty social worker", Phone: "01632 960 404", Email: "mash@northshire.example"}},
		{ID: "elmtree-school", Kind: events.KindEducation, Name: "Elmtree School", Contact: events.Contact{Team: "Safeguarding team", Phone: "01632 960 505"}},
	}
}

func accounts() []User {
	us := []User{
		{Persona: "dsl", Name: "Safeguarding lead, Oakfield School", About: "Raises concerns and reads what became of them.", Reader: events.Reader{Agency: school, Kind: events.KindEducation, Role: events.RoleDSL}},
		{Persona: "otherdsl", Name: "Safeguarding lead, Elmtree School", About: "Works at a school that does not know the child.", Reader: events.Reader{Agency: "elmtree-school", Kind: events.KindEducation, Role: events.RoleDSL}},
		{Persona: "police", Name: "Public protection, Northshire Police", About: "Publishes notices and finds the children they are about.", Reader: events.Reader{Agency: "northshire-police", Kind: events.KindPolice, Role: events.RolePractitioner}},
		{Persona: "health", Name: "Named nurse, Northshire Hospital", About: "Publishes attendances and takes part in discussions.", Reader: events.Reader{Agency: "northshire-hospital", Kind: events.KindHealth, Role: events.RolePractitioner}},
		{Persona: "socialworker", Name: "Social worker, Northshire Council", About: "Decides on concerns and on possible matches.", Reader: events.Reader{Agency: council, Kind: events.KindSocialCare, Role: events.RoleSocialWorker}},
		{Persona: "chair", Name: "Chair of strategy discussions, Northshire Council", About: "Sees the whole picture and convenes discussions.", Reader: events.Reader{Agency: council, Kind: events.KindSocialCare, Role: events.RoleChair}},
		{Persona: "governance", Name: "Information governance, Northshire Council", About: "Reads who looked, not the children.", Reader: events.Reader{Agency: council, Kind: events.KindSocialCare, Role: events.RoleGovernance}},
	}
	for i := range us {
		us[i].Reader.Actor = events.ActorID("actor-" + us[i].Persona)
		us[i].Token = HashToken("token-" + us[i].Persona)
	}
	return us
}

// plainKeys seal nothing; what is stored is not what is tested here.
type plainKeys struct{}

func (plainKeys) Seal(_ context.Context, _ store.KeyID, plain, _ []byte) ([]byte, error) {
	return plain, nil
}
func (plainKeys) Open(_ context.Context, _ store.KeyID, sealed, _ []byte) ([]byte, error) {
	return sealed, nil
}
func (plainKeys) Pseudonym(domain, value string) string {
	h := HashToken(domain + "\x00" + value)
	return hex.EncodeToString(h[:16])
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, seen: map[string]bool{}, now: time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC), log: &strings.Builder{}}
	w.pictures = map[events.ChildID]events.Picture{theChild: invented(w.now)}
	w.concerns = inventedConcerns(w.now)
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	logger := slog.New(slog.NewTextHandler(syncWriter{&w.mu, w.log}, nil))
	asked := copies.New(copies.Config{Store: store.New(l, plainKeys{}), Now: w.clock,
		Day:        func(t time.Time) events.Date { return events.Date(t.Format(time.DateOnly)) },
		WorkingDay: func(d events.Date) bool { return true }})
	gate, err := disclosure.New(t.Context(), disclosure.Config{
		Store: store.New(shaky{l, w}, plainKeys{}), Agencies: agencies(), Authority: council, Now: w.clock, Log: logger,
		Record: w.record, Vain: -1,
		Marks: func(p events.Person) []string {
			if p.Name == (events.Name{}) {
				return nil
			}
			return []string{"name:" + plainKeys{}.Pseudonym("name", p.Name.Given+" "+p.Name.Family+" "+string(p.DateOfBirth))}
		},
		Sources: disclosure.Sources{Picture: w.picture, Find: w.find, Concern: w.concernOf, Concerns: w.concernsOf, Copying: asked.Open},
	})
	if err != nil {
		t.Fatal(err)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	w.Gateway, err = New(Config{
		Gate: gate, Strategy: w, Copies: asked, Identity: whoIsWho{w}, Subscribe: w.subscribe, Reads: w.recent, ReadsOf: w.readsOf, Review: reviewing{w},
		Retention: keeps{w},
		Submit:    w.submit, Concern: w.raiseConcern, Decide: w.decideConcern, Receipt: w.receiptOf, Told: w.toldTo, Ready: func(context.Context) error { return w.broken },
		Users: accounts(), Agencies: agencies(), Authority: council, ByToken: true, Demo: true, Place: london, Now: w.clock, Log: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// shaky is a log that is broken when the world is.
type shaky struct {
	store.Log
	*world
}

func (s shaky) Read(ctx context.Context, st store.Stream, after store.Revision) iter.Seq2[store.Recorded, error] {
	if err := s.world.failing(); err != nil {
		return func(yield func(store.Recorded, error) bool) { yield(store.Recorded{}, err) }
	}
	return s.Log.Read(ctx, st, after)
}

func (s shaky) Append(ctx context.Context, ws ...store.Write) ([]store.Appended, error) {
	if err := s.world.failing(); err != nil {
		return nil, err
	}
	return s.Log.Append(ctx, ws...)
}

func (w *world) failing() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

type syncWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (s syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// sentDigest is the digest of what every agency sent.
var sentDigest = strings.Repeat("41", 32)

// toldTo is the inbox of the hospital: one message, and then none; whoever asks for
// answers gets one.
func (w *world) toldTo(ctx context.Context, a events.AgencyID, after events.InboxMark, answers bool) ([]events.Told, error) {
	if answers && after.Position == 0 {
		r := bus.Receipt{Agency: a, Source: "urn:kith:agency:" + string(a), ID: "e41", Type: "uk.kith.health.was-not-brought.v1",
			Digest: sentDigest, Position: 41, AcceptedAt: w.clock(), Note: "a signed note"}
		m, err := bus.ToldAnswer(bus.Answer{Digest: sentDigest, Receipt: &r}, w.clock(), 41)
		return []events.Told{m}, err
	}
	if a != "northshire-hospital" || after.Seq > 0 {
		<-ctx.Done()
		return nil, nil
	}
	return []events.Told{{Seq: 1, Type: events.TypeDiscussionInvitation, At: w.clock(), Child: theChild, Detail: []byte(`{"discussion":"d1","child":"` + string(theChild) + `","at":"2026-11-23T14:00:00Z","read":"/children/` + string(theChild) + `?purpose=s47"}`)}}, w.broken
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) record(ctx context.Context, e events.ReadRecorded) error {
	if w.durable != nil {
		if _, err := w.durable.Record(ctx, e); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unrecorded {
		return errors.New("disk full")
	}
	w.reads = append(w.reads, ledger.Entry{At: w.now, Position: store.Position(len(w.reads) + 1), ReadRecorded: e})
	return nil
}

func (w *world) recent(_ context.Context, n int) ([]ledger.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var es []ledger.Entry
	for i := len(w.reads) - 1; i >= 0 && len(es) < n; i-- {
		es = append(es, w.reads[i])
	}
	return es, w.broken
}

func (w *world) readsOf(_ context.Context, child events.ChildID) ([]ledger.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	es := []ledger.Entry{}
	for _, e := range w.reads {
		if e.Child == child {
			es = append(es, e)
		}
	}
	return es, w.broken
}

func (w *world) picture(_ context.Context, c events.ChildID, at *time.Time) (events.Picture, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.pictures[c]
	switch {
	case w.broken != nil:
		return p, w.broken
	case !ok:
		return p, fault.NotFound
	}
	p.AsKnownAt = at
	if at != nil {
		var known []events.Held
		for _, i := range p.Items {
			if !i.HubRecordedAt.After(*at) {
				known = append(known, i)
			}
		}
		p.Items = known
	}
	return p, nil
}

func (w *world) find(_ context.Context, q events.Query) ([]events.ChildID, error) {
	if w.broken != nil {
		return nil, w.broken
	}
	if q.Name.Family == "" && q.UPN == "" && q.NHSNumber == "" {
		return nil, &fault.Error{Kind: fault.Invalid, Text: "The request is not complete.", At: []fault.Place{{Pointer: "nhsNumber", Detail: "Give a number, or name and date of birth."}}}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.pictures[theChild]; there && q.Name.Family == "Example" && q.DateOfBirth == "2017-03-09" {
		return []events.ChildID{theChild}, nil
	}
	return nil, nil
}

func (w *world) concernOf(_ context.Context, ref string) (events.ConcernStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.concerns {
		if c.Reference == ref {
			return c, w.broken
		}
	}
	return events.ConcernStatus{}, fault.NotFound
}

func (w *world) concernsOf(_ context.Context, by events.AgencyID) ([]events.ConcernStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var cs []events.ConcernStatus
	for _, c := range w.concerns {
		if by == "" || c.Agency == by {
			cs = append(cs, c)
		}
	}
	return cs, w.broken
}

func (w *world) raiseConcern(_ context.Context, r events.Reader, f education.ConcernForm) (string, bus.Answer, error) {
	n, err := f.Notice("AB12-CD34-EF56", w.clock())
	if err != nil {
		return "", bus.Answer{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forms = append(w.forms, f)
	c := n.Report.Fact.(events.Concern)
	w.concerns = append(w.concerns, events.ConcernStatus{Reference: c.Reference, Agency: r.Agency, Child: theChild, Person: n.Report.About[0], Item: "00000000-0000-4000-8000-000000000099",
		ReceivedAt: w.now, DecideBy: "2026-11-24", Concern: c, Voice: n.Report.Voice, Informed: n.Report.Informed})
	return c.Reference, w.answer(r.Agency, n.ID), w.broken
}

func (w *world) decideConcern(_ context.Context, r events.Reader, f socialcare.ReferralDecisionForm) (bus.Answer, error) {
	var at []fault.Place
	if f.Decision == "" {
		at = append(at, fault.Place{Pointer: "/decision", Detail: "expected one of those named"})
	}
	if f.Rationale == "" {
		at = append(at, fault.Place{Pointer: "/rationale", Detail: "expected some text"})
	}
	if len(at) > 0 {
		return bus.Answer{}, &fault.Error{Kind: fault.Invalid, Text: "The record does not fit.", At: at}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.concerns {
		if c := &w.concerns[i]; c.Reference == f.Reference {
			now := w.now
			c.DecidedAt = &now
			c.Decided = &events.ReferralDecided{Reference: f.Reference, Decision: f.Decision, Rationale: f.Rationale, NextStep: f.NextStep, Threshold: f.Threshold}
		}
	}
	return w.answer(r.Agency, "decision:"+f.Reference), w.broken
}

// digest is that of every message.
const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func (w *world) answer(a events.AgencyID, id string) bus.Answer {
	if w.refuse {
		return bus.Answer{Refusal: &bus.Refusal{Agency: a, ID: id, Digest: digest, Problems: []events.Complaint{{Code: "schema", Pointer: "/data/basis", Detail: "The lawful basis is missing."}}}}
	}
	return bus.Answer{Receipt: w.receipt(a, id)}
}

func (w *world) receipt(a events.AgencyID, id string) *bus.Receipt {
	return &bus.Receipt{Agency: a, Source: "urn:kith:agency:" + string(a), ID: id, Type: "uk.kith.education.concern.v1", Digest: digest, Position: 42, AcceptedAt: w.now, Note: "kith receipt v1\nposition 42\n\n— kith-hub AAAA\n"}
}

func (w *world) submit(_ context.Context, a events.AgencyID, ms []bus.Message) ([]bus.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, ms...)
	var as []bus.Answer
	for range ms {
		as = append(as, w.answer(a, "e1"))
	}
	return as, w.broken
}

func (w *world) receiptOf(_ context.Context, a events.AgencyID, source, id string) (bus.Receipt, error) {
	if id != "e1" || source != "urn:kith:agency:"+string(a) {
		return bus.Receipt{}, fault.NotFound
	}
	return *w.receipt(a, id), w.broken
}

func (w *world) subscribe(events.ChildID) (<-chan store.Position, func()) {
	ch := make(chan store.Position, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers = append(w.watchers, ch)
	return ch, func() {}
}

func (w *world) announce() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range w.watchers {
		select {
		case ch <- 1:
		default:
		}
	}
}

// change edits the picture of the one child.
func (w *world) change(f func(*events.Picture)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pictures[theChild]
	f(&p)
	w.pictures[theChild] = p
}

func (w *world) did(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acts = append(w.acts, what)
}

func (w *world) Convene(_ context.Context, c store.Cause, f strategy.ConveneForm) (events.DiscussionID, error) {
	if f.Reason == "" {
		return "", &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.", At: []fault.Place{{Pointer: "reason", Detail: "Say why."}}}
	}
	w.did("convene " + c.Because)
	w.change(func(p *events.Picture) {
		p.Discussions = append(p.Discussions, events.Discussion{ID: "d2", Child: f.Child, Chair: c.By, Agency: c.For, At: f.At, Reason: f.Reason, Invited: f.Invited, Attendees: []events.DiscussionAttended{}, Open: true})
	})
	return "d2", nil
}

func (w *world) Attend(_ context.Context, c store.Cause, _ events.ChildID, id events.DiscussionID, role string) error {
	w.did("attend " + string(id) + " as " + role)
	return nil
}

func (w *world) Decide(_ context.Context, _ store.Cause, _ events.ChildID, id events.DiscussionID, f strategy.DecisionForm) error {
	if f.Rationale == "" {
		return &fault.Error{Kind: fault.Invalid, Text: "The form is not complete.", At: []fault.Place{{Pointer: "rationale", Detail: "Say why."}}}
	}
	w.did("decide " + string(id))
	return nil
}

// reviewing has one finding, on which somebody may decide.
type reviewing struct{ w *world }

func (v reviewing) List(context.Context) ([]ledger.Listed, error) {
	return []ledger.Listed{{ID: "at-night-17", Title: "At night", Why: "Nobody in that post works at this hour.", Finding: unusual.Finding{Pattern: "at-night",
		Reader: "actor-police", Agency: "northshire-police", Child: theChild, Entries: []uint64{15, 17}, Last: v.w.clock()}}}, v.w.broken
}

func (v reviewing) Decide(_ context.Context, _ store.Cause, finding string, d ledger.Decision) error {
	if finding != "at-night-17" {
		return fault.NotFound
	}
	if d.Note == "" {
		return &fault.Error{Kind: fault.Invalid, Text: "The decision is not complete.", At: []fault.Place{{Pointer: "note", Detail: "Say why."}}}
	}
	v.w.did("review " + finding + " " + string(d.Outcome))
	return v.w.broken
}

type whoIsWho struct{ w *world }

func (i whoIsWho) Candidates(context.Context) ([]identity.Candidate, error) {
	return []identity.Candidate{{Child: theChild, Subject: "s9", Now: "c9", Agency: "elmtree-school", Rule: events.RuleNameBirthDate, ProposedAt: i.w.clock()}}, i.w.broken
}

func (i whoIsWho) Link(_ context.Context, _ store.Cause, _ events.ChildID, s events.SubjectID, reason string) error {
	return i.settle("link", s, reason)
}

func (i whoIsWho) Unlink(_ context.Context, _ store.Cause, _ events.ChildID, s events.SubjectID, reason string) error {
	return i.settle("unlink", s, reason)
}

func (i whoIsWho) Decline(_ context.Context, _ store.Cause, _ events.ChildID, s events.SubjectID, reason string) error {
	return i.settle("decline", s, reason)
}

func (i whoIsWho) settle(what string, s events.SubjectID, reason string) error {
	if reason == "" {
		return &fault.Error{Kind: fault.Invalid, Text: "Give a reason.", At: []fault.Place{{Pointer: "reason", Detail: "Say why."}}}
	}
	i.w.did(what + " " + string(s))
	return i.w.broken
}

// ask sends one request; a persona's name signs it with the persona's token.
func (w *world) ask(method, target, persona, contentType, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.send(httptest.NewRequest(method, target, strings.NewReader(body)), persona, contentType, body)
}

// send compares with openapi.yaml what it sends and what comes back.
func (w *world) send(r *http.Request, persona, contentType, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	if persona != "" {
		r.Header.Set("Authorization", "Bearer token-"+persona)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	w.conforms(r, body, rec)
	return rec
}

func (w *world) get(target, persona string) *httptest.ResponseRecorder {
	return w.ask("GET", target, persona, "", "")
}

func (w *world) post(target, persona string, form url.Values) *httptest.ResponseRecorder {
	return w.ask("POST", target, persona, "application/x-www-form-urlencoded", form.Encode())
}

func (w *world) postJSON(target, persona, body string) *httptest.ResponseRecorder {
	return w.ask("POST", target, persona, "application/json", body)
}

func (w *world) listen(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(w)
	ctx, cancel := context.WithCancel(context.Background())
	s.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.Start()
	t.Cleanup(func() { cancel(); s.Close() })
	return s.URL
}
