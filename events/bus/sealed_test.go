package bus

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"kith/events"
)

// A server with a certificate: the hub is within its process, agencies connect
// with TLS, directly and by a leaf node, if they know the certificate; whoever does
// not, or speaks in clear, does not get in.
func TestSealed(t *testing.T) {
	dir, at := t.TempDir(), freePort(t)
	https := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	defer https.Close()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: https.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Start(Options{Dir: dir, Leaf: at, Agencies: []events.AgencyID{police}, TLS: &tls.Config{Certificates: https.TLS.Certificates}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	h, err := ConnectHub(t.Context(), []Link{{Server: s, Creds: s.HubCreds(police), Agency: police}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	consume(t, h, accept(t))
	answered := func(l Link) {
		t.Helper()
		l.Creds, l.Agency = s.Creds(police), police
		a, err := Connect(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		answer, err := a.Send(ctx, sample("sealed-"+filepath.Base(l.URL)))
		if err != nil || answer.Receipt == nil {
			t.Errorf("%s: %+v %v", l.URL, answer, err)
		}
	}
	answered(Link{URL: s.URL(), CAFile: ca})
	if _, err := LookAt(t.Context(), Link{URL: s.URL(), Creds: s.Creds(police), Agency: police}); err == nil {
		t.Error("a client takes a certificate that nobody vouches for")
	}
	answered(Link{URL: leafOf(t, s, "tls://"+at, ca, 1)})
	leafOf(t, s, "tls://"+at, "", 0)
	leafOf(t, s, "nats-leaf://"+at, "", 0)
}

// leafOf starts a leaf node, and sees how many links to the hub it gets.
func leafOf(t *testing.T, s *Server, hub, ca string, want int) (url string) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "leaf.conf")
	if err := WriteLeafConfig(conf, freePort(t), hub, s.Creds(police), ca); err != nil {
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
	for range 20 {
		if leaf.NumLeafNodes() > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got := leaf.NumLeafNodes(); got != want {
		t.Fatalf("%s with %q: %d links, want %d", hub, ca, got, want)
	}
	return leaf.ClientURL()
}
