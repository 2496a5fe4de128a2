package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"kith/events/bus"
)

// credentials looks at the creds file, without showing it to anybody.
func (p patient) credentials() finding {
	f := finding{What: "credentials"}
	info, err := os.Stat(p.link.Creds)
	if err == nil {
		err = bus.CheckCreds(p.link, p.now())
	}
	const again = "ask the hub's operator for a new creds file"
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.Says, f.Do = "there is no creds file at "+p.link.Creds, "put the file there that the hub's operator gave you, or name the right place"
	case errors.Is(err, bus.ErrCredsExpired):
		f.Says, f.Do = "the creds file "+bus.ErrCredsExpired.Error(), again+", unless the line about the clock is bad too"
	case errors.Is(err, bus.ErrCredsOfOther):
		f.Says, f.Do = "the creds file "+bus.ErrCredsOfOther.Error()+", not that of "+string(p.link.Agency), "name your own file, or give the agency's id as the hub's operator has it"
	case errors.Is(err, bus.ErrNoCreds):
		f.Says, f.Do = p.link.Creds+" "+bus.ErrNoCreds.Error(), again
	case err != nil:
		f.Says, f.Do = "the creds file cannot be read", "see that you may read "+p.link.Creds
	case info.Mode().Perm()&0o077 != 0:
		f.Says, f.Do = "others on this machine can read the private key in the creds file", "chmod 600 "+p.link.Creds
	default:
		f.Good, f.Says = true, "the creds file is whole, and that of "+string(p.link.Agency)
	}
	return f
}

func (p patient) receipts() finding {
	switch {
	case p.verifier == "":
		return finding{"receipts", false, "the hub's key is not known, so that receipts are not verified", "ask the hub's operator for the verifier, which kith hub prints as it starts; give it as verifier"}
	case !bus.ValidVerifier(p.verifier):
		return finding{"receipts", false, "the verifier is no key", "copy it again: it is one line and begins with kith-hub+"}
	}
	return finding{"receipts", true, "are verified with the hub's key", ""}
}

// nats looks at the way to the hub.
func (p patient) nats(ctx context.Context) []finding {
	look, err := bus.LookAt(ctx, p.link)
	f := finding{What: "nats"}
	switch {
	case err == nil:
		f.Good, f.Says = true, fmt.Sprintf("reached at %s, the inbox is there, %v there and back", p.link.URL, look.RoundTrip.Round(100*time.Microsecond))
		return append([]finding{f, p.clock("the hub's NATS", look.Ahead, look.RoundTrip)}, p.certificate("nats", look.Expires)...)
	case errors.Is(err, bus.ErrInClear):
		f.Says, f.Do = "what goes to "+p.link.URL+" could be read on the way", "give an address that begins with tls://; ask the hub's operator for it"
	case errors.Is(err, bus.ErrNotLetIn):
		f.Says, f.Do = bus.ErrNotLetIn.Error(), "see that the address is that of this hub; if it is, ask its operator whether your agency is registered, and for a new creds file"
	case errors.Is(err, bus.ErrNoInbox):
		f.Says, f.Do = bus.ErrNoInbox.Error(), "the hub makes it as it starts: ask its operator whether it runs and has your agency in its configuration"
	case untrusted(err):
		f.Says, f.Do = "the certificate at "+p.link.URL+" is not one that this machine trusts", "see that the name in the address is the certificate's and that this machine has the authority that signed it"
	default:
		f.Says, f.Do = "cannot be reached at "+p.link.URL, "see that the address is right and that your firewall lets connections out to it; then ask the hub's operator whether NATS runs"
	}
	return []finding{f}
}

// pages looks at the hub's own address.
func (p patient) pages(ctx context.Context) []finding {
	f := finding{What: "hub"}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(p.hub, "/")+"/readyz", nil)
	if err != nil {
		f.Says, f.Do = "its address is none", "give one like https://kith.example"
		return []finding{f}
	}
	asked := p.now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.Says, f.Do = "cannot be reached at "+p.hub, "see that the address is right and that your firewall lets connections out to it"
		if untrusted(err) {
			f.Says, f.Do = "the certificate at "+p.hub+" is not one that this machine trusts", "see that the name in the address is the certificate's, that it has not run out, and that this machine has the authority that signed it"
		}
		return []finding{f}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	f.Good, f.Says = res.StatusCode == http.StatusOK, "ready at "+p.hub
	if !f.Good {
		f.Says, f.Do = fmt.Sprintf("answers %d at %s", res.StatusCode, p.hub), "wait until it has started; if that does not help, ask its operator. What you send meanwhile is kept"
	}
	fs := []finding{f}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		took := p.now().Sub(asked)
		fs = append(fs, p.clock("the hub", asked.Add(took/2).Sub(at), took+time.Second)) // Date has whole seconds
	}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		fs = append(fs, p.certificate("hub", res.TLS.PeerCertificates[0].NotAfter)...)
	}
	return fs
}

// drift is how far two clocks may differ before chronologies go wrong.
const drift = 30 * time.Second

func (p patient) clock(whose string, ahead, unsure time.Duration) finding {
	f := finding{What: "clock", Good: ahead.Abs() <= drift+unsure, Says: "agrees with that of " + whose}
	if !f.Good {
		where := map[bool]string{true: "ahead of", false: "behind"}[ahead > 0]
		f.Says = fmt.Sprintf("%v %s that of %s", ahead.Abs().Round(time.Second), where, whose)
		f.Do = "set this machine's clock, best by NTP: what lies more than a day ahead is refused, and chronologies come out wrong; if yours is right, tell the hub's operator"
	}
	return f
}

// soon is how long before its end a certificate has to be seen to.
const soon = 14 * 24 * time.Hour

// certificate says nothing where there is none.
func (p patient) certificate(whose string, expires time.Time) []finding {
	if expires.IsZero() {
		return nil
	}
	f := finding{What: "certificate", Good: expires.Sub(p.now()) > soon, Says: "that of the " + whose + " is valid until " + expires.Format(time.DateOnly)}
	if !f.Good {
		f.Do = "ask the hub's operator to renew it"
	}
	return []finding{f}
}

// untrusted tells what is wrong with a certificate from what is wrong with the way.
func untrusted(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return authority || name || invalid
}
