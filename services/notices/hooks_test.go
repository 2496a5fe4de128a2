package notices

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
	"kith/services/internal/webhook"
)

// receiver is an agency's: TLS, checks every signature, allows the hub to send.
type receiver struct {
	*httptest.Server
	secret string

	mu     sync.Mutex
	ids    []string // of what it took, in order
	bodies map[string]string
	tests  int
	asked  int

	answer atomic.Int32 // status; 0: it takes
	after  atomic.Int32 // Retry-After
	silent atomic.Bool
	rate   string

	rejects atomic.Value // id of a message that it cannot take
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{secret: webhook.NewShared(), bodies: map[string]string{}, rate: "*"}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.serve(t, w, req) }))
	t.Cleanup(func() { r.CloseClientConnections(); r.Close() })
	return r
}

func (r *receiver) serve(t *testing.T, w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	if r.silent.Load() {
		<-req.Context().Done()
		return
	}
	if n := r.after.Load(); n > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(n))
	}
	if s := r.answer.Load(); s != 0 {
		w.WriteHeader(int(s))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Method == http.MethodOptions {
		r.asked++
		w.Header().Set("WebHook-Allowed-Origin", req.Header.Get("WebHook-Request-Origin"))
		w.Header().Set("WebHook-Allowed-Rate", r.rate)
		return
	}
	held, _ := webhook.CheckingKeys([]byte(r.secret))
	if err := webhook.Verify(req.Header, held, body, time.Now()); err != nil {
		t.Error(err)
	}
	id := req.Header.Get("webhook-id")
	var e struct{ ID, Type string }
	if json.Unmarshal(body, &e) != nil || e.ID != id {
		t.Errorf("%s is the event %s", id, body)
	}
	if e.Type == string(events.TypeWebhookTest) {
		r.tests++
		return
	}
	if id == r.rejects.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if before, again := r.bodies[id]; again && before != string(body) {
		t.Errorf("%s came again with another body", id)
	}
	r.ids, r.bodies[id] = append(r.ids, id), string(body)
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) took() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

func (r *receiver) until(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(r.took()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages came", len(r.took()), n)
		}
	}
}

func (r *receiver) hook(t testing.TB, a events.AgencyID) Hook {
	t.Helper()
	return hookTo(t, a, r.URL, r.secret, r.Certificate())
}

func hookTo(t testing.TB, a events.AgencyID, url, secret string, cert *x509.Certificate) Hook {
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	s, err := webhook.NewSender(webhook.Target{URL: url, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: roots, Origin: "hub.example",
		Keys: func() ([]webhook.Key, error) { return webhook.SigningKeys([]byte(secret)) }})
	if err != nil {
		panic(err)
	}
	return Hook{Agency: a, Sender: s}
}

// bench is an inbox with webhooks; time can be put forward.
type bench struct {
	*world
	in      *Inbox
	dir     string
	ahead   atomic.Int64
	written sync.Map // what the ledger says
	log     bytes.Buffer
	pause   time.Duration
}

func newBench(t *testing.T) *bench {
	b := &bench{world: newWorld(t), dir: t.TempDir(), pause: 2 * time.Millisecond}
	in, end := b.open(filepath.Join(b.dir, "inbox.db"))
	b.in = in
	t.Cleanup(end)
	return b
}

func (b *bench) now() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) }

func (b *bench) hooks(hs ...Hook) (*Hooks, func()) {
	b.t.Helper()
	db, err := sqlite.Open(b.t.Context(), filepath.Join(b.dir, "webhooks.db"), sqlite.Durable)
	if err != nil {
		b.t.Fatal(err)
	}
	x, err := StartHooks(b.t.Context(), HooksConfig{Inbox: b.in, DB: db, Hooks: hs, now: b.now, Log: slog.New(slog.NewTextHandler(&b.log, nil)),
		wait: func(int) time.Duration { return b.pause },
		Record: func(_ context.Context, a events.AgencyID, m events.Told) error {
			n, _ := b.written.LoadOrStore(fmt.Sprint(a, m.Seq), new(atomic.Int32))
			n.(*atomic.Int32).Add(1)
			return nil
		}})
	if err != nil {
		b.t.Fatal(err)
	}
	return x, sync.OnceFunc(func() { x.Close(); _ = db.Close() })
}

