package bus

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"kith/events"
)

// TestLeaf: an agency publishes to a leaf node of its own. The link to the hub is
// cut and restored meanwhile; what an outbox sends again until it is answered is
// answered, all of it, and what the leaf node may do is what the agency may.
func TestLeaf(t *testing.T) {
	dir, at := t.TempDir(), freePort(t)
	s, err := Start(Options{Dir: dir, Leaf: at, Agencies: []events.AgencyID{police, health}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	h := connectHub(t, s)
	consume(t, h, accept(t))
	w := newWire(t, at)
	conf, local := filepath.Join(dir, "leaf.conf"), freePort(t)
	if err := WriteLeafConfig(conf, local, "nats-leaf://"+w.l.Addr().String(), s.Creds(police), ""); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	opts.NoSigs = true
	leaf, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	leaf.Start()
	t.Cleanup(func() { leaf.Shutdown(); leaf.WaitForShutdown() })
	if !leaf.ReadyForConnections(10 * time.Second) {
		t.Fatal("the leaf node does not start")
	}
	a, err := Connect(t.Context(), Link{URL: leaf.ClientURL(), Creds: s.Creds(police), Agency: police})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	const n = 60
	missed := 0
	for i := range n {
		if i%20 == 10 {
			w.cut()
			time.AfterFunc(1500*time.Millisecond, w.restore)
		}
		m := sample(fmt.Sprint("leaf-", i))
		for tried := 0; ; tried++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			answer, err := a.Send(ctx, m)
			cancel()
			if err == nil {
				if answer.Receipt == nil || answer.Digest != Digest(m) {
					t.Fatalf("event %d: %+v", i, answer)
				}
				break
			}
			missed++
			if tried > 30 {
				t.Fatalf("event %d: %v", i, err)
			}
		}
	}
	if missed == 0 {
		t.Error("the link was never missed: this tested nothing")
	}
	t.Logf("%d events, all with receipts; %d attempts failed while the link was cut", n, missed)
	nc := plain(t, s, s.Creds(health))
	sub, err := nc.SubscribeSync("inbox.>")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := sub.NextMsg(200 * time.Millisecond); err == nil {
		t.Errorf("another agency got %s", m.Subject)
	}
	if err := WriteLeafConfig(conf, "0.0.0.0:4222", "tls://x", s.Creds(police), ""); err == nil {
		t.Error("a leaf node that everybody reaches")
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// wire is a link that can be cut.
type wire struct {
	l    net.Listener
	mu   sync.Mutex
	dead bool
	open []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l}
	t.Cleanup(func() { l.Close(); w.cut() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.join(c, to)
		}
	}()
	return w
}

func (w *wire) join(c net.Conn, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, err := net.Dial("tcp", to)
	if w.dead || err != nil {
		c.Close()
		if err == nil {
			d.Close()
		}
		return
	}
	w.open = append(w.open, c, d)
	go func() { _, _ = io.Copy(c, d); c.Close() }()
	go func() { _, _ = io.Copy(d, c); d.Close() }()
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
}

func (w *wire) restore() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
}
