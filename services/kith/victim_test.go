package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"kith/events"
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

// process is a real kith that runs.
type process struct {
	name  string
	cmd   *exec.Cmd
	said  *lockedBuffer
	ended chan struct{}
	err   error // once ended
}

// startKith starts kith with some arguments. What still runs at the end of the
// test is killed.
func startKith(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{name: args[0], cmd: exec.Command(os.Args[0], args...), said: &lockedBuffer{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), asKith+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() { p.cmd.Process.Kill(); <-p.ended })
	return p
}

// kill is kill -9. A process that had ended before that failed by itself.
func (p *process) kill(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
		t.Errorf("kith %s ended by itself: %v\n%s", p.name, p.err, p.said)
	default:
	}
	p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
	if bytes.Contains([]byte(p.said.String()), []byte("event parked")) {
		t.Errorf("kith %s parked an event:\n%s", p.name, p.said)
	}
}

// good waits until the process ends by itself, and says whether all was well.
func (p *process) good() bool { <-p.ended; return p.err == nil }

// until waits for something, and fails when it does not come or the process ends.
func (p *process) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		select {
		case <-p.ended:
			t.Fatalf("kith %s ended by itself before %s: %v\n%s", p.name, what, p.err, p.said)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("kith %s: no %s after 90 seconds\n%s", p.name, what, p.said)
		}
	}
}

// victim is a hub with its NATS, and the edge of the police, each a process that
// can be killed and started again on the same data and addresses.
type victim struct {
	dir              string
	hubURL, policeAt string
	nats             string
	agencies         []events.Agency
	hub, police      *process
}

// Tokens of those who ask the hub, by agency, and of the police's record system.
const (
	officerToken = "officer-token"
	nurseToken   = "nurse-token"
	recordsToken = "records-token"
)

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{dir: t.TempDir(), agencies: northshire()[:4]}
	hubAddr, policeAddr, natsAddr := freeAddr(t), freeAddr(t), freeAddr(t)
	v.hubURL, v.policeAt, v.nats = "http://"+hubAddr, "http://"+policeAddr, "nats://"+natsAddr
	user := func(actor, agency, token string) map[string]any {
		return map[string]any{"actor": actor, "name": actor, "agency": agency, "role": "practitioner", "tokenSHA256": hash(token)}
	}
	conf(t, v.dir, "hub.json", map[string]any{
		"addr": hubAddr, "adminAddr": "127.0.0.1:0", "data": v.data(), "nats": map[string]any{"listen": natsAddr},
		"agencies": v.agencies, "authority": authority,
		"users": []any{user("officer", "northshire-police", officerToken), user("nurse", "northshire-hospital", nurseToken)},
	})
	conf(t, v.dir, "police.json", map[string]any{
		"agency": v.agencies[0], "addr": policeAddr, "adminAddr": "127.0.0.1:0", "data": filepath.Join(v.dir, "police"),
		"nats":    map[string]any{"url": v.nats, "creds": v.creds("northshire-police")},
		"clients": []any{map[string]any{"name": "records", "tokenSHA256": hash(recordsToken)}},
	})
	return v
}

func (v *victim) data(parts ...string) string {
	return filepath.Join(append([]string{v.dir, "hub"}, parts...)...)
}

func (v *victim) creds(id events.AgencyID) string {
	return v.data("nats", "creds", string(id)+".creds")
}

func (v *victim) startHub(t *testing.T) {
	t.Helper()
	v.hub = startKith(t, "hub", "-config", filepath.Join(v.dir, "hub.json"))
}

func (v *victim) startPolice(t *testing.T) {
	t.Helper()
	v.police = startKith(t, "agency", "-config", filepath.Join(v.dir, "police.json"))
}

// ready waits until the hub says that it is.
func (v *victim) ready(t *testing.T) {
	t.Helper()
	v.hub.until(t, "answer from /readyz", func() bool { return answers(v.hubURL + "/readyz") })
}

func answers(url string) bool {
	res, err := http.Get(url)
	return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// wrote returns a condition: that a file was written to since now. A file that
// is not there yet is, once it is.
func wrote(name string) func() bool {
	stamp := func() string {
		i, err := os.Stat(name)
		if err != nil {
			return ""
		}
		return fmt.Sprint(i.Size(), i.ModTime().UnixNano())
	}
	before := stamp()
	return func() bool { return stamp() != before }
}