func (b *bench) status(x *Hooks, a events.AgencyID) HookStatus {
	b.t.Helper()
	all, err := x.List(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return all[slices.IndexFunc(all, func(s HookStatus) bool { return s.Agency == a })]
}

func (b *bench) until(what string, f func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("it never came to be: " + what)
		}
	}
}

func inOrder(t *testing.T, a string, got []string, n int) {
	t.Helper()
	for i, id := range slices.Compact(slices.Clone(got)) {
		if want := fmt.Sprintf("told-%s-%d", a, i+1); id != want {
			t.Fatalf("message %d is %s, want %s; all: %v", i+1, id, want, got)
		}
	}
	if len(slices.Compact(slices.Clone(got))) != n {
		t.Fatalf("%d messages, want %d: %v", len(got), n, got)
	}
}

// What long poll gives, the webhook brings, in order, recorded before it leaves;
// what fails comes again under the same id, and one that is slow delays nobody.
func TestHooks(t *testing.T) {
	b, school, police := newBench(t), newReceiver(t), newReceiver(t)
	police.silent.Store(true)
	b.convene("d1")
	x, end := b.hooks(school.hook(t, "school"), police.hook(t, "police"))
	defer end()
	school.until(t, 1)
	school.answer.Store(503)
	b.convene("d2")
	b.convene("d3")
	b.until("failures", func() bool { return b.status(x, "school").Failures > 3 })
	if s := b.status(x, "school"); s.State != HookFailing || s.Waiting == 0 || s.Last.Status != 503 || s.Oldest == nil {
		t.Errorf("%+v", s)
	}
	school.answer.Store(0)
	school.until(t, 3)
	inOrder(t, "school", school.took(), 3)
	for i := range 3 {
		if n, ok := b.written.Load(fmt.Sprint("school", i+1)); !ok || n.(*atomic.Int32).Load() != 1 {
			t.Errorf("message %d is not recorded once", i+1)
		}
	}
	ms, _ := b.in.After(t.Context(), "school", 0)
	if want := fmt.Sprintf(`"data":%s`, ms[1].Detail); !strings.Contains(school.bodies["told-school-2"], want) {
		t.Errorf("%s lacks %s", school.bodies["told-school-2"], want)
	}
	if school.asked != 1 {
		t.Errorf("asked for permission %d times", school.asked)
	}
	trial, err := x.Test(t.Context(), "school")
	if err != nil || !trial.Good() || school.tests != 1 {
		t.Errorf("%+v %v", trial, err)
	}
	if _, err := x.Test(t.Context(), "nobody"); err == nil {
		t.Error("somebody without a webhook was sent a test")
	}
	b.until("what arrived is known", func() bool { return b.status(x, "school").Waiting == 0 })
}

// A receiver is left alone for as long as it asks, also by a hub that starts anew.
func TestRetryAfter(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	r.answer.Store(429)
	r.after.Store(3600)
	b.convene("d1")
	x, end := b.hooks(r.hook(t, "school"))
	b.until("a failure", func() bool { return b.status(x, "school").Failures == 1 })
	end()
	r.answer.Store(0)
	x, end = b.hooks(r.hook(t, "school"))
	time.Sleep(50 * time.Millisecond)
	if s := b.status(x, "school"); len(r.took()) != 0 || s.Failures != 1 || time.Until(*s.Next) < 50*time.Minute {
		t.Errorf("%v %+v", r.took(), s)
	}
	end()
	b.ahead.Store(int64(time.Hour))
	_, end = b.hooks(r.hook(t, "school"))
	defer end()
	r.until(t, 1)
}

