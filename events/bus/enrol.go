package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"kith/events"
)

// An agency may make its own key, so that nobody else ever had it: the hub's
// operator then signs a token for the public half. The account that signs is
// known to the server already, so that a server that runs takes the token at once.

// Errors of an enrolment, for whoever can do something about it.
var (
	ErrNoUserKey   = errors.New("is no public key of a NATS user")
	ErrNoAccount   = errors.New("the agency has no account there: put it into the hub's configuration first, and start the hub or write the server's configuration with it")
	ErrNotForUs    = errors.New("the token is for another key, or another agency")
	errNoUserToken = errors.New("is no token of a NATS user")
)

// publicKeyLen is how long a public key is as text. nkeys itself overlooks one
// letter too many.
const publicKeyLen = 56

// UserKey opens the key of an agency's user in a file, or makes it there, and
// returns its public half.
func UserKey(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	k, err := keyPair(path, nkeys.CreateUser)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	defer k.Wipe()
	if p := public(k); nkeys.IsValidPublicUserKey(p) {
		return p, nil
	}
	return "", errors.New("the key that is there is none of a NATS user")
}

// Approve signs a token with which the holder of a key is the agency's user. Dir
// is the folder of Options; the agency must have its account there. The token
// holds no secret, and may do what the agency's own creds file may, until it
// expires; a zero time is never.
func Approve(dir string, a events.AgencyID, userKey string, expires time.Time) (string, error) {
	switch {
	case !validAgency(a):
		return "", errors.New("an agency id is letters a to z, digits and hyphens")
	case len(userKey) != publicKeyLen || !nkeys.IsValidPublicUserKey(userKey):
		return "", ErrNoUserKey
	}
	seed, err := os.ReadFile(accountKey(dir, "agency-"+string(a)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNoAccount
	}
	if err != nil {
		return "", fmt.Errorf("approve %s: %w", a, err)
	}
	account, err := nkeys.FromSeed(seed)
	if err != nil {
		return "", fmt.Errorf("approve %s: %w", a, err)
	}
	defer account.Wipe()
	claims := jwt.NewUserClaims(userKey)
	claims.Name, claims.Permissions = string(a), agencyMay()
	if !expires.IsZero() {
		claims.Expires = expires.Unix()
	}
	return claims.Encode(account)
}

// Join writes the creds file of a link from the agency's own key and the token
// that was approved for it.
func Join(l Link, keyPath, token string) error {
	seed, err := os.ReadFile(keyPath)
	if err != nil {
		return fmt.Errorf("join as %s: %w", l.Agency, err)
	}
	k, err := nkeys.FromSeed(seed)
	if err != nil {
		return fmt.Errorf("join as %s: %w", l.Agency, err)
	}
	defer k.Wipe()
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return errNoUserToken
	}
	if claims.Subject != public(k) || claims.Name != string(l.Agency) {
		return ErrNotForUs
	}
	file, err := jwt.FormatUserConfig(token, seed)
	if err != nil {
		return fmt.Errorf("join as %s: %w", l.Agency, err)
	}
	if err := os.MkdirAll(filepath.Dir(l.Creds), 0o700); err != nil {
		return fmt.Errorf("join as %s: %w", l.Agency, err)
	}
	return writeFile(l.Creds, file)
}
