package bus

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/nats-io/nats.go"
)

// Nothing is dialled in clear but this machine and the networks that are named:
// not by an address, and not by a name that has come to mean another.
func TestInClear(t *testing.T) {
	for url, sealed := range map[string]bool{
		"tls://hub.example:4222": true, "wss://hub.example": true, "nats://127.0.0.1:4222": true, "nats://localhost": true, "nats://[::1]:4222": true,
		"nats://hub.example:4222": false, "ws://hub.example": false, "hub.example:4222": false, "192.0.2.1": false, "": false,
		"tls://a.example,tls://b.example": true, "tls://a.example, nats://b.example": false, "nats://127.0.0.1,nats://b.example": false,
	} {
		if Sealed(url) != sealed {
			t.Errorf("%q: sealed %v", url, !sealed)
		}
		if _, err := (Link{URL: url}).guard(); errors.Is(err, ErrInClear) == sealed {
			t.Errorf("%q: %v", url, err)
		}
	}
	dial := func(l Link, address string) error {
		t.Helper()
		opts, err := l.guard()
		if err != nil {
			t.Fatal(err)
		}
		var o nats.Options
		for _, set := range opts {
			if err := set(&o); err != nil {
				t.Fatal(err)
			}
		}
		c, err := o.CustomDialer.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err
	}
	here := Link{URL: "nats://127.0.0.1:4222"}
	there := Link{URL: "nats://nats:4222", Plain: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	for _, tc := range []struct {
		link    Link
		address string
		refused bool
	}{
		{here, "127.0.0.1:1", false}, {here, "[::1]:1", false}, {here, "192.0.2.1:1", true}, {here, "[::ffff:192.0.2.1]:1", true},
		{there, "192.0.2.1:1", false}, {there, "198.51.100.1:1", true}, {there, "127.0.0.1:1", false},
	} {
		if err := dial(tc.link, tc.address); errors.Is(err, ErrInClear) != tc.refused {
			t.Errorf("%s to %s: %v", tc.link.URL, tc.address, err)
		}
	}
}
