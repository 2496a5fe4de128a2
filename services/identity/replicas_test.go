package identity

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/lock"
	"kith/services/internal/sqlite"
)

// replicas are Identities with an index each, over the log of the first, as
// several hubs have them. The path is of their lock; none: they have no lock.
func (h *hub) replicas(n int, path string) []*hub {
	var hs []*hub
	for range n {
		db, err := sqlite.Open(h.t.Context(), filepath.Join(tempDir(h.t), "identity.db"), sqlite.Rebuildable)
		if err != nil {
			h.t.Fatal(err)
		}
		c := Config{Store: h.store, DB: db, Log: slog.New(slog.DiscardHandler)}
		if path != "" {
			c.Lock = lock.New(path).Lock // a handle of its own, as another process has
		}
		i, err := New(context.Background(), c)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { i.Close(); _ = db.Close() })
		hs = append(hs, &hub{Identity: i, t: h.t, store: h.store})
	}
	return hs
}

// twice walks the log and lists the subjects that were linked to a child while
// they were linked to another, or unlinked from one to which they were not.
func (h *hub) twice() (wrong []string) {
	h.t.Helper()
	last, err := h.store.Last(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	at := map[events.SubjectID]events.ChildID{}
	for e, err := range h.store.Follow(h.t.Context(), 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		switch v := e.Event.(type) {
		case events.SubjectLinked:
			if at[v.Subject] != "" {
				wrong = append(wrong, fmt.Sprintf("%s at %d: linked while linked", v.Subject, e.Position))
			}
			at[v.Subject] = v.Child
		case events.SubjectUnlinked:
			if at[v.Subject] != v.Child {
				wrong = append(wrong, fmt.Sprintf("%s at %d: unlinked from where it was not", v.Subject, e.Position))
			}
			at[v.Subject] = ""
		}
		if e.Position == last {
			break
		}
	}
	return wrong
}

// nextNumber gives a person the next NHS number that nobody is given and whose
// check digit there is.
func nextNumber(last *int) detail {
	for {
		*last++
		sum := 0
		for i, d := range strconv.Itoa(*last) {
			sum += (10 - i) * int(d-'0')
		}
		value := strconv.Itoa(*last) + strconv.Itoa((11-sum%11)%11)
		if len(value) == 10 {
			return func(p *events.Person) {
				p.Identifiers.NHSNumber = &events.NHSNumber{Value: value, Status: events.NHSVerified}
			}
		}
	}
}

// strive has n subjects put to and fro by two replicas at the same time, by
// their own rules and by people at both who do not know of one another.
func strive(t *testing.T, n int, path string) (h *hub, wrong []string) {
	h = open(t)
	h.Close() // its index is not needed
	hs := h.replicas(2, path)
	var wg sync.WaitGroup
	number := 999_000_000
	for s := range n {
		id := func(k string) events.SubjectID { return events.SubjectID(fmt.Sprintf("%s%d", k, s)) }
		a, b := nextNumber(&number), nextNumber(&number)
		h.sees(id("a"), "police", a)
		h.sees(id("b"), "hospital", b)
		h.sees(id("m"), "school", b) // b's, as far as that tells
		h.sees(id("m"), "school", a) // and a's
		hs[0].settle()
		hs[1].settle()
		for r, to := range []events.ChildID{hs[0].child(id("a")), hs[1].child(id("b"))} {
			why := h.person()
			wg.Go(func() { _ = hs[r].Link(t.Context(), why, to, id("m"), "It is the same child.") })
		}
		wg.Wait()
	}
	for _, o := range hs {
		o.settle()
	}
	for s := range n {
		id := events.SubjectID(fmt.Sprintf("m%d", s))
		if a, b := hs[0].child(id), hs[1].child(id); a != b {
			wrong = append(wrong, fmt.Sprintf("%s: the replicas do not agree where it is", id))
		}
	}
	return h, append(wrong, h.twice()...)
}

// TestTwoDecideForOneLog is what several hubs over one log rest on.
func TestTwoDecideForOneLog(t *testing.T) {
	const n = 60
	h, wrong := strive(t, n, filepath.Join(t.TempDir(), "identity.lock"))
	for _, w := range wrong {
		t.Error(w)
	}
	last, _ := h.store.Last(t.Context())
	t.Logf("%d subjects put to and fro by two at once, %d events: %d linked twice", n, last, len(wrong))
}

// TestTwoWithoutALock shows that the lock is what makes it so.
func TestTwoWithoutALock(t *testing.T) {
	for range 5 {
		if _, wrong := strive(t, 20, ""); len(wrong) > 0 {
			t.Logf("without the lock: %d wrong, for example %s", len(wrong), wrong[0])
			return
		}
	}
	t.Error("without the lock nothing went wrong in 100 subjects: the test before proves nothing")
}

// TestARivalThatDiesMidway releases the lock after half of a move: the subject
// was unlinked and not linked again. The other one sees that through.
func TestARivalThatDiesMidway(t *testing.T) {
	h := open(t)
	h.Close()
	path := filepath.Join(t.TempDir(), "identity.lock")
	a := h.replicas(1, path)[0]
	h.sees("p", "police", nhs(0))
	h.sees("s", "school", upn(0))
	from := a.child("s")
	dying := lock.New(path)
	unlock, err := dying.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.sees("s", "school", upn(0), nhs(0)) // now it is p's child: a waits for the lock
	_, err = h.store.Append(t.Context(), store.Batch{Stream: store.Stream("child-" + from), Expect: store.Any,
		Cause:  store.Cause{By: self, For: "school", Because: "the rival's item"},
		Events: []events.Event{events.SubjectUnlinked{Child: from, Subject: "s", Reason: "moved"}}})
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if a.child("s") != a.child("p") {
		t.Error("it was not seen through")
	}
	for _, w := range h.twice() {
		t.Error(w)
	}
}
