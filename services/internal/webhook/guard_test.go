package webhook

import (
	"net"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestGuard(t *testing.T) {
	office := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}
	for address, want := range map[string]struct{ world, office bool }{
		"93.184.215.14:443":          {true, true},
		"[2606:4700::1111]:443":      {true, true},
		"[::ffff:93.184.215.14]:443": {true, true},
		"10.20.3.4:8443":             {false, true},
		"[fd00:1::5]:443":            {false, true},
		"[::ffff:10.20.3.4]:443":     {false, true},
		"10.21.3.4:443":              {},
		"127.0.0.1:443":              {},
		"[::1]:443":                  {},
		"[::]:443":                   {},
		"0.0.0.0:443":                {},
		"[::ffff:127.0.0.1]:443":     {},
		"169.254.169.254:80":         {},
		"[fd00:ec2::254]:80":         {},
		"[fe80::1%eth0]:443":         {},
		"100.100.100.200:80":         {},
		"192.168.1.1:443":            {},
		"172.31.255.255:443":         {},
		"198.18.0.1:443":             {},
		"224.0.0.1:443":              {},
		"255.255.255.255:443":        {},
		"[64:ff9b::7f00:1]:443":      {}, // 127.0.0.1 behind NAT64
		"[2002:7f00:1::]:443":        {}, // in 6to4
		"[2001:0:7f00:1::]:443":      {}, // in Teredo
		"[2001:db8::1]:443":          {},
		"[ff02::1]:443":              {},
		"not-an-address:443":         {},
		"":                           {},
	} {
		for _, g := range []struct {
			guard
			want bool
		}{{guard{}, want.world}, {guard{networks: office}, want.office}} {
			if err := g.control("tcp", address, nil); (err == nil) != g.want {
				t.Errorf("%s with %v: %v", address, g.networks, err)
			}
		}
	}
	if (guard{networks: office, plain: true}).control("tcp", "10.20.3.4:80", nil) == nil {
		t.Error("it would go over a network without TLS")
	}
	here := guard{networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, plain: true}
	if err := here.control("tcp", "127.0.0.1:80", nil); err != nil {
		t.Error(err)
	}
}

// No address that the standard library calls other than public gets through,
// however it is written.
func TestGuardAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")
		a := netip.AddrFrom4([4]byte(raw))
		if rapid.Bool().Draw(t, "v6") {
			b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6 bytes")
			a = netip.AddrFrom16([16]byte(b))
		} else if rapid.Bool().Draw(t, "mapped") {
			a = netip.AddrFrom16(a.As16())
		}
		ip := net.IP(a.Unmap().AsSlice())
		inside := ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || !ip.IsGlobalUnicast()
		if err := (guard{}).control("tcp", netip.AddrPortFrom(a, 443).String(), nil); inside && err == nil {
			t.Errorf("%s was let through", a)
		}
	})
}
