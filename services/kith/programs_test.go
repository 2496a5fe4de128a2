package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// program makes a certificate for a program, valid for some time from a moment.
func (ca testCA) program(serial int64, from time.Time, valid time.Duration) tls.Certificate {
	key, der := ca.issue(&x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "records"}, NotBefore: from, NotAfter: from.Add(valid)}, &ca)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// showing is a client with a certificate of its own.
func (ca testCA) showing(c ...tls.Certificate) *http.Client {
	h := ca.trusting()
	h.Transport.(*http.Transport).TLSClientConfig.Certificates = c
	return h
}

// A program comes in with the certificate that is listed, and with no other that
// the same authority signed, nor with one that has ended; at the pages' address
// nobody is asked for one, and one that is shown there counts for nothing.
func TestProgramWithCertificate(t *testing.T) {
	dir := t.TempDir()
	ca := newCA(t)
	sealed := ca.server(dir, 2)
	good := ca.program(10, time.Now().Add(-time.Hour), 2*time.Hour)
	over := ca.program(11, time.Now().Add(-2*time.Hour), time.Hour)
	early := ca.program(12, time.Now().Add(time.Hour), time.Hour)
	other := ca.program(13, time.Now().Add(-time.Hour), 2*time.Hour)
	line := func(actor string, c tls.Certificate) any {
		h := sha256.Sum256(c.Certificate[0])
		return map[string]any{"actor": actor, "name": "Records", "agency": "northshire-police", "role": "practitioner", "certSHA256": hex.EncodeToString(h[:])}
	}
	_, pages, _ := net.SplitHostPort(freeAddr(t))
	_, programs, _ := net.SplitHostPort(freeAddr(t))
	config := conf(t, dir, "hub.json", map[string]any{
		"addr": "127.0.0.1:" + pages, "adminAddr": freeAddr(t), "programs": "0.0.0.0:" + programs, "data": filepath.Join(dir, "hub"),
		"tls": map[string]any{"certFile": sealed.CertFile, "keyFile": sealed.KeyFile}, "nats": map[string]any{"listen": freeAddr(t)},
		"agencies": northshire(), "authority": authority, "users": []any{line("good", good), line("over", over), line("early", early)},
	})
	stop, _ := runUntil(t, "hub", config)
	defer stop()
	awaitTLS(t, ca.trusting(), "https://127.0.0.1:"+pages+"/readyz")
	ask := func(c *http.Client, port string) int {
		t.Helper()
		res, err := c.Get("https://127.0.0.1:" + port + "/v1/inbox")
		if err != nil {
			return 0
		}
		res.Body.Close()
		return res.StatusCode
	}
	for _, tc := range []struct {
		name string
		c    *http.Client
		port string
		want int
	}{
		{"the listed certificate", ca.showing(good), programs, http.StatusOK},
		{"another of the same authority", ca.showing(other), programs, http.StatusUnauthorized},
		{"one that has ended", ca.showing(over), programs, http.StatusUnauthorized},
		{"one that is not valid yet", ca.showing(early), programs, http.StatusUnauthorized},
		{"none", ca.showing(), programs, 0},
		{"another's, with a key of one's own", ca.showing(tls.Certificate{Certificate: good.Certificate, PrivateKey: other.PrivateKey}), programs, 0},
		{"the listed one, at the pages", ca.showing(good), pages, http.StatusUnauthorized},
	} {
		if got := ask(tc.c, tc.port); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
	if code, out, errs := runKith(t, "hub", "bar", "-config", config, "good"); code != exitGood {
		t.Fatal(out, errs)
	}
	if got := ask(ca.showing(good), programs); got != http.StatusUnauthorized {
		t.Errorf("a program that was put out: %d", got)
	}
}
