package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// What is wrong with a creds file, or with the way to the hub, as far as somebody
// can do something about it.
var (
	ErrNoCreds      = errors.New("is no creds file: it must hold a user's token and the private key that goes with it")
	ErrCredsExpired = errors.New("is no longer valid, or not yet")
	ErrCredsOfOther = errors.New("is another user's")
	ErrNotLetIn     = errors.New("NATS does not accept this creds file")
	ErrNoInbox      = errors.New("the account has no inbox yet")
)

// CheckCreds says whether a link's creds file is whole and the agency's own at a
// moment. Whether NATS accepts it only NATS knows: see Look.
func CheckCreds(l Link, now time.Time) error {
	text, err := os.ReadFile(l.Creds)
	if err != nil {
		return err
	}
	token, err := jwt.ParseDecoratedJWT(text)
	if err != nil {
		return ErrNoCreds
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return ErrNoCreds
	}
	key, err := nkeys.ParseDecoratedUserNKey(text)
	if err != nil {
		return ErrNoCreds
	}
	defer key.Wipe()
	switch {
	case public(key) != claims.Subject:
		return ErrNoCreds
	case claims.Expires != 0 && now.Unix() >= claims.Expires, now.Unix() < claims.NotBefore:
		return ErrCredsExpired
	case claims.Name != string(l.Agency):
		return ErrCredsOfOther
	}
	return nil
}

// Look is what one connection to the hub's NATS showed.
type Look struct {
	RoundTrip time.Duration
	Ahead     time.Duration // our clock before that of NATS, RoundTrip more or less
	Expires   time.Time     // of the server's certificate; zero without TLS
}

// LookAt connects once, does not try again, and changes nothing.
func LookAt(ctx context.Context, l Link) (Look, error) {
	wait := publishWithin
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end))
	}
	guarded, err := l.guard()
	if err != nil {
		return Look{}, err
	}
	nc, err := nats.Connect(l.address(), append(guarded, nats.UserCredentials(l.Creds), nats.Name("kith "+string(l.Agency)), nats.NoReconnect(), nats.Timeout(wait))...)
	if err != nil {
		return Look{}, refusal(err)
	}
	defer nc.Close()
	var look Look
	if tls, err := nc.TLSConnectionState(); err == nil && len(tls.PeerCertificates) > 0 {
		look.Expires = tls.PeerCertificates[0].NotAfter
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return look, err
	}
	asked := time.Now()
	s, err := js.Stream(ctx, streamInbox)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return look, ErrNoInbox
	case err != nil:
		return look, fmt.Errorf("ask for the inbox of %s: %w", l.Agency, err)
	}
	look.RoundTrip = time.Since(asked)
	look.Ahead = asked.Add(look.RoundTrip / 2).Sub(s.CachedInfo().TimeStamp)
	return look, nil
}

// refusal tells a server that says no from one that is not there. A revoked user
// gets an error of the server of which the client knows only the text.
func refusal(err error) error {
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) ||
		errors.Is(err, nats.ErrAccountAuthExpired) || strings.Contains(strings.ToLower(err.Error()), "authorization violation") {
		return ErrNotLetIn
	}
	return err
}
