package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"kith/events/bus"
)

// TLS says how what others can reach is sealed. On a loopback address nothing of
// it is needed; off it a process does not start without.
type TLS struct {
	CertFile string         `json:"certFile"` // the certificate, with those that lead to its root, in PEM
	KeyFile  string         `json:"keyFile"`  // its private key
	CAFile   string         `json:"caFile"`   // certificates that vouch for NATS; those of this machine
	ByProxy  bool           `json:"byProxy"`  // browsers come by https, through a proxy that ends TLS; false
	Plain    []netip.Prefix `json:"plain"`    // private networks, of containers or of the proxy, from which this process may be reached, and in which it reaches NATS, without TLS; none
}

// check: off this machine an address needs a certificate, or a private network
// that is named.
func (t TLS) check(cs *checks, addrs map[string]string) {
	cs.that((t.CertFile == "") == (t.KeyFile == ""), "tls.certFile and tls.keyFile go together")
	for i, n := range t.Plain {
		cs.that(private(n), "tls.plain[%d] must be a network that is private, no wider than /8, or /32 of IPv6, written by its first address", i)
	}
	for field, addr := range addrs {
		open := addr != "" && !loopback(addr) && t.CertFile == "" && len(t.Plain) == 0
		cs.that(!open, "%s can be reached from other machines: give tls.certFile and tls.keyFile, let it listen on 127.0.0.1 behind a proxy that ends TLS, or name in tls.plain the private network from which alone it may be reached", field)
	}
}

// private networks are those that no route leads to from outside (RFC 1918, RFC
// 4193, loopback).
func private(n netip.Prefix) bool {
	bits := 8
	if n.Addr().Is6() {
		bits = 32
	}
	a := n.Addr()
	shared := netip.MustParsePrefix("100.64.0.0/10").Contains(a)
	return n.IsValid() && n.Bits() >= bits && n == n.Masked() && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared)
}

// nats says what a link to NATS needs beside its address.
func (t TLS) nats(l bus.Link) bus.Link {
	l.CAFile, l.Plain = t.CAFile, t.Plain
	return l
}

// config is how an address is served: sealed, or not if it is nil.
func (t TLS) config(log *log.Logger) (*tls.Config, error) {
	if t.CertFile == "" {
		return nil, nil
	}
	c := &certificate{cert: t.CertFile, key: t.KeyFile, log: log}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// certificate is read again when its files change, so that a new one needs no
// restart.
type certificate struct {
	cert, key string
	log       *log.Logger

	mu     sync.Mutex
	now    *tls.Certificate
	stamps [2]stamp
	looked time.Time
}

type stamp struct {
	at   time.Time
	size int64
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) > time.Second {
		if err := c.load(); err != nil {
			c.log.Print("certificate files unreadable, the one before is still served: " + err.Error())
		}
	}
	return c.now, nil
}

// load reads the files if they are not those that were read last.
func (c *certificate) load() error {
	c.looked = time.Now()
	var stamps [2]stamp
	for i, name := range []string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		stamps[i] = stamp{info.ModTime(), info.Size()}
	}
	if c.now != nil && stamps == c.stamps {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return errors.New("certFile and keyFile do not hold a certificate and its key")
	}
	c.now, c.stamps = &pair, stamps
	return nil
}

// fenced takes connections from this machine and from the networks that are
// named, and drops all others unanswered.
type fenced struct {
	net.Listener
	from []netip.Prefix
}

func (f fenced) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, err := netip.ParseAddrPort(c.RemoteAddr().String())
		ip := at.Addr().Unmap()
		if err == nil && (ip.IsLoopback() || slices.ContainsFunc(f.from, func(p netip.Prefix) bool { return p.Contains(ip) })) {
			return c, nil
		}
		_ = c.Close()
	}
}
