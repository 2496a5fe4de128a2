package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/events/bus"
)

// authority signs certificates for a test.
type testCA struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string
}

func newCA(t *testing.T) testCA {
	t.Helper()
	ca := testCA{t: t, file: filepath.Join(t.TempDir(), "ca.pem")}
	var der []byte
	ca.key, der = ca.issue(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}, nil)
	ca.cert, _ = x509.ParseCertificate(der)
	ca.write(ca.file, "CERTIFICATE", der)
	return ca
}

func (ca testCA) issue(c *x509.Certificate, by *testCA) (*ecdsa.PrivateKey, []byte) {
	ca.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		ca.t.Fatal(err)
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		ca.t.Fatal(err)
	}
	return key, der
}

func (ca testCA) write(file, kind string, der []byte) {
	ca.t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		ca.t.Fatal(err)
	}
}

// server writes a certificate for this machine and its key.
func (ca testCA) server(dir string, serial int64) TLS {
	ca.t.Helper()
	key, der := ca.issue(&x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "hub"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}, &ca)
	t := TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), CAFile: ca.file}
	ca.write(t.CertFile, "CERTIFICATE", der)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		ca.t.Fatal(err)
	}
	ca.write(t.KeyFile, "PRIVATE KEY", pkcs8)
	return t
}

// trusting is a client that believes this authority and no other.
func (ca testCA) trusting() *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
}

// A hub and an agency that others can reach, over TLS from end to end: pages, the
// agency's door, metrics and NATS. Nothing of it answers in clear, a new
// certificate is served without a restart, and what the agency hands in is
// accepted.
func TestSealed(t *testing.T) {
	dir := t.TempDir()
	ca := newCA(t)
	sealed := ca.server(dir, 2)
	port := func() string { _, p, _ := net.SplitHostPort(freeAddr(t)); return p }
	hub, admin, nats, police, policeAdmin := port(), port(), port(), port(), port()
	files := map[string]any{"certFile": sealed.CertFile, "keyFile": sealed.KeyFile, "caFile": sealed.CAFile}
	data := filepath.Join(dir, "hub")
	stop, _ := runUntil(t, "hub", conf(t, dir, "hub.json", map[string]any{
		"addr": "0.0.0.0:" + hub, "adminAddr": "0.0.0.0:" + admin, "data": data, "tls": files,
		"nats": map[string]any{"listen": "0.0.0.0:" + nats}, "agencies": northshire(), "authority": authority,
		"users": []any{map[string]any{"actor": "a", "name": "A", "agency": "northshire-police", "role": "practitioner", "tokenSHA256": hash("t")}},
	}))
	defer stop()
	c := ca.trusting()
	awaitTLS(t, c, "https://127.0.0.1:"+hub+"/readyz")
	end, _ := runUntil(t, "agency", conf(t, dir, "police.json", map[string]any{
		"agency": northshire()[0], "addr": "0.0.0.0:" + police, "adminAddr": "0.0.0.0:" + policeAdmin, "data": filepath.Join(dir, "police"), "tls": files,
		"nats":    map[string]any{"url": "tls://127.0.0.1:" + nats, "creds": filepath.Join(data, "nats", "creds", "northshire-police.creds")},
		"clients": []any{map[string]any{"name": "records", "tokenSHA256": hash("c")}},
	}))
	defer end()
	awaitTLS(t, c, "https://127.0.0.1:"+police+"/livez")
	record, err := os.ReadFile("../police/testdata/encompass.json")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://127.0.0.1:"+police+"/encompass", bytes.NewReader(record))
	r.Header.Set("Authorization", "Bearer c")
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); res.StatusCode/100 != 2 || !strings.Contains(string(body), "kith receipt v1") {
		t.Errorf("the agency's door: %d %s", res.StatusCode, body)
	}
	res.Body.Close()
	for _, p := range []string{hub, admin, police, policeAdmin} {
		if res, err := http.Get("http://127.0.0.1:" + p + "/livez"); err == nil {
			res.Body.Close()
			if res.StatusCode != http.StatusBadRequest {
				t.Errorf("port %s answers in clear: %s", p, res.Status)
			}
		}
	}
	if _, err := bus.LookAt(t.Context(), bus.Link{URL: "nats://127.0.0.1:" + nats, Creds: filepath.Join(data, "nats", "creds", "northshire-police.creds"), Agency: "northshire-police"}); err == nil {
		t.Error("NATS takes a client that does not know its certificate")
	}
	if code, out, errs := runKith(t, "health", "-url", "https://127.0.0.1:"+hub+"/readyz"); code != exitGood {
		t.Errorf("health: %d %s%s", code, out, errs)
	}
	sign, err := c.Get("https://127.0.0.1:" + hub + "/sign-in")
	if err != nil || sign.Header.Get("Strict-Transport-Security") == "" || sign.ProtoMajor != 2 {
		t.Errorf("%v: not told to stay with https, or HTTP/1: %v", err, sign)
	}
	sign.Body.Close()
	ca.server(dir, 3)
	if got := serial(t, "127.0.0.1:"+hub, 3); got != 3 {
		t.Errorf("the new certificate is not served: still number %d", got)
	}
	if err := os.WriteFile(sealed.CertFile, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if got := serial(t, "127.0.0.1:"+hub, 3); got != 3 {
		t.Errorf("with a broken file number %d is served", got)
	}
}

