package strategy

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kith/events"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
	"kith/services/strategy/rules"
)

// hub is the real store with a Strategy on it, at a time of the test's choosing.
type hub struct {
	*Strategy
	t     *testing.T
	store *store.Store
	keys  *keys.Keys
	child map[events.SubjectID]events.ChildID
	n     int
}

func open(t *testing.T, now func() time.Time) *hub {
	t.Helper()
	dir := t.TempDir()
	l, err := sqlitelog.Open(t.Context(), filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	h := &hub{t: t, store: store.New(l, k), keys: k, child: map[events.SubjectID]events.ChildID{}}
	h.Strategy = h.fresh(now)
	return h
}

func (h *hub) fresh(now func() time.Time) *Strategy {
	db, err := sqlite.Open(h.t.Context(), filepath.Join(h.t.TempDir(), "strategy.db"), sqlite.Rebuildable)
	if err != nil {
		h.t.Fatal(err)
	}
	packs, err := rules.Load()
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := New(context.Background(), Config{Store: h.store, DB: db, Rules: packs, Now: now, Every: time.Hour, Log: slog.New(slog.DiscardHandler),
		ChildOf: func(_ context.Context, s events.SubjectID) (events.ChildID, bool, error) {
			c, ok := h.child[s]
			return c, ok, nil
		}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { s.Close(); _ = db.Close() })
	return s
}

func (h *hub) cause(by events.ActorID, agency events.AgencyID) store.Cause {
	h.n++
	return store.Cause{By: by, For: agency, Because: "request " + strconv.Itoa(h.n)}
}

func (h *hub) wait() store.Position {
	h.t.Helper()
	last, err := h.store.Last(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.Wait(h.t.Context(), last); err != nil {
		h.t.Fatal(err)
	}
	return last
}

func (h *hub) types(child events.ChildID) (ts []events.Type) {
	h.t.Helper()
	for e, err := range h.store.Read(h.t.Context(), stream(child), 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		ts = append(ts, e.Event.Type())
	}
	return ts
}

var form = ConveneForm{Child: "c", At: monday, Reason: "r", Invited: []events.AgencyID{"police"}}

func TestDiscussion(t *testing.T) {
	h := open(t, func() time.Time { return monday })
	why, decision := h.cause("chair", "council"), h.cause("chair", "council")
	var id events.DiscussionID
	for range 2 { // every request is made twice
		var err error
		if id, err = h.Convene(t.Context(), why, form); err != nil {
			t.Fatal(err)
		}
		if err := h.Attend(t.Context(), h.cause("sgt", "police"), "c", id, "sergeant"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		err := h.Decide(t.Context(), decision, "c", id, DecisionForm{Section47: true, Conduct: events.JointAgency, Rationale: "why"})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.types("c")); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	d, err := h.Discussion(t.Context(), "c", id)
	if err != nil || d.Open || len(d.Attendees) != 1 || d.Decision == nil || d.Decision.ConferenceDue != "2026-12-14" || d.DecidedAt == nil {
		t.Errorf("discussion: open %v, %d attend, %v", d.Open, len(d.Attendees), err)
	}
	if _, err := h.Discussion(t.Context(), "c", "none"); err != error(fault.NotFound) {
		t.Errorf("no such discussion: %v", err)
	}
}

// Many convene at once: one discussion is open, and all others are told so.
func TestRace(t *testing.T) {
	h := open(t, func() time.Time { return monday })
	errs := make(chan error, 8)
	for range cap(errs) {
		c := h.cause("chair", "council")
		go func() { _, err := h.Convene(t.Context(), c, form); errs <- err }()
	}
	opened := 0
	for range cap(errs) {
		switch err := <-errs; kindOf(err) {
		case "":
			opened++
		case fault.Conflict:
		default:
			t.Error(err)
		}
	}
	if n := len(h.types("c")); opened != 1 || n != 1 {
		t.Errorf("%d opened, %d events", opened, n)
	}
}

func TestTickRecordsOnce(t *testing.T) {
	var mu sync.Mutex
	now := monday
	at := func(t time.Time) { mu.Lock(); defer mu.Unlock(); now = t }
	h := open(t, func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
	id, err := h.Convene(t.Context(), h.cause("chair", "council"), form)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Decide(t.Context(), h.cause("chair", "council"), "c", id, DecisionForm{Section47: true, Conduct: events.SingleAgency, Rationale: "why"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now  time.Time
		want int
	}{
		{time.Date(2026, 12, 14, 23, 59, 0, 0, time.UTC), 2},
		{time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC), 3},
		{time.Date(2026, 12, 16, 0, 0, 0, 0, time.UTC), 3},
	} {
		h.wait()
		at(c.now)
		for range 2 {
			if err := h.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(h.types("c")); n != c.want {
			t.Errorf("at %s: %d events, want %d", c.now, n, c.want)
		}
	}
	h.Close()
	h.Strategy = h.fresh(func() time.Time { return now })
	h.wait()
	if err := h.Tick(t.Context()); err != nil || len(h.types("c")) != 3 {
		t.Errorf("a rebuilt index recorded it again: %v", err)
	}
}

// The clock in here is false: the month passes in no time.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := open(t, func() time.Time { return monday.Add(time.Since(start)) })
		defer h.Close()
		id, err := h.Convene(t.Context(), h.cause("chair", "council"), form)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Decide(t.Context(), h.cause("chair", "council"), "c", id, DecisionForm{Section47: true, Conduct: events.SingleAgency, Rationale: "why"}); err != nil {
			t.Fatal(err)
		}
		h.wait()
		time.Sleep(20 * 24 * time.Hour)
		synctest.Wait()
		if n := len(h.types("c")); n != 2 {
			t.Errorf("too soon: %d events", n)
		}
		time.Sleep(2 * 24 * time.Hour)
		synctest.Wait()
		if ts := h.types("c"); len(ts) != 3 {
			t.Errorf("%d events, want 3", len(ts))
		}
	})
}

func (h *hub) says(agency events.AgencyID, s events.SubjectID, role events.Role, f events.Fact) {
	h.t.Helper()
	h.saysInPlaceOf("", agency, s, role, f)
}

// saysInPlaceOf answers the id of the event.
func (h *hub) saysInPlaceOf(old string, agency events.AgencyID, s events.SubjectID, role events.Role, f events.Fact) string {
	h.t.Helper()
	c := h.cause("intake", agency)
	i := events.Item{ID: events.ItemID(c.Because), EventID: c.Because, Supersedes: old, Agency: agency, Subject: s, Person: events.Person{Role: role}, Fact: f}
	_, err := h.store.Append(h.t.Context(), store.Batch{Stream: store.Stream("subject-" + s), Expect: store.Any, Cause: c, Events: []events.Event{i}})
	if err != nil {
		h.t.Fatal(err)
	}
	return c.Because
}

// A concern that was corrected is shown as it is now, and is to be decided by the
// day on which the first one was; a withdrawn one is gone, and so is a decision.
func TestConcernCorrected(t *testing.T) {
	h := open(t, func() time.Time { return monday })
	first := h.saysInPlaceOf("", "oakfield", "pupil", events.RoleChild, events.Concern{Reference: "R-1", Observed: "bruise"})
	h.wait()
	before, err := h.Concern(t.Context(), "R-1")
	if err != nil {
		t.Fatal(err)
	}
	decided := h.saysInPlaceOf("", "council", "client", events.RoleChild, events.ReferralDecided{Reference: "R-1", Rationale: "too early"})
	time.Sleep(5 * time.Millisecond)
	second := h.saysInPlaceOf(first, "oakfield", "pupil", events.RoleChild, events.Concern{Reference: "R-1", Observed: "two bruises"})
	h.saysInPlaceOf(decided, "council", "client", events.RoleChild, events.SocialCareWithdrawal{})
	h.wait()
	c, err := h.Concern(t.Context(), "R-1")
	if err != nil || c.Concern.Observed != "two bruises" || !c.ReceivedAt.Equal(before.ReceivedAt) || c.Decided != nil {
		t.Errorf("corrected: %v, received %s, then %s; decided %v", err, before.ReceivedAt, c.ReceivedAt, c.Decided != nil)
	}
	if cs, err := h.Concerns(t.Context(), "oakfield"); err != nil || len(cs) != 1 {
		t.Errorf("%d concerns, %v", len(cs), err)
	}
	h.saysInPlaceOf(second, "oakfield", "pupil", events.RoleChild, events.EducationWithdrawal{})
	h.wait()
	if _, err := h.Concern(t.Context(), "R-1"); err != error(fault.NotFound) {
		t.Errorf("withdrawn: %v", err)
	}
}

func TestConcern(t *testing.T) {
	h := open(t, func() time.Time { return monday })
	if _, err := h.Concern(t.Context(), "R-1"); err != error(fault.NotFound) {
		t.Errorf("no concern: %v", err)
	}
	h.says("oakfield", "mother", events.RoleParent, events.Concern{Reference: "R-1", Observed: "bruise"})
	h.says("oakfield", "pupil", events.RoleChild, events.Concern{Reference: "R-1", Observed: "bruise"})
	h.says("elmtree", "other", events.RoleChild, events.Concern{Reference: "R-2"})
	h.wait()
	c, err := h.Concern(t.Context(), "R-1")
	if err != nil || c.Agency != "oakfield" || c.Concern.Observed != "bruise" || c.Child != "" || c.Decided != nil || c.DecideBy == "" || c.ReceivedAt.IsZero() {
		t.Fatalf("undecided: %v", err)
	}
	h.child["pupil"] = "c"
	h.says("council", "client", events.RoleChild, events.ReferralDecided{Reference: "R-1", Decision: events.DecideAssessment, Rationale: "first"})
	h.says("council", "client", events.RoleChild, events.ReferralDecided{Reference: "R-1", Decision: events.DecideAssessment, Rationale: "then"})
	h.wait()
	if c, err = h.Concern(t.Context(), "R-1"); err != nil || c.Child != "c" || c.Decided == nil || c.Decided.Rationale != "then" || c.DecidedAt == nil {
		t.Errorf("decided: %v", err)
	}
	for agency, want := range map[events.AgencyID]int{"": 2, "oakfield": 1, "elmtree": 1, "council": 0} {
		if cs, err := h.Concerns(t.Context(), agency); err != nil || len(cs) != want {
			t.Errorf("concerns of %q: %d, %v; want %d", agency, len(cs), err, want)
		}
	}
	if err := h.keys.Destroy(t.Context(), "subject-pupil"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Concern(t.Context(), "R-1"); err != error(fault.NotFound) {
		t.Errorf("destroyed: %v", err)
	}
	if cs, err := h.Concerns(t.Context(), ""); err != nil || len(cs) != 1 {
		t.Errorf("concerns left: %d, %v", len(cs), err)
	}
}

// One reference for two children: each answer goes to the concern for its child,
// and where that is not known, to neither.
func TestPair(t *testing.T) {
	one, two := entry{subject: "s1", child: "c1"}, entry{subject: "s2", child: "c2"}
	lost := entry{subject: "s3"}
	a1, a2, stray := entry{subject: "a1", child: "c1"}, entry{subject: "a2", child: "c2"}, entry{subject: "a3"}
	for _, c := range []struct {
		name            string
		e               entry
		raised, answers []entry
		want            events.SubjectID
	}{
		{"no answer", one, []entry{one}, nil, ""},
		{"one concern, whoever it is about", one, []entry{one}, []entry{stray}, "a3"},
		{"two children, the first", one, []entry{one, two}, []entry{a2, a1}, "a1"},
		{"two children, the second", two, []entry{one, two}, []entry{a2, a1}, "a2"},
		{"two children, no answer for this one", two, []entry{one, two}, []entry{a1}, ""},
		{"nobody knows who either is", lost, []entry{one, lost}, []entry{stray}, ""},
	} {
		if got, _ := pair(c.e, c.raised, c.answers); got.subject != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.subject, c.want)
		}
	}
}
