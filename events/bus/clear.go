package bus

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

// ErrInClear is why an address is not used: what goes there could be read on the way.
var ErrInClear = errors.New("would go over a network in clear: use an address that begins with tls://, or one of this machine; what is shut in a private network without TLS has to be named as such")

// Loopback reports whether an address, host and port, is of this machine and can
// be reached from nowhere else.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// address: what is said within the process goes over no network.
func (l Link) address() string {
	if l.Server != nil {
		return "nats://127.0.0.1"
	}
	return l.URL
}

// Sealed reports whether addresses of NATS, with commas between them, are sealed
// by TLS or of this machine.
func Sealed(urls string) bool {
	for a := range strings.SplitSeq(urls, ",") {
		u, err := url.Parse(strings.TrimSpace(a))
		if err != nil || inClear(a) && !Loopback(net.JoinHostPort(u.Hostname(), "0")) {
			return false
		}
	}
	return true
}

// inClear: nats.go seals what begins with one of the two others, and nothing else
// unless the server asks for it, which somebody on the way may take out.
func inClear(url string) bool {
	a := strings.TrimSpace(url)
	return !strings.HasPrefix(a, "tls://") && !strings.HasPrefix(a, "wss://")
}

// guard says how to connect so that nothing leaves this machine in clear, but into
// the networks that Link.Plain names. That is looked at again at each connection,
// for a name may come to mean something else, and a server may name others.
func (l Link) guard() ([]nats.Option, error) {
	if l.Server != nil {
		return []nats.Option{nats.InProcessServer(l.Server.ns)}, nil
	}
	var o []nats.Option
	if l.CAFile != "" {
		o = append(o, nats.RootCAs(l.CAFile))
	}
	if len(l.Plain) == 0 && !Sealed(l.URL) {
		return nil, fmt.Errorf("connect %s: %w", l.Agency, ErrInClear)
	}
	if !slices.ContainsFunc(strings.Split(l.URL, ","), inClear) {
		return o, nil
	}
	d := &net.Dialer{Timeout: 2 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if Loopback(address) || inside(address, l.Plain) {
			return nil
		}
		return ErrInClear
	}}
	return append(o, nats.SetCustomDialer(d)), nil
}

func inside(address string, nets []netip.Prefix) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap()) })
}
