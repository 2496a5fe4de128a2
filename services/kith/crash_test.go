package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
)

// asKith makes the test's own program be kith, so that a real process can be killed.
const asKith = "KITH_TEST_RUN_AS_KITH"

func TestMain(m *testing.M) {
	if os.Getenv(asKith) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// TestKill kills the process with -9 while a police system publishes, starts it
// again and looks for every event that a receipt was held for.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: kills a real process; run without -short")
	}
	dir := t.TempDir()
	held := newReceipts()
	for round := range 3 {
		w, kill := startProcess(t, dir)
		stop := publishSteadily(t, w, round, held)
		held.waitFor(t, (round+1)*40)
		kill()
		stop()
	}
	w, kill := startProcess(t, dir)
	defer kill()
	all := held.all()
	t.Logf("%d receipts were held over three kills", len(all))
	for _, r := range all {
		a := w.get(t, "police", "/v1/receipts?"+url.Values{"source": {r.Source}, "id": {r.ID}}.Encode(), http.StatusOK)
		if again := into[bus.Receipt](t, a); again.Note != r.Note {
			t.Fatalf("the receipt of %s is another one now", r.ID)
		}
	}
	seen := w.view(t, "police", w.findOne(t, "police", kid{given: "Kestrel", family: "Testerley", born: "2013-05-05"}), "purpose=s47")
	ids := map[string]bool{}
	for _, i := range seen.Items {
		ids[i.EventID] = true
	}
	for _, r := range all {
		if !ids[r.ID] {
			t.Errorf("a receipt is held for %s, and the view does not have it", r.ID)
		}
	}
}

// startProcess starts kith demo as a process and waits until it can be used.
func startProcess(t *testing.T, dir string) (*world, func()) {
	t.Helper()
	started := time.Now()
	var said bytes.Buffer
	cmd := exec.Command(os.Args[0], "demo", "-addr", "127.0.0.1:0", "-data", dir)
	cmd.Env = append(os.Environ(), asKith+"=1")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	kill := sync.OnceFunc(func() { cmd.Process.Signal(syscall.SIGKILL); <-ended })
	t.Cleanup(kill)
	for {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("kith ended: %v\n%s", err, said.String())
		case <-time.After(50 * time.Millisecond):
		}
		if w := writtenSince(dir, started); w != nil {
			return w, kill
		}
		if time.Since(started) > 90*time.Second {
			t.Fatalf("not ready after 90 seconds:\n%s", said.String())
		}
	}
}

// writtenSince reads demo.json once the process has written it and answers.
func writtenSince(dir string, started time.Time) *world {
	name := filepath.Join(dir, "demo.json")
	info, err := os.Stat(name)
	if err != nil || info.ModTime().Before(started) {
		return nil
	}
	w := &world{dir: dir}
	b, err := os.ReadFile(name)
	if err != nil || json.Unmarshal(b, &w.file) != nil {
		return nil
	}
	res, err := http.Get(w.file.URL + "/readyz")
	if err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusOK {
		return nil
	}
	return w
}

// publishSteadily publishes from several goroutines until it is stopped or the
// server is gone, and keeps each receipt as it comes.
func publishSteadily(t *testing.T, w *world, round int, held *receipts) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	u := w.file.NATS["police"]
	link, err := bus.Connect(ctx, bus.Link{URL: u.URL, Creds: u.Creds, Agency: events.AgencyID(u.Agency)})
	if err != nil {
		t.Fatal(err)
	}
	kestrel := kid{given: "Kestrel", family: "Testerley", born: "2013-05-05"}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("kill-%d-%d-%d", round, g, i)
				body := cloudEvent(u.Source, id, "uk.kith.police.missing-episode.v1", shared("core", []any{kestrel.person("nominal-kestrel")},
					map[string]any{"policeReference": id, "missingSince": "2026-11-21T20:00:00Z", "missingFrom": "home", "circumstances": "Not home from school."}))
				m := bus.Message{Header: map[string][]string{"Content-Type": {"application/cloudevents+json"}}, Body: body}
				a, err := link.Send(ctx, m)
				if err != nil {
					continue // it was killed; what has no receipt was promised nothing
				}
				held.add(t, a)
			}
		})
	}
	return func() { cancel(); link.Close(); wg.Wait() }
}

// receipts are what the publisher holds.
type receipts struct {
	mu   sync.Mutex
	held []bus.Receipt
}

func newReceipts() *receipts { return &receipts{} }

func (r *receipts) add(t *testing.T, a bus.Answer) {
	if a.Receipt == nil {
		t.Error(errors.Join(errors.New("refused"), refused(a)))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = append(r.held, *a.Receipt)
}

func (r *receipts) all() []bus.Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]bus.Receipt(nil), r.held...)
}

func (r *receipts) waitFor(t *testing.T, n int) {
	t.Helper()
	for until := time.Now().Add(60 * time.Second); len(r.all()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d receipts after a minute, want %d", len(r.all()), n)
		}
	}
}
