package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"kith/events"
)

// Every agency is an account of its own: no permission can be written so
// wrongly that one agency sees another's messages. Within an account there are
// two users, and what each may do is listed here; all else is refused.

// agencyMay: publish events, read the inbox, and answer as a witness. Any consumer of INBOX may be
// made, durable or ephemeral; nothing else of JetStream can be reached, least of
// all EVENTS, whose messages only the hub may take away.
func agencyMay() jwt.Permissions {
	return jwt.Permissions{
		Pub: jwt.Permission{Allow: jwt.StringList{
			"events.>",
			"$JS.API.INFO",
			"$JS.API.STREAM.NAMES", // clients look up the stream of a subject
			"$JS.API.STREAM.INFO.INBOX",
			"$JS.API.CONSUMER.CREATE.INBOX", "$JS.API.CONSUMER.CREATE.INBOX.>",
			"$JS.API.CONSUMER.DURABLE.CREATE.INBOX.*",
			"$JS.API.CONSUMER.INFO.INBOX.*",
			"$JS.API.CONSUMER.DELETE.INBOX.*",
			"$JS.API.CONSUMER.MSG.NEXT.INBOX.*",
			"$JS.ACK.INBOX.>", "$JS.ACK.*.*.INBOX.>", // as it is, and as it is to become
			"$JS.FC.INBOX.>", "$JS.FC.*.*.INBOX.>",
			witnessInbox + ".>",
			subjectRenew,
		}},
		Sub: jwt.Permission{Allow: jwt.StringList{"_INBOX.>", "inbox.>", SubjectWitness}},
	}
}

// hubInbox keeps the hub's replies apart from the agency's, which may listen to
// all of _INBOX.
const hubInbox = "_HUB"

// hubMay: make the two streams, take events, take them out once they are
// answered, write to the inbox, ask the witness. It may delete neither stream,
// nor take anything out of the inbox.
func hubMay() jwt.Permissions {
	p := jwt.Permissions{
		Pub: jwt.Permission{Allow: jwt.StringList{
			"inbox.>",
			SubjectWitness,
			"$JS.API.INFO",
			"$JS.API.STREAM.PURGE.EVENTS",
			"$JS.API.CONSUMER.CREATE.EVENTS.>",
			"$JS.API.CONSUMER.INFO.EVENTS.*",
			"$JS.API.CONSUMER.MSG.NEXT.EVENTS.*",
			"$JS.ACK.EVENTS.>", "$JS.ACK.*.*.EVENTS.>",
		}},
		Sub:  jwt.Permission{Allow: jwt.StringList{hubInbox + ".>", witnessInbox + ".>", subjectRenew}},
		Resp: &jwt.ResponsePermission{MaxMsgs: 1, Expires: time.Minute}, // the answer to subjectRenew
	}
	for _, stream := range []string{streamEvents, streamInbox} {
		p.Pub.Allow.Add("$JS.API.STREAM.CREATE."+stream, "$JS.API.STREAM.INFO."+stream)
	}
	p.Pub.Allow.Add("$JS.API.STREAM.MSG.GET." + streamInbox) // what it told last
	return p
}

// trust is the operator's word on who is who: what a server has to be told.
type trust struct {
	operator string            // JWT
	system   string            // public key of the system account
	accounts map[string]string // public key to JWT, the system account included
}

// operatorIn is the operator's key, below a folder that is made if it is not there.
func operatorIn(dir string) (nkeys.KeyPair, error) {
	for _, d := range []string{"keys", "creds"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, err
		}
	}
	return keyPair(operatorKey(dir), nkeys.CreateOperator)
}

// newTrust issues the JWTs of all accounts, and a creds file for each user. Keys
// are made at first use and kept; what is derived from them is written anew each
// time, so that a change of permissions reaches everyone.
func newTrust(dir string, agencies []events.AgencyID) (trust, error) {
	t := trust{accounts: map[string]string{}}
	operator, err := operatorIn(dir)
	if err != nil {
		return trust{}, err
	}
	if t.system, err = t.account(dir, "system", operator, jwt.JetStreamLimits{}); err != nil {
		return trust{}, err
	}
	for _, a := range agencies {
		if !validAgency(a) {
			return trust{}, errors.New("an agency id is letters a to z, digits and hyphens")
		}
		if err := t.agency(dir, string(a), operator); err != nil {
			return trust{}, fmt.Errorf("account of %s: %w", a, err)
		}
	}
	claims := jwt.NewOperatorClaims(public(operator))
	claims.Name, claims.SystemAccount = "kith", t.system
	t.operator, err = claims.Encode(operator)
	return t, err
}

func (t *trust) agency(dir, name string, operator nkeys.KeyPair) error {
	// Ordered consumers live in memory; streams lie on disk, and there are two.
	limits := jwt.JetStreamLimits{MemoryStorage: 64 << 20, DiskStorage: jwt.NoLimit, Streams: 2, Consumer: 100}
	if _, err := t.account(dir, "agency-"+name, operator, limits); err != nil {
		return err
	}
	if err := user(dir, "agency-"+name, credsOf(name), agencyMay()); err != nil {
		return err
	}
	return user(dir, "agency-"+name, hubCredsOf(name), hubMay())
}

// account issues the JWT of an account and returns its public key.
func (t *trust) account(dir, name string, operator nkeys.KeyPair, limits jwt.JetStreamLimits) (string, error) {
	k, err := keyPair(accountKey(dir, name), nkeys.CreateAccount)
	if err != nil {
		return "", err
	}
	claims := jwt.NewAccountClaims(public(k))
	claims.Name = name
	claims.Limits.JetStreamLimits = limits
	t.accounts[public(k)], err = claims.Encode(operator)
	return public(k), err
}

// user writes the creds file of a user of an account.
func user(dir, account, creds string, may jwt.Permissions) error {
	k, err := keyPair(accountKey(dir, account), nkeys.CreateAccount)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(creds, ".creds")
	u, err := keyPair(filepath.Join(dir, "keys", "user-"+name+".nk"), nkeys.CreateUser)
	if err != nil {
		return err
	}
	claims := jwt.NewUserClaims(public(u))
	claims.Name, claims.Permissions = name, may
	token, err := claims.Encode(k)
	if err != nil {
		return err
	}
	seed, err := u.Seed()
	if err != nil {
		return err
	}
	file, err := jwt.FormatUserConfig(token, seed)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "creds", creds), file)
}

func accountKey(dir, name string) string {
	return filepath.Join(dir, "keys", "account-"+name+".nk")
}

func credsOf(agency string) string    { return agency + ".creds" }
func hubCredsOf(agency string) string { return "hub-" + agency + ".creds" }

// keyPair opens the key in a file, or makes one there.
func keyPair(path string, create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(path)
	if err == nil {
		return nkeys.FromSeed(seed)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k, err := create()
	if err != nil {
		return nil, err
	}
	if seed, err = k.Seed(); err != nil {
		return nil, err
	}
	return k, writeFile(path, seed)
}

// public cannot fail for a key pair that has a seed.
func public(k nkeys.KeyPair) string {
	p, _ := k.PublicKey()
	return p
}

func validAgency(a events.AgencyID) bool {
	return a != "" && !strings.ContainsFunc(string(a), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}
