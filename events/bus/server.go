package bus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"kith/events"
)

// Options say how a NATS server for the hub is set up.
type Options struct {
	Dir      string            // keys, creds and, unless Store says otherwise, data
	Listen   string            // address; "127.0.0.1:0", any free port, if empty
	Agencies []events.AgencyID // each becomes an account of its own
	Leaf     string            // address where agencies' leaf nodes connect; none if empty
	Store    string            // where JetStream keeps its files; Dir/jetstream if empty
	Log      *slog.Logger      // of what goes wrong in the server; none if nil

	TLS      *tls.Config // for Start: how Listen and Leaf are sealed; needed off this machine
	CertFile string      // for WriteServerConfig: the same, as files of the server
	KeyFile  string
	Private  bool // for WriteServerConfig: without TLS, since only a private network leads there
}

// sealed says what is wrong with an address that others can reach.
func (o Options) sealed(addr string) error {
	if addr == "" || Loopback(addr) || o.TLS != nil || o.CertFile != "" || o.Private {
		return nil
	}
	return fmt.Errorf("NATS at %s can be reached from other machines: give it a certificate and its key, or let it listen on a loopback address", addr)
}

// Server is a NATS server within this process.
type Server struct {
	dir string
	ns  *server.Server
}

const (
	readyWithin = 20 * time.Second
	tlsWithin   = 5 // seconds that a handshake may take
)

// Start starts a NATS server that listens as Options say. It is the same server
// that WriteServerConfig describes: each message is on stable storage before it
// is acknowledged. Started again with the same Dir it has the same keys and data.
//
// Whoever holds a creds file connects with any NATS client, in Go
//
//	nc, err := nats.Connect(url, nats.UserCredentials("northshire-police.creds"))
//
// and publishes CloudEvents to events.<family>.<name>, for example
// events.police.missing-episode, with JetStream publish or a plain one. What
// became of them comes on inbox.receipts and inbox.refusals: see Agency.
func Start(o Options) (*Server, error) {
	conf := filepath.Join(o.Dir, "nats-server.conf")
	if err := WriteServerConfig(conf, o); err != nil {
		return nil, err
	}
	opts, err := server.ProcessConfigFile(conf)
	if err != nil {
		return nil, fmt.Errorf("start the bus: %w", err)
	}
	opts.NoSigs = true
	if o.TLS != nil {
		opts.TLS, opts.TLSConfig, opts.TLSTimeout = true, o.TLS, tlsWithin
		if o.Leaf != "" {
			opts.LeafNode.TLSConfig, opts.LeafNode.TLSTimeout = o.TLS, tlsWithin
		}
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start the bus: %w", err)
	}
	if o.Log != nil {
		ns.SetLoggerV2(serverLog{o.Log}, false, false, false)
	}
	ns.Start()
	if !ns.ReadyForConnections(readyWithin) || !ns.JetStreamEnabled() {
		ns.Shutdown()
		return nil, errors.New("start the bus: not ready in time; is the address taken, or the disk full?")
	}
	return &Server{dir: o.Dir, ns: ns}, nil
}

// URL is where the server listens.
func (s *Server) URL() string { return s.ns.ClientURL() }

// Creds is the path of the creds file of an agency's own user.
func (s *Server) Creds(a events.AgencyID) string {
	return filepath.Join(s.dir, "creds", credsOf(string(a)))
}

// HubCreds is the path of the creds file of the hub's user in an agency's account.
func (s *Server) HubCreds(a events.AgencyID) string {
	return filepath.Join(s.dir, "creds", hubCredsOf(string(a)))
}

// Shutdown stops the server and waits until its files are closed.
func (s *Server) Shutdown() {
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
}

// WriteServerConfig writes the configuration of a nats-server that runs by
// itself, and keys and creds files below Options.Dir as Start does. The file
// holds no secret: the operator's key stays where it is. Run it again after an
// agency joined, and reload the server.
func WriteServerConfig(path string, o Options) error {
	if err := errors.Join(o.sealed(o.Listen), o.sealed(o.Leaf)); err != nil {
		return err
	}
	t, err := newTrust(o.Dir, o.Agencies)
	if err != nil {
		return fmt.Errorf("set up the bus: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("set up the bus: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "server_name: kith\nlisten: %q\nmax_payload: 1MB\n\n", listen(o))
	fmt.Fprintf(&b, "# Every message is on stable storage before it is acknowledged.\n")
	fmt.Fprintf(&b, "jetstream {\n  store_dir: %q\n  sync_interval: always\n}\n\n", cmp.Or(o.Store, filepath.Join(o.Dir, "jetstream")))
	b.WriteString(o.tlsBlock(""))
	if o.Leaf != "" {
		leafNodes(&b, o, t)
	}
	fmt.Fprintf(&b, "operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: {\n", t.operator, t.system)
	for _, k := range slices.Sorted(maps.Keys(t.accounts)) {
		fmt.Fprintf(&b, "  %s: %s\n", k, t.accounts[k])
	}
	b.WriteString("}\n")
	if err := writeFile(path, []byte(b.String())); err != nil {
		return fmt.Errorf("set up the bus: %w", err)
	}
	return nil
}

// leafNodes: the one JetStream, of which agencies use INBOX, is here. Without a
// word for each account a server keeps JetStream's subjects off a leaf node.
func leafNodes(b *strings.Builder, o Options, t trust) {
	fmt.Fprintf(b, "leafnodes {\n  listen: %q\n%s}\ndefault_js_domain {\n", o.Leaf, o.tlsBlock("  "))
	for _, k := range slices.Sorted(maps.Keys(t.accounts)) {
		if k != t.system {
			fmt.Fprintf(b, "  %s: \"\"\n", k)
		}
	}
	b.WriteString("}\n\n")
}

// tlsBlock names the server's certificate where it has one of its own.
func (o Options) tlsBlock(indent string) string {
	if o.CertFile == "" {
		return ""
	}
	return fmt.Sprintf("%stls { cert_file: %q, key_file: %q, min_version: \"1.2\", timeout: %d }\n", indent, o.CertFile, o.KeyFile, tlsWithin)
}

// listen: NATS asks for port -1 where everybody else asks for 0.
func listen(o Options) string {
	at := cmp.Or(o.Listen, "127.0.0.1:0")
	if host, ok := strings.CutSuffix(at, ":0"); ok {
		return host + ":-1"
	}
	return at
}

// serverLog passes on what goes wrong. The server's lines name accounts,
// streams and subjects, none of which hold personal data.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(string, ...any)    {}
func (l serverLog) Debugf(string, ...any)     {}
func (l serverLog) Tracef(string, ...any)     {}
func (l serverLog) Warnf(f string, v ...any)  { l.print(slog.LevelWarn, f, v) }
func (l serverLog) Errorf(f string, v ...any) { l.print(slog.LevelError, f, v) }
func (l serverLog) Fatalf(f string, v ...any) { l.print(slog.LevelError, f, v) }
func (l serverLog) print(v slog.Level, f string, a []any) {
	l.log.Log(context.Background(), v, "nats: "+fmt.Sprintf(f, a...))
}