// 410 disables at once, days of failures disable too, and the operator can. The
// agency finds a notice in its inbox, once; enabled again, nothing is missing.
func TestDisabled(t *testing.T) {
	for why, c := range map[events.WebhookEnd]struct{ status int32 }{events.WebhookGone: {410}, events.WebhookFailing: {500}, events.WebhookStopped: {0}} {
		t.Run(string(why), func(t *testing.T) {
			b, r := newBench(t), newReceiver(t)
			r.answer.Store(c.status)
			x, end := b.hooks(r.hook(t, "school"))
			if why == events.WebhookStopped {
				if err := x.Disable(t.Context(), "school"); err != nil {
					t.Fatal(err)
				}
			}
			b.convene("d1")
			if why == events.WebhookFailing {
				b.until("failures", func() bool { return b.status(x, "school").Failures > webhook.Enough })
				if s := b.status(x, "school"); s.State != HookFailing {
					t.Errorf("given up at once: %+v", s)
				}
				b.ahead.Store(int64(webhook.GiveUp))
			}
			var notice events.Told
			b.until("the notice", func() bool {
				ms, _ := b.in.After(t.Context(), "school", 0)
				i := slices.IndexFunc(ms, func(m events.Told) bool { return m.Type == events.TypeWebhookDisabled })
				if i >= 0 {
					notice = ms[i]
				}
				return i >= 0
			})
			if !strings.Contains(string(notice.Detail), `"why":"`+string(why)+`"`) || !strings.Contains(string(notice.Detail), `"read":"/v1/inbox?after=0"`) {
				t.Errorf("%s", notice.Detail)
			}
			if s := b.status(x, "school"); s.State != HookDisabled || s.Why != string(why) {
				t.Errorf("%+v", s)
			}
			end() // also after a restart
			r.answer.Store(0)
			x, end = b.hooks(r.hook(t, "school"))
			defer end()
			time.Sleep(20 * time.Millisecond)
			if len(r.took()) != 0 {
				t.Errorf("it sent to a webhook that is disabled: %v", r.took())
			}
			if err := x.Enable(t.Context(), "school"); err != nil {
				t.Fatal(err)
			}
			r.until(t, 2) // the invitation and the notice
			inOrder(t, "school", r.took(), 2)
			if ms, _ := b.in.After(t.Context(), "school", 0); len(ms) != 2 {
				t.Errorf("%d messages in the inbox", len(ms))
			}
			if !strings.Contains(b.log.String(), "webhook disabled") || strings.Contains(b.log.String(), r.URL) {
				t.Errorf("the log: %s", b.log.String())
			}
		})
	}
}

// Who did not allow it is sent nothing; who allowed few a minute is sent few.
func TestPermission(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	for i := range 4 {
		b.convene(fmt.Sprint(i))
	}
	var posts atomic.Int32
	mute := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			posts.Add(1)
		}
	}))
	defer mute.Close()
	r.rate = "1200" // 50 ms from one to the next
	x, end := b.hooks(r.hook(t, "school"), hookTo(t, "police", mute.URL, r.secret, mute.Certificate()))
	defer end()
	from := time.Now()
	r.until(t, 4)
	if took := time.Since(from); took < 150*time.Millisecond {
		t.Errorf("4 messages in %s", took)
	}
	b.until("it asked", func() bool { return b.status(x, "police").Failures > 2 })
	if s := b.status(x, "police"); s.Last.Code != webhook.NotAllowed || posts.Load() != 0 {
		t.Errorf("%+v, %d sent", s, posts.Load())
	}
	if trial, err := x.Test(t.Context(), "police"); err != nil || trial.Good() || trial.Sent != nil {
		t.Errorf("%+v %v", trial, err)
	}
	vouched := hookTo(t, "police", mute.URL, r.secret, mute.Certificate())
	vouched.Vouched = true
	end()
	_, end = b.hooks(vouched)
	defer end()
	b.until("the operator's word counts", func() bool { return posts.Load() == 4 })
}

