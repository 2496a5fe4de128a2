package bus

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"kith/events"
)

// An agency's token expires, and the agency has it renewed before: it asks in
// its own account, and signs the question with the key that the token is for.

const (
	subjectRenew    = "renew.token"
	headerSignature = "Kith-Signature"
	headerProblem   = "Kith-Problem"
	renewWithin     = 5 * time.Minute // how old a question may be
)

// Renewer signs a new token for the key of an agency, or says no.
type Renewer func(agency events.AgencyID, userKey string) (token string, err error)

// Renewals says who renews tokens. Call it before Consume; without it nobody does.
func (h *Hub) Renewals(r Renewer) { h.renew = r }

// renewal is what an agency signs.
type renewal struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

var errNoRenewal = errors.New("the hub does not renew this token: ask its operator to approve your line again")

func (d *desk) renewals(r Renewer) error {
	if r == nil {
		return nil
	}
	_, err := d.nc.QueueSubscribe(subjectRenew, "hub", func(m *nats.Msg) {
		answer := nats.NewMsg(m.Reply)
		token, err := d.renewed(m, r)
		if err != nil {
			answer.Header.Set(headerProblem, "refused")
		}
		answer.Data = []byte(token)
		_ = m.RespondMsg(answer) // if it is lost, the agency asks again
	})
	return err
}

func (d *desk) renewed(m *nats.Msg, r Renewer) (string, error) {
	var q renewal
	if err := json.Unmarshal(m.Data, &q); err != nil {
		return "", errNoRenewal
	}
	signature, err := base64.StdEncoding.DecodeString(m.Header.Get(headerSignature))
	if err != nil || !nkeys.IsValidPublicUserKey(q.Key) || time.Since(q.At).Abs() > renewWithin {
		return "", errNoRenewal
	}
	key, err := nkeys.FromPublicKey(q.Key)
	if err != nil || key.Verify(m.Data, signature) != nil {
		return "", errNoRenewal
	}
	return r(d.agency, q.Key)
}

// CredsExpire is when the token of a creds file expires; zero if it never does.
func CredsExpire(path string) (time.Time, error) {
	claims, key, err := credsIn(path)
	if err != nil {
		return time.Time{}, err
	}
	key.Wipe()
	if claims.Expires == 0 {
		return time.Time{}, nil
	}
	return time.Unix(claims.Expires, 0), nil
}

func credsIn(path string) (*jwt.UserClaims, nkeys.KeyPair, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	token, err := jwt.ParseDecoratedJWT(text)
	if err != nil {
		return nil, nil, ErrNoCreds
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return nil, nil, ErrNoCreds
	}
	key, err := nkeys.ParseDecoratedUserNKey(text)
	if err != nil {
		return nil, nil, ErrNoCreds
	}
	return claims, key, nil
}

// Renew asks the hub for a new token for the key of a creds file and puts it in
// there. The private half signs the question, and stays where it is.
func (a *Agency) Renew(ctx context.Context, creds string) error {
	old, key, err := credsIn(creds)
	if err != nil {
		return fmt.Errorf("renew for %s: %w", a.id, err)
	}
	defer key.Wipe()
	question := nats.NewMsg(subjectRenew)
	if question.Data, err = json.Marshal(renewal{Key: old.Subject, At: time.Now().UTC()}); err != nil {
		return err
	}
	signature, err := key.Sign(question.Data)
	if err != nil {
		return err
	}
	question.Header.Set(headerSignature, base64.StdEncoding.EncodeToString(signature))
	m, err := a.nc.RequestMsgWithContext(ctx, question)
	if err != nil {
		return fmt.Errorf("renew for %s: %w", a.id, err)
	}
	fresh, err := jwt.DecodeUserClaims(string(m.Data))
	if err != nil || m.Header.Get(headerProblem) != "" || fresh.Subject != old.Subject || fresh.Name != old.Name {
		return fmt.Errorf("renew for %s: %w", a.id, errNoRenewal)
	}
	seed, err := key.Seed()
	if err != nil {
		return err
	}
	text, err := jwt.FormatUserConfig(string(m.Data), seed)
	if err != nil {
		return err
	}
	return writeFile(creds, text)
}

// KeepRenewed renews the token of a creds file, each time two thirds of what was
// left of it are over, until ctx ends. failed is told when that did not work.
func (a *Agency) KeepRenewed(ctx context.Context, creds string, failed func(error)) {
	const seldom = time.Hour
	for {
		expires, err := CredsExpire(creds)
		wait := seldom
		if err == nil && !expires.IsZero() {
			wait = min(seldom, max(time.Until(renewAt(creds, expires)), 0))
			if wait == 0 {
				within, cancel := context.WithTimeout(ctx, publishWithin)
				err = a.Renew(within, creds)
				cancel()
				wait = min(time.Minute, max(time.Second, time.Until(expires)/10))
			}
		}
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// renewAt: two thirds into the life of the token.
func renewAt(creds string, expires time.Time) time.Time {
	claims, key, err := credsIn(creds)
	if err != nil {
		return expires
	}
	key.Wipe()
	issued := time.Unix(claims.IssuedAt, 0)
	return issued.Add(expires.Sub(issued) * 2 / 3)
}
