package notices

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// world is a real log, and inboxes that sometimes lose the answer of who put
// something there.
type world struct {
	t             *testing.T
	store, ledger *store.Store
	n             int

	mu   sync.Mutex
	lies map[events.AgencyID][]uint64
	told map[events.AgencyID][]events.Told
	fail int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	l, err := sqlitelog.Open(t.Context(), filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	reads, err := sqlitelog.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reads.Close() })
	k, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return &world{t: t, store: store.New(l, k), ledger: store.New(reads, k), lies: map[events.AgencyID][]uint64{}, told: map[events.AgencyID][]events.Told{}}
}

func (w *world) last(_ context.Context, a events.AgencyID) (uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.lies[a]); n > 0 {
		return w.lies[a][n-1], nil
	}
	return 0, nil
}

// deliver fails at every third message, half of the time after it was stored.
func (w *world) deliver(_ context.Context, a events.AgencyID, m events.Told) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail++
	if w.fail%6 == 3 {
		return errors.New("lost on the way")
	}
	w.lies[a], w.told[a] = append(w.lies[a], m.Seq), append(w.told[a], m)
	if w.fail%6 == 0 {
		return errors.New("lost on the way back")
	}
	return nil
}

func (w *world) open(path string) (*Inbox, func()) {
	w.t.Helper()
	db, err := sqlite.Open(w.t.Context(), path, sqlite.Rebuildable)
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := New(w.t.Context(), Config{Store: w.store, Ledger: w.ledger, DB: db, Agencies: []events.Agency{{ID: "school"}, {ID: "police"}}, Last: w.last, Answer: answer, Deliver: w.deliver,
		Record: func(context.Context, events.AgencyID, events.Told) error { return nil }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	return in, func() { in.Close(); _ = db.Close() }
}

// answer is of what the log holds; that receipts are signed is tried with the
// whole hub.
func answer(e store.Event) (bus.Answer, error) {
	switch v := e.Event.(type) {
	case events.EventAccepted:
		return bus.Answer{Digest: v.Digest, Receipt: &bus.Receipt{Digest: v.Digest, Position: uint64(e.Position), AcceptedAt: e.At}}, nil
	case events.EventRefused:
		return bus.Answer{Digest: v.Digest, Refusal: &bus.Refusal{Digest: v.Digest, Problems: v.Problems}}, nil
	default:
		return bus.Answer{}, errors.New("no answer")
	}
}

func (w *world) append(s store.Stream, e events.Event) {
	w.t.Helper()
	w.n++
	_, err := w.store.Append(w.t.Context(), store.Batch{Stream: s, Expect: store.Any, Events: []events.Event{e},
		Cause: store.Cause{By: "test", For: "council", Because: strconv.Itoa(w.n)}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fact(a events.AgencyID, f events.Fact) {
	w.t.Helper()
	id := strconv.Itoa(w.n)
	s := events.SubjectID("s" + id)
	w.append(store.Stream("subject-"+s), events.Item{ID: events.ItemID("i" + id), Agency: a, Subject: s, Person: events.Person{Role: events.RoleChild}, Fact: f})
}

func (w *world) convene(id string) {
	w.append("strategy-c1", events.DiscussionConvened{Discussion: events.DiscussionID(id), Child: "c1", At: time.Now(), Invited: []events.AgencyID{"school", "police"}})
}

func (w *world) eventually(a events.AgencyID, n uint64) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if at, _ := w.last(w.t.Context(), a); at == n {
			return
		}
	}
	w.t.Fatalf("%s: message %d never came", a, n)
}

// Whatever is lost on the way, and however often the hub starts again, with its
// file or without, every message lies in the inbox once and in order.
func TestEveryMessageOnce(t *testing.T) {
	w := newWorld(t)
	w.fact("school", events.Concern{Reference: "A"})
	w.fact("school", events.Concern{Reference: "both"})
	w.fact("police", events.Concern{Reference: "both"})
	const each = 10
	path := filepath.Join(t.TempDir(), "inbox.db")
	for i := range each {
		w.convene("d" + strconv.Itoa(i))
		if i%3 == 2 {
			path = filepath.Join(t.TempDir(), "inbox.db")
		}
		_, end := w.open(path)
		if i%2 == 0 {
			w.eventually("police", uint64(i+1))
		}
		end()
	}
	w.fact("council", events.ReferralDecided{Reference: "late"})
	w.fact("council", events.ReferralDecided{Reference: "A"})
	w.fact("council", events.ReferralDecided{Reference: "both"})
	w.fact("school", events.Concern{Reference: "late"})
	_, end := w.open(path)
	defer end()
	w.eventually("school", each+2)
	w.eventually("police", each)
	for a, want := range map[events.AgencyID]int{"school": each + 2, "police": each} {
		got := w.lies[a]
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != want || len(got) != want {
			t.Errorf("%s was told %v, want each of %d once", a, got, want)
		}
	}
	if m := w.told["school"][each]; m.Type != events.TypeReferralFeedback || string(m.Detail) != `{"reference":"A","read":"/v1/concerns/A"}` {
		t.Errorf("feedback: %+v %s", m, m.Detail)
	}
	t.Logf("%d messages over %d starts, every third delivery lost: 0 lost, 0 twice", 2*each+2, each+1)
}

// Who waits is told when there is something, and only of what is for them.
func TestAfterWaits(t *testing.T) {
	w := newWorld(t)
	in, end := w.open(filepath.Join(t.TempDir(), "inbox.db"))
	defer end()
	go func() {
		time.Sleep(50 * time.Millisecond)
		w.convene("d")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ms, err := in.After(ctx, "school", 0)
	if err != nil || len(ms) != 1 || ms[0].Child != "c1" {
		t.Fatalf("%+v, %v", ms, err)
	}
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	for _, a := range []events.AgencyID{"school", "hospital"} {
		if ms, err := in.After(short, a, 1); len(ms) != 0 || err != nil {
			t.Errorf("%s: %+v, %v", a, ms, err)
		}
	}
}

// saw records that an agency's people were shown items.
func (w *world) saw(a events.AgencyID, child events.ChildID, items ...events.ItemID) {
	w.t.Helper()
	w.n++
	_, err := w.ledger.Append(w.t.Context(), store.Batch{Stream: "ledger-none", Expect: store.Any,
		Events: []events.Event{events.ReadRecorded{Reader: "somebody", Agency: a, What: "view", Child: child, Shown: items}},
		Cause:  store.Cause{By: "somebody", For: a, Because: strconv.Itoa(w.n)}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) supersede(by events.AgencyID, withdrawn bool, items ...events.ItemID) {
	w.t.Helper()
	e := events.EventSuperseded{Agency: by, By: strconv.Itoa(w.n), Withdrawn: withdrawn}
	for _, i := range items {
		e.Items = append(e.Items, events.ItemRef{Item: i})
	}
	w.append("intake-x.y", e)
}

// Whoever was shown an item is told once that it does not stand any more, also if
// the look was recorded after that, and nobody else is: not who gave it, and not
// who never saw it.
func TestWhoSawItIsTold(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "inbox.db")
	w.saw("school", "c1", "i1", "i2")
	w.saw("school", "c1", "i1")
	w.saw("police", "c1", "i1", "i2", "i3")
	_, end := w.open(path)
	w.supersede("police", false, "i1")
	w.eventually("school", 1)
	end()
	w.supersede("police", true, "i2")
	_, end = w.open(path)
	w.eventually("school", 2)
	w.saw("hospital", "", "i1") // it was on its way when i1 was corrected
	w.saw("hospital", "c1", "i1")
	w.saw("school", "c1", "i1")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if n := w.recalls(); n == 3 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d agencies were to be told", n)
		}
	}
	end()
	in, end := w.open(filepath.Join(t.TempDir(), "anew.db"))
	defer end()
	time.Sleep(200 * time.Millisecond)
	if n := w.recalls(); n != 3 {
		t.Errorf("%d were to be told after it was built anew", n)
	}
	ms, err := in.After(t.Context(), "hospital", 0)
	if err != nil || len(ms) != 1 || ms[0].Type != events.TypeItemCorrected {
		t.Errorf("the hospital: %+v, %v", ms, err)
	}
	if got := w.told["school"]; len(got) != 2 || string(got[0].Detail) != `{"item":"i1","read":"/v1/children/c1/view"}` ||
		got[1].Type != events.TypeItemWithdrawn || string(got[1].Detail) != `{"item":"i2"}` {
		t.Errorf("the school was told %v", got)
	}
	if n := len(w.told["police"]); n != 0 {
		t.Errorf("whoever corrected it was told of it, %d times", n)
	}
}

// recalls is how many recalls the log holds.
func (w *world) recalls() (n int) {
	for _, a := range []string{"school", "police", "hospital"} {
		for _, err := range w.store.Read(w.t.Context(), store.Stream("recall-"+a), 0) {
			if err != nil {
				w.t.Fatal(err)
			}
			n++
		}
	}
	return n
}
