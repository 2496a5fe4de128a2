package webhook

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errAddress reports an address to which nothing is sent.
var errAddress = errors.New("the address lies in no network that was allowed")

// guard says whether a connection may be made. It is asked with the very address
// that is dialled, each time: what the name meant a moment ago does not count.
type guard struct {
	networks []netip.Prefix // which may be reached beside the public network
	plain    bool           // without TLS: only this machine
}

// control is a net.Dialer's.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	at := ap.Addr().WithZone("").Unmap()
	if g.plain && !at.IsLoopback() {
		return errAddress
	}
	if slices.ContainsFunc(g.networks, func(n netip.Prefix) bool { return n.Contains(at) }) {
		return nil
	}
	if !public(at) {
		return errAddress
	}
	return nil
}

// public tells whether an address belongs to the internet. Of IPv6 that is only
// the part which is given out to networks, less what stands in it for something
// else; of IPv4, all that no registry keeps back.
func public(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	if a.Is6() && !theInternet.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(kept, func(n netip.Prefix) bool { return n.Contains(a) })
}

var theInternet = netip.MustParsePrefix("2000::/3")

// kept are the special-purpose addresses of IANA's two registries. Those of IPv6
// outside 2000::/3 need not be named.
var kept = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), // link-local, and the metadata of clouds
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.31.196.0/24"),
	netip.MustParsePrefix("192.52.193.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), // into IPv6 and back
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("192.175.48.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), // Teredo holds an IPv4 address
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4 does too
	netip.MustParsePrefix("2620:4f:8000::/48"),
	netip.MustParsePrefix("3fff::/20"),
}
