package identity

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/fault"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// hub is the real store with an Identity on it.
type hub struct {
	*Identity
	t     tester
	store *store.Store
	keys  *keys.Keys
	n     int
}

// tester is what a test and a rapid check have in common.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
	Cleanup(func())
	Context() context.Context
}

func tempDir(t tester) string {
	dir, err := os.MkdirTemp("", "identity")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func open(t tester) *hub {
	t.Helper()
	dir := tempDir(t)
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
	h := &hub{t: t, store: store.New(l, k), keys: k}
	h.Identity = h.fresh()
	return h
}

// fresh is an Identity with an empty index on the same log.
func (h *hub) fresh() *Identity {
	db, err := sqlite.Open(h.t.Context(), filepath.Join(tempDir(h.t), "identity.db"), sqlite.Rebuildable)
	if err != nil {
		h.t.Fatal(err)
	}
	i, err := New(context.Background(), Config{Store: h.store, DB: db, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { i.Close(); _ = db.Close() })
	return i
}

// Three children's identifiers, and a day.
const born events.Date = "2015-04-01"

var (
	numbers = []string{"9434765919", "9434765870", "9434765927"}
	pupils  = []string{"H801200001001", "X801200001002", "L801200001003"}
)

type detail func(*events.Person)

func nhs(n int) detail {
	return func(p *events.Person) {
		p.Identifiers.NHSNumber = &events.NHSNumber{Value: numbers[n], Status: events.NHSVerified}
	}
}
func upn(n int) detail            { return func(p *events.Person) { p.Identifiers.UPN = pupils[n] } }
func bornOn(d events.Date) detail { return func(p *events.Person) { p.DateOfBirth = d } }
func called(given string) detail {
	return func(p *events.Person) { p.Name = events.Name{Given: given, Family: "Hart"} }
}
func role(r events.Role) detail { return func(p *events.Person) { p.Role = r } }

// sees appends an item of one agency about one of its subjects.
func (h *hub) sees(s events.SubjectID, agency events.AgencyID, ds ...detail) store.Position {
	h.t.Helper()
	h.n++
	p := events.Person{LocalID: string(s), Role: events.RoleChild, DateOfBirth: born}
	for _, d := range ds {
		d(&p)
	}
	i := events.Item{ID: events.ItemID(strconv.Itoa(h.n)), Agency: agency, Subject: s, Person: p, Fact: events.Suspension{Days: 1}}
	at, err := h.store.Append(h.t.Context(), store.Batch{
		Stream: store.Stream("subject-" + s), Expect: store.Any,
		Cause: store.Cause{By: "intake", For: agency, Because: "message " + strconv.Itoa(h.n)}, Events: []events.Event{i},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return at[0].Position
}

func (h *hub) child(s events.SubjectID) events.ChildID {
	h.t.Helper()
	h.settle()
	c, ok, err := h.ChildOf(h.t.Context(), s)
	if err != nil || !ok {
		h.t.Fatalf("%s is part of no child: %v", s, err)
	}
	return c
}

func (h *hub) settle() store.Position {
	h.t.Helper()
	for {
		last, err := h.store.Last(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
		err = h.Wait(ctx, last)
		cancel()
		if err != nil {
			h.t.Fatal(err)
		}
		if now, err := h.store.Last(h.t.Context()); err == nil && now == last {
			return last
		}
	}
}

func (h *hub) candidates() []Candidate {
	h.t.Helper()
	h.settle()
	cs, err := h.Candidates(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return cs
}

func (h *hub) person() store.Cause {
	h.n++
	return store.Cause{By: "chair", For: "council", Because: "request " + strconv.Itoa(h.n)}
}

func TestLinks(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0), called("Zoe"))
	h.sees("h", "hospital", nhs(0))
	h.sees("s", "school", upn(0), called("Zoë"))
	if a, b := h.child("p"), h.child("h"); a != b {
		t.Error("a verified number and the date of birth did not link")
	}
	if h.child("s") == h.child("p") {
		t.Error("name and date of birth linked")
	}
	cs := h.candidates()
	if len(cs) != 1 || cs[0].Child != h.child("p") || cs[0].Subject != "s" || cs[0].Rule != events.RuleNameBirthDate || cs[0].Now != h.child("s") {
		t.Fatalf("candidates: %+v", cs)
	}
	h.sees("s", "school", upn(0), nhs(0), called("Zoë"))
	if h.child("s") != h.child("p") {
		t.Error("seen again with the number, it did not move")
	}
	if cs := h.candidates(); len(cs) != 0 {
		t.Errorf("candidates after the link: %+v", cs)
	}
}

func TestOnlyChildren(t *testing.T) {
	h := open(t)
	h.sees("m", "police", nhs(0), role(events.RoleParent))
	h.settle()
	if _, ok, _ := h.ChildOf(t.Context(), "m"); ok {
		t.Error("a parent is linked")
	}
}

// The national service tells a verified number and no date of birth.
func TestNumberAloneProposes(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	h.sees("n", "hospital", nhs(0), bornOn(""))
	if h.child("n") == h.child("p") {
		t.Error("a number alone linked")
	}
	if cs := h.candidates(); len(cs) != 1 || cs[0].Rule != "nhs-number" {
		t.Errorf("candidates: %+v", cs)
	}
}

func TestUnlinkIsRemembered(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	h.sees("h", "hospital", nhs(0))
	c := h.child("p")
	why := h.person()
	for range 2 { // asked twice
		if err := h.Unlink(t.Context(), why, c, "h", "Two children of one name."); err != nil {
			t.Fatal(err)
		}
	}
	alone := h.child("h")
	if alone == c {
		t.Fatal("still linked")
	}
	h.sees("h", "hospital", nhs(0), upn(1), called("Zoe"))
	h.sees("p", "police", nhs(0), upn(1), called("Zoe"))
	if h.child("h") != alone || h.child("p") != c {
		t.Error("linked again by the next item")
	}
	if cs := h.candidates(); len(cs) != 0 {
		t.Errorf("proposed again: %+v", cs)
	}
	if err := h.Link(t.Context(), h.person(), c, "h", "They are one after all."); err != nil {
		t.Fatal(err)
	}
	if h.child("h") != c {
		t.Error("a person's link did not hold")
	}
}

// Who a person gave a place is moved by a person only.
func TestAPersonsPlaceIsKept(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	h.sees("h", "hospital", nhs(0))
	h.sees("s", "school", upn(1))
	if err := h.Unlink(t.Context(), h.person(), h.child("p"), "h", "Two children."); err != nil {
		t.Fatal(err)
	}
	h.sees("h", "hospital", nhs(0), upn(1))
	if h.child("h") == h.child("s") {
		t.Error("moved by the hub")
	}
	if cs := h.candidates(); len(cs) != 1 || cs[0].Child != h.child("s") || cs[0].Rule != events.RuleUPN {
		t.Errorf("candidates: %+v", cs)
	}
}

// The first subject of a child can be the wrong one.
func TestUnlinkTheFirst(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	h.sees("h", "hospital", nhs(0))
	c := h.child("p")
	if err := h.Unlink(t.Context(), h.person(), c, "p", "Another child's number."); err != nil {
		t.Fatal(err)
	}
	if h.child("p") == c || h.child("h") != c {
		t.Error("the first subject took the child with it")
	}
}

func TestDeclineIsRemembered(t *testing.T) {
	h := open(t)
	h.sees("p", "police", called("Zoe"))
	h.sees("s", "school", called("Zoe"))
	c := h.child("p")
	h.child("s")
	why := h.person()
	for range 2 {
		if err := h.Decline(t.Context(), why, c, "s", "Cousins."); err != nil {
			t.Fatal(err)
		}
	}
	h.sees("s", "school", called("Zoe"), nhs(0))
	h.sees("p", "police", called("Zoe"), nhs(0))
	if h.child("s") == c {
		t.Error("linked after it was declined")
	}
	if cs := h.candidates(); len(cs) != 0 {
		t.Errorf("proposed again: %+v", cs)
	}
}

// What was decided for a child is not left behind by moving its only subject.
func TestAChildWithAHistoryStays(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	h.sees("s", "school", called("Zoe"))
	c := h.child("s")
	_, err := h.store.Append(t.Context(), store.Batch{Stream: store.Stream("strategy-" + c), Expect: 0, Cause: h.person(),
		Events: []events.Event{events.DiscussionConvened{Discussion: "d", Child: c}}})
	if err != nil {
		t.Fatal(err)
	}
	h.sees("s", "school", called("Zoe"), nhs(0))
	if h.child("s") != c {
		t.Error("moved away from its discussion")
	}
	if cs := h.candidates(); len(cs) != 1 || cs[0].Rule != events.RuleNHSNumber {
		t.Errorf("candidates: %+v", cs)
	}
	if err := h.Link(t.Context(), h.person(), h.child("p"), "s", "The same."); kindOf(err) != fault.Conflict {
		t.Errorf("a person may move it: %v", err)
	}
	if err := h.Link(t.Context(), h.person(), c, "p", "The same."); err != nil || h.child("p") != c {
		t.Errorf("the other way round: %v", err)
	}
}

func TestVerbsNeedAReason(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	c := h.child("p")
	for name, err := range map[string]error{
		"link": h.Link(t.Context(), h.person(), c, "p", " "), "unlink": h.Unlink(t.Context(), h.person(), c, "p", ""),
		"decline": h.Decline(t.Context(), h.person(), c, "p", "\n"),
	} {
		if kindOf(err) != fault.Invalid {
			t.Errorf("%s without a reason: %v", name, err)
		}
	}
	if err := h.Link(t.Context(), h.person(), "nobody", "p", "x"); kindOf(err) != fault.Hidden {
		t.Errorf("link to no child: %v", err)
	}
	if err := h.Link(t.Context(), h.person(), c, "nobody", "x"); kindOf(err) != fault.Hidden {
		t.Errorf("link no subject: %v", err)
	}
	if err := h.Unlink(t.Context(), h.person(), "nobody", "p", "x"); kindOf(err) != fault.Hidden {
		t.Errorf("unlink from no child: %v", err)
	}
}

func TestFind(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0), called("Zoë"))
	h.sees("s", "school", upn(1), called("Zoe"))
	a, b := h.child("p"), h.child("s")
	for _, c := range []struct {
		name string
		q    events.Query
		want []events.ChildID
		kind fault.Kind
	}{
		{"number", events.Query{NHSNumber: "943 476 5919"}, []events.ChildID{a}, ""},
		{"pupil number", events.Query{UPN: pupils[1]}, []events.ChildID{b}, ""},
		{"name", events.Query{Name: events.Name{Given: "ZOE", Family: "hart"}, DateOfBirth: born}, []events.ChildID{a, b}, ""},
		{"name and number", events.Query{NHSNumber: numbers[0], Name: events.Name{Given: "Zoe", Family: "Hart"}, DateOfBirth: born}, []events.ChildID{a}, ""},
		{"number of nobody", events.Query{NHSNumber: numbers[2]}, nil, ""},
		{"number and another's pupil number", events.Query{NHSNumber: numbers[0], UPN: pupils[1]}, nil, ""},
		{"nothing", events.Query{}, nil, fault.Invalid},
		{"date of birth alone", events.Query{DateOfBirth: born}, nil, fault.Invalid},
		{"name alone", events.Query{Name: events.Name{Given: "Zoe", Family: "Hart"}}, nil, fault.Invalid},
		{"wrong number", events.Query{NHSNumber: "9434765918"}, nil, fault.Invalid},
	} {
		got, err := h.Find(t.Context(), c.q)
		if kindOf(err) != c.kind || len(got) != len(c.want) {
			t.Errorf("%s: %v, %v; want %v, %q", c.name, got, err, c.want, c.kind)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// An index that was thrown away comes back from the log, and the log does not
// grow by it.
func TestRebuildAddsNothing(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0), called("Zoe"))
	h.sees("h", "hospital", nhs(0))
	h.sees("s", "school", called("Zoe"))
	h.sees("q", "police", nhs(1), called("Ali"))
	h.settle()
	c := h.child("p")
	if err := h.Unlink(t.Context(), h.person(), c, "h", "Two children."); err != nil {
		t.Fatal(err)
	}
	h.sees("s", "school", upn(0), nhs(1), called("Zoe"))
	h.sees("h", "hospital", nhs(0), upn(2))
	last := h.settle()
	want := map[events.SubjectID]events.ChildID{}
	for _, s := range []events.SubjectID{"p", "h", "s", "q"} {
		want[s] = h.child(s)
	}
	asked := h.candidates()
	h.Close()

	h.Identity = h.fresh()
	if now := h.settle(); now != last {
		t.Errorf("the log grew by %d", now-last)
	}
	for s, c := range want {
		if got := h.child(s); got != c {
			t.Errorf("%s is part of another child now", s)
		}
	}
	again := h.candidates()
	if len(again) != len(asked) {
		t.Fatalf("candidates: %+v, before %+v", again, asked)
	}
	for i := range asked {
		if again[i] != asked[i] {
			t.Errorf("candidate: %+v, before %+v", again[i], asked[i])
		}
	}
}

// Two people and a stream of items at once: whoever wins, nobody is linked twice.
func TestRace(t *testing.T) {
	h := open(t)
	h.sees("p", "police", nhs(0))
	h.sees("h", "hospital", nhs(0))
	h.sees("s", "school", upn(0))
	a, b := h.child("p"), h.child("s")
	var wg sync.WaitGroup
	verbs := []func(store.Cause) error{
		func(c store.Cause) error { return h.Unlink(t.Context(), c, a, "h", "no") },
		func(c store.Cause) error { return h.Link(t.Context(), c, b, "h", "yes") },
		func(c store.Cause) error { return h.Link(t.Context(), c, a, "h", "yes") },
		func(c store.Cause) error { return h.Link(t.Context(), c, b, "p", "yes") },
		func(c store.Cause) error { return h.Unlink(t.Context(), c, b, "p", "no") },
	}
	for range 3 {
		for _, v := range verbs {
			c := h.person()
			wg.Go(func() {
				if err := v(c); kindOf(err) == fault.Internal {
					t.Error(err)
				}
			})
		}
	}
	for n := range 10 {
		h.sees(events.SubjectID("x"+strconv.Itoa(n)), "council", nhs(n%3), upn(n%2))
	}
	wg.Wait()
	h.settle()
	atMostOne(t, h)
}

// atMostOne reads the log itself: a subject stands linked in one child's stream
// at most, and that is the one ChildOf says.
func atMostOne(t tester, h *hub) map[events.SubjectID]events.ChildID {
	in := map[events.SubjectID]map[events.ChildID]bool{}
	last, err := h.store.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range h.store.Follow(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		switch v := e.Event.(type) {
		case events.SubjectLinked:
			if in[v.Subject] == nil {
				in[v.Subject] = map[events.ChildID]bool{}
			}
			in[v.Subject][v.Child] = true
		case events.SubjectUnlinked:
			delete(in[v.Subject], v.Child)
		}
		if e.Position == last {
			break
		}
	}
	where := map[events.SubjectID]events.ChildID{}
	for s, cs := range in {
		if len(cs) != 1 {
			t.Errorf("%s is linked to %d children", s, len(cs))
		}
		for c := range cs {
			where[s] = c
			if got, _, err := h.ChildOf(t.Context(), s); err != nil || got != c {
				t.Errorf("%s: ChildOf says otherwise than the log: %v", s, err)
			}
		}
	}
	return where
}