// serial waits until a certificate is served, two seconds, and returns which is.
func serial(t *testing.T, addr string, want int64) (got int64) {
	t.Helper()
	for range 40 {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		got = conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
		conn.Close()
		if got == want {
			return got
		}
		time.Sleep(50 * time.Millisecond)
	}
	return got
}

func awaitTLS(t *testing.T, c *http.Client, address string) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if res, err := c.Get(address); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatal(address + " does not answer")
}

// Nothing that others can reach starts in clear.
func TestNothingInClearStarts(t *testing.T) {
	for _, tc := range []struct{ field, want string }{
		{`"addr": "0.0.0.0:8080"`, "addr can be reached from other machines"},
		{`"addr": ":8080"`, "addr can be reached"},
		{`"addr": "hub.example:8080"`, "addr can be reached"},
		{`"addr": "[::]:8080"`, "addr can be reached"},
		{`"adminAddr": "192.0.2.1:9090"`, "adminAddr can be reached"},
		{`"nats": {"listen": "0.0.0.0:4222"}`, "nats.listen can be reached"},
		{`"nats": {"leaf": "0.0.0.0:7422"}`, "nats.leaf can be reached"},
		{`"nats": {"listen": "0.0.0.0:4222"}, "tls": {"plain": ["10.1.0.0/16"]}`, "nats.listen can be reached"},
		{`"nats": {"url": "nats://nats.example:4222", "credsDir": "c"}`, "nats.url must begin with tls://"},
		{`"nats": {"url": "tls://a:4222,nats://b.example:4222", "credsDir": "c"}`, "nats.url must begin with tls://"},
		{`"store": {"kind": "eventstoredb", "connection": "esdb://db.example:2113?tls=false"}`, "store.connection reaches a database without TLS"},
		{`"tls": {"certFile": "c"}`, "tls.certFile and tls.keyFile go together"},
		{`"tls": {"plain": ["0.0.0.0/0"]}`, "tls.plain[0] must be"},
		{`"tls": {"plain": ["8.0.0.0/8"]}`, "tls.plain[0] must be"},
		{`"tls": {"plain": ["10.1.2.3/16"]}`, "tls.plain[0] must be"},
		{`"addr": "0.0.0.0:8080", "tls": {"byProxy": true}`, "addr can be reached"},
		{`"tls": true`, `"/tls"`},
	} {
		_, err := loadHub(write(t, strings.Replace(goodHub, "{", "{"+tc.field+",", 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.field, err, tc.want)
		}
	}
	for _, ok := range []string{`"addr": "localhost:8080"`, `"addr": "0.0.0.0:8080", "adminAddr": "[::1]:1", "tls": {"plain": ["10.1.0.0/16", "fd00::/32"]}`,
		`"addr": "0.0.0.0:8080", "nats": {"listen": "0.0.0.0:1", "leaf": "0.0.0.0:2"}, "tls": {"certFile": "c", "keyFile": "k"}`,
		`"tls": {"byProxy": true}`, `"nats": {"url": "tls://a.example:4222", "credsDir": "c"}`,
		`"store": {"kind": "eventstoredb", "connection": "esdb://127.0.0.1:2113?tls=false"}`} {
		if _, err := loadHub(write(t, strings.Replace(goodHub, "{", "{"+ok+",", 1))); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, tc := range []struct{ old, new, want string }{
		{"{", `{"addr": "0.0.0.0:8081",`, "addr can be reached"},
		{"{", `{"adminAddr": "0.0.0.0:9091",`, "adminAddr can be reached"},
		{"nats://127.0.0.1", "nats://hub.example", "nats.url must begin with tls://"},
	} {
		if _, err := loadAgency(write(t, strings.Replace(goodAgency, tc.old, tc.new, 1))); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.new, err, tc.want)
		}
	}
	missing := TLS{CertFile: "none.pem", KeyFile: "none.key"}
	if _, err := listen(log.New(io.Discard, "", 0), missing, site{addr: "127.0.0.1:0", handler: http.NotFoundHandler()}); err == nil {
		t.Error("it serves without the certificate that it was told of")
	}
}

// A connection from a network that is not named is dropped, whatever it asks.
func TestFence(t *testing.T) {
	for from, want := range map[string]bool{"10.1.2.3": true, "127.0.0.1": true, "::1": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "192.0.2.9": false, "::ffff:192.0.2.9": false} {
		l := &oneConn{from: &net.TCPAddr{IP: net.ParseIP(from), Port: 1}}
		c, err := fenced{l, []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}.Accept()
		if let := err == nil && c != nil; let != want || l.closed == want {
			t.Errorf("%s: let in %v, closed %v", from, let, l.closed)
		}
	}
}

// oneConn is a listener to which somebody connects once.
type oneConn struct {
	net.Listener
	net.Conn
	from         net.Addr
	done, closed bool
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.done {
		return nil, errors.New("closed")
	}
	l.done = true
	return l, nil
}
func (l *oneConn) Addr() net.Addr       { return l.from }
func (l *oneConn) RemoteAddr() net.Addr { return l.from }
func (l *oneConn) Close() error         { l.closed = true; return nil }