// What is not in the ledger does not leave.
func TestNothingLeavesUnrecorded(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	db, err := sqlite.Open(t.Context(), filepath.Join(b.dir, "webhooks.db"), sqlite.Durable)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tried := make(chan struct{}, 1)
	x, err := StartHooks(t.Context(), HooksConfig{Inbox: b.in, DB: db, Hooks: []Hook{r.hook(t, "school")}, Log: slog.New(slog.DiscardHandler),
		Record: func(context.Context, events.AgencyID, events.Told) error {
			tried <- struct{}{}
			return errors.New("no ledger")
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	b.convene("d1")
	<-tried
	time.Sleep(20 * time.Millisecond)
	if s := b.status(x, "school"); len(r.took()) != 0 || s.Failures != 0 {
		t.Errorf("%v, and it is blamed for it: %+v", r.took(), s)
	}
}

// A webhook that is new does not get what is older than an inbox on NATS keeps.
func TestBeginning(t *testing.T) {
	b, r := newBench(t), newReceiver(t)
	b.convene("old")
	b.until("it was told", func() bool { ms, _ := b.in.After(t.Context(), "school", 0); return len(ms) == 1 })
	b.ahead.Store(int64(kept + time.Hour))
	x, end := b.hooks(r.hook(t, "school"))
	defer end()
	b.until("it was passed over", func() bool { return b.status(x, "school").Delivered == 1 })
	b.ahead.Store(0)
	b.convene("young")
	r.until(t, 1)
	if got := r.took(); got[0] != "told-school-2" {
		t.Error(got)
	}
}

const childEnv = "NOTICES_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		child(strings.Split(args, "\n"))
	}
	os.Exit(m.Run())
}

// child is a hub that convenes and delivers, and says what it convened.
func child(args []string) {
	ctx, dir := context.Background(), args[0]
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	l, err := sqlitelog.Open(ctx, filepath.Join(dir, "events.db"))
	must(err)
	ks, err := keys.Open(ctx, filepath.Join(dir, "keys"))
	must(err)
	st := store.New(l, ks)
	db, err := sqlite.Open(ctx, filepath.Join(dir, "inbox.db"), sqlite.Rebuildable)
	must(err)
	own, err := sqlite.Open(ctx, filepath.Join(dir, "webhooks.db"), sqlite.Durable)
	must(err)
	reads, err := sqlitelog.Open(ctx, filepath.Join(dir, "ledger.db"))
	must(err)
	in, err := New(ctx, Config{Store: st, Ledger: store.New(reads, ks), DB: db, Log: slog.New(slog.DiscardHandler)})
	must(err)
	block, _ := pem.Decode([]byte(strings.ReplaceAll(args[3], "\r", "\n")))
	cert, err := x509.ParseCertificate(block.Bytes)
	must(err)
	_, err = StartHooks(ctx, HooksConfig{Inbox: in, DB: own, Hooks: []Hook{hookTo(nil, "school", args[1], args[2], cert)}, Log: slog.New(slog.DiscardHandler),
		wait: func(int) time.Duration { return time.Millisecond }, Record: func(context.Context, events.AgencyID, events.Told) error { return nil }})
	must(err)
	for n := 0; ; n++ {
		id := args[4] + "-" + fmt.Sprint(n)
		_, err := st.Append(ctx, store.Batch{Stream: "strategy-c1", Expect: store.Any, Cause: store.Cause{By: "test", For: "council", Because: id},
			Events: []events.Event{events.DiscussionConvened{Discussion: events.DiscussionID(id), Child: "c1", At: time.Now(), Invited: []events.AgencyID{"school"}}}})
		must(err)
		fmt.Println("convened", id)
	}
}

// Whenever the hub is killed, and whatever the receiver fails at: every message
// arrives, in order, the same each time it comes.
func TestKill(t *testing.T) {
	r, dir := newReceiver(t), t.TempDir()
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}))
	stop := make(chan struct{})
	defer close(stop)
	go func() { // every now and then it cannot take anything
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(15 * time.Millisecond):
				r.answer.Store([]int32{0, 0, 500}[i%3])
			}
		}
	}()
	convened := 0
	for round := range 6 {
		before := len(r.took())
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{dir, r.URL, r.secret, strings.ReplaceAll(cert, "\n", "\r"), fmt.Sprint(round)}, "\n"))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		hang := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		for s := bufio.NewScanner(out); s.Scan(); {
			if strings.HasPrefix(s.Text(), "convened") {
				convened++
			}
			if len(r.took()) >= before+20 {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait() // killed
		hang.Stop()
	}
	// The last one is let alone.
	w := &world{t: t, lies: map[events.AgencyID][]uint64{}, told: map[events.AgencyID][]events.Told{}}
	l, err := sqlitelog.Open(t.Context(), filepath.Join(dir, "events.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ks, err := keys.Open(t.Context(), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer ks.Close()
	reads, err := sqlitelog.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer reads.Close()
	w.store, w.ledger = store.New(l, ks), store.New(reads, ks)
	b := &bench{world: w, dir: dir, pause: time.Millisecond}
	in, end := w.open(filepath.Join(dir, "inbox.db"))
	defer end()
	b.in = in
	x, stopHooks := b.hooks(r.hook(t, "school"))
	defer stopHooks()
	last, err := w.store.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	b.until("all arrived", func() bool { return b.status(x, "school").Waiting == 0 })
	n := int(b.status(x, "school").Delivered)
	inOrder(t, "school", r.took(), n)
	if n < convened {
		t.Errorf("%d messages for %d discussions", n, convened)
	}
	t.Logf("6 kills, %d messages in order, %d of them more than once, none lost", n, len(r.took())-n)
}
