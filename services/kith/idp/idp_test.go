package idp

import (
	"errors"
	"testing"
)

// Anybody is let in as anybody, so nobody elsewhere may reach it.
func TestLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "localhost:0", "hub.example:80", "127.0.0.1"} {
		p, err := Start(addr, nil)
		if !errors.Is(err, errNotLoopback) {
			t.Errorf("%s: %v", addr, err)
		}
		p.Close()
	}
	p, err := Start("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}
