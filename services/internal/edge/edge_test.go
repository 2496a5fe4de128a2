package edge

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

var school = events.Agency{ID: "oakfield-school", Kind: events.KindEducation, Name: "Oakfield School", Source: "urn:kith:agency:oakfield-school"}

// hub is the other end: a real bus, and a handler in place of intake that
// notes what it was given.
type hub struct {
	*bus.Server
	signer  *bus.Signer
	mu      sync.Mutex
	seen    []string // ids, as often as they came
	pause   bool     // "not now"
	fails   func() bool
	failed  int
	lenient bool // refuses nothing
	bodies  []string
}

func startHub(t *testing.T) *hub {
	t.Helper()
	s, err := bus.Start(bus.Options{Dir: t.TempDir(), Agencies: []events.AgencyID{school.ID}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	signer, err := bus.NewSigner(filepath.Join(t.TempDir(), "receipts.key"))
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{Server: s, signer: signer}
	b, err := bus.ConnectHub(within(t), []bus.Link{{URL: s.URL(), Creds: s.HubCreds(school.ID), Agency: school.ID}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Consume(ctx, h.handle) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *hub) handle(_ context.Context, a events.AgencyID, m bus.Message) (bus.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pause || h.fails != nil && h.fails() {
		h.failed++
		return bus.Answer{}, errNotNow
	}
	d := bus.Digest(m)
	e, err := bus.Decode(m)
	if err != nil || strings.HasPrefix(e.ID(), "refuse") && !h.lenient {
		return bus.Answer{Digest: d, Refusal: &bus.Refusal{Agency: a, Digest: d, Problems: []events.Complaint{{Code: "schema", Pointer: "/data/about", Detail: "must not be empty"}}}}, nil
	}
	h.seen, h.bodies = append(h.seen, e.ID()), append(h.bodies, string(m.Body))
	r, err := h.signer.Sign(bus.Receipt{Agency: a, Source: e.Source(), ID: e.ID(), Type: events.Type(e.Type()), Digest: d, Position: 7, AcceptedAt: time.Unix(1, 0)})
	return bus.Answer{Digest: d, Receipt: &r}, err
}

func (h *hub) set(pause bool) { h.mu.Lock(); defer h.mu.Unlock(); h.pause = pause }

func (h *hub) ids() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.seen))
}

func (h *hub) link(t *testing.T) *bus.Agency {
	t.Helper()
	a, err := bus.Connect(within(t), bus.Link{URL: h.URL(), Creds: h.Creds(school.ID), Agency: school.ID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// open opens an Edge; it is closed at the end unless the test closed it.
func (h *hub) open(t *testing.T, path string) *Edge {
	t.Helper()
	e, err := New(Config{Agency: school, Path: path, Link: h.link(t), Verifier: h.signer.Verifier()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func box(t *testing.T) string { return filepath.Join(t.TempDir(), "outbox.db") }

func notice(id string) events.Notice {
	return events.Notice{ID: id, Report: events.Report{Fact: events.OffRoll{On: "2026-11-20", Reason: "moved"}}}
}

func TestSubmit(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	as, err := e.Submit(within(t), notice("b"), notice("a"), notice("refuse"), notice("b"))
	if err != nil || len(as) != 4 {
		t.Fatalf("%v %v", as, err)
	}
	if as[0].Receipt.ID != "b" || as[1].Receipt.ID != "a" || as[2].Refusal == nil || as[3] != as[0] {
		t.Errorf("got %+v", as)
	}
	if n, err := e.Depth(within(t)); n != 0 || err != nil {
		t.Errorf("%d unanswered %v", n, err)
	}
	again, err := e.Submit(within(t), notice("a"))
	if err != nil || *again[0].Receipt != *as[1].Receipt {
		t.Errorf("the same notice: %+v %v", again, err)
	}
	if got := h.ids(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the hub was given %v", got)
	}
	if none, err := e.Submit(within(t)); err != nil || len(none) != 0 {
		t.Errorf("nothing: %v %v", none, err)
	}
}

// What was refused for a reason that is gone, such as a clock that was wrong, is
// taken when the same is handed in again.
func TestRefusedIsAskedAgain(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	for range 2 {
		as, err := e.Submit(within(t), notice("refuse"))
		if err != nil || as[0].Refusal == nil {
			t.Fatalf("%+v, %v", as, err)
		}
	}
	h.mu.Lock()
	h.lenient = true
	h.mu.Unlock()
	as, err := e.Submit(within(t), notice("refuse"))
	if err != nil || as[0].Receipt == nil {
		t.Fatalf("%+v, %v", as, err)
	}
	late := bus.Answer{Digest: as[0].Digest, Refusal: &bus.Refusal{Agency: school.ID, Digest: as[0].Digest}}
	if err := e.take(within(t), []bus.Answer{late}); err != nil { // an earlier answer that comes once more
		t.Fatal(err)
	}
	again, err := e.Submit(within(t), notice("refuse"))
	if err != nil || again[0].Receipt == nil || len(h.ids()) != 1 {
		t.Errorf("%+v, %v; the hub was given %v", again, err, h.ids())
	}
	if n, err := e.Depth(within(t)); n != 0 || err != nil {
		t.Errorf("%d unanswered, %v", n, err)
	}
}

// A receipt that comes after an earlier refusal was heard once more still counts.
func TestReceiptAfterAnOldRefusal(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	first, err := e.Submit(within(t), notice("refuse"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.signer.Sign(bus.Receipt{Agency: school.ID, Source: school.Source, ID: "refuse", Type: "t", Digest: first[0].Digest, Position: 7, AcceptedAt: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.take(within(t), []bus.Answer{{Digest: first[0].Digest, Receipt: &r}}); err != nil {
		t.Fatal(err)
	}
	held, err := e.box.answers(within(t), []string{first[0].Digest})
	if err != nil || held[first[0].Digest].Receipt == nil {
		t.Errorf("%+v, %v", held, err)
	}
}

func TestSubmitFromMany(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			id := fmt.Sprint(i / 2) // each twice
			as, err := e.Submit(within(t), notice(id))
			if err != nil || as[0].Receipt == nil || as[0].Receipt.ID != id {
				t.Errorf("%s: %+v %v", id, as, err)
			}
		})
	}
	all.Wait()
	if got := slices.Compact(h.ids()); len(got) != 150 {
		t.Errorf("the hub was given %d", len(got))
	}
	if len(e.callers.by) != 0 || len(e.flying.sent) != 0 {
		t.Error("somebody still waits")
	}
}

// What was put while the hub was away is sent by whoever opens the outbox next.
func TestRestart(t *testing.T) {
	h := startHub(t)
	h.set(true)
	path := box(t)
	e := h.open(t, path)
	if err := e.Put(within(t), notice("1"), notice("2")); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	as, err := e.Submit(short, notice("3"))
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != fault.Unavailable || len(as) != 1 || as[0].Digest == "" || as[0].Receipt != nil {
		t.Errorf("got %+v %v", as, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Submit(within(t), notice("4")); err == nil {
		t.Error("a closed outbox took something")
	}
	h.set(false)
	e = h.open(t, path)
	eventually(t, "all is answered", func() bool { n, _ := e.Depth(t.Context()); return n == 0 })
	if got := slices.Compact(h.ids()); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("the hub was given %v", got)
	}
	as, err = e.Submit(within(t), notice("3"))
	if err != nil || as[0].Receipt == nil {
		t.Errorf("got %+v %v", as, err)
	}
}

// The hub's answer counts as taken only when it lies in the outbox.
func TestAnswerThatCannotBeKept(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	h.set(true)
	if err := e.Put(within(t), notice("1")); err != nil {
		t.Fatal(err)
	}
	if _, err := e.box.Write.ExecContext(within(t), `CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END`); err != nil {
		t.Fatal(err)
	}
	h.set(false)
	eventually(t, "the hub has it", func() bool { return len(h.ids()) > 0 })
	time.Sleep(500 * time.Millisecond)
	if n, _ := e.Depth(t.Context()); n != 1 {
		t.Fatalf("%d unanswered", n)
	}
	if _, err := e.box.Write.ExecContext(within(t), `DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the answer comes again", func() bool { n, _ := e.Depth(t.Context()); return n == 0 })
	if got := h.ids(); len(got) != 1 {
		t.Errorf("the hub was given %v: it was sent again, the answer did not come again", got)
	}
}

// A message that NATS lost is sent again.
func TestLostMessageIsSentAgain(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	h.set(true)
	if err := e.Put(within(t), notice("1")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is on its way", func() bool { return e.flying.room() == widest-1 })
	rows, _, err := e.next(within(t))
	if err != nil || len(rows) != 0 {
		t.Fatalf("sent again at once: %v %v", rows, err)
	}
	e.flying.mu.Lock()
	for s, f := range e.flying.sent {
		f.due = time.Now()
		e.flying.sent[s] = f
	}
	e.flying.mu.Unlock()
	if rows, _, err = e.next(within(t)); err != nil || len(rows) != 1 {
		t.Errorf("not due: %v %v", rows, err)
	}
	h.set(false)
	eventually(t, "it is answered", func() bool { n, _ := e.Depth(t.Context()); return n == 0 })
}

func TestForgedReceiptIsIgnored(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	forger, err := bus.NewSigner(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	genuine := h.signer
	h.signer = forger
	h.mu.Unlock()
	if err := e.Put(within(t), notice("1")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the hub has it", func() bool { return len(h.ids()) > 0 })
	time.Sleep(300 * time.Millisecond)
	if n, _ := e.Depth(t.Context()); n != 1 {
		t.Error("a forged receipt was taken")
	}
	h.mu.Lock()
	h.signer = genuine
	h.mu.Unlock()
}

func TestForward(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	body := `{"specversion":"1.0","id":"x","source":"/s","type":"t"}`
	plain := bus.Message{Body: []byte(body)}
	binary := bus.Message{Header: map[string][]string{"ce-specversion": {"1.0"}, "ce-id": {"x"}, "ce-source": {"/s"}, "ce-type": {"t"}}}
	broken := bus.Message{Body: []byte(`{"id":7}`)}
	as, err := e.Forward(within(t), plain, binary, broken)
	if err != nil || as[0].Receipt == nil || as[0] != as[1] || as[2].Refusal == nil {
		t.Errorf("got %+v %v", as, err)
	}
	for name, m := range map[string]bus.Message{
		"too large":     {Body: make([]byte, MaxMessage+1)},
		"broken binary": {Header: map[string][]string{"ce-id": {"%SECRET"}}},
		"broken data":   {Header: binary.Header, Body: []byte(`{SECRET`)},
	} {
		_, err := e.Forward(within(t), plain, m)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Invalid || strings.Contains(fmt.Sprint(f, f.At), "SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The body is personal: it goes when the receipt comes. The answer goes later.
// What was refused stays until somebody put it right.
func TestBodyIsNotKept(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	if _, err := e.Submit(within(t), notice("1"), notice("refuse")); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := e.box.Read.QueryRow(`SELECT count(*) FROM outbox WHERE body IS NOT NULL`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d bodies are kept %v", n, err)
	}
	if err := e.box.forget(within(t), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := e.box.Read.QueryRow(`SELECT count(*) FROM outbox`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d answers are kept %v", n, err)
	}
}

func TestWindow(t *testing.T) {
	var w window
	now := time.Unix(0, 0)
	rows := []row{{seq: 1}, {seq: 2}}
	w.add(rows, now)
	if w.room() != widest-2 || len(w.late(now.Add(firstWait-1), 9)) != 0 {
		t.Error("due too early")
	}
	if got := w.late(now.Add(firstWait), 9); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("late %v", got)
	}
	w.add(rows[:1], now.Add(firstWait))
	if got := w.late(now.Add(2*firstWait), 9); !slices.Equal(got, []int64{2}) {
		t.Errorf("late %v: the second time takes twice as long", got)
	}
	for range 100 {
		w.add(rows[:1], now)
	}
	if got := w.late(now.Add(lastWait), 1); !slices.Equal(got, []int64{1}) {
		t.Errorf("late %v: an hour is the longest", got)
	}
	w.keepOnly([]int64{1, 2}, rows[:1])
	w.landed([]int64{1})
	if w.room() != widest {
		t.Error("not empty")
	}
}

func TestInBounds(t *testing.T) {
	big := row{body: make([]byte, batchBytes/2)}
	if n := len(inBounds([]row{big, big, big})); n != 2 {
		t.Errorf("%d", n)
	}
	if n := len(inBounds([]row{{body: make([]byte, batchBytes+1)}})); n != 1 {
		t.Errorf("%d: one always goes", n)
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 200 {
		if f() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("not in time: %s", what)
}
