package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"kith/events"
)

// Agencies join and leave while everything runs.

// Admit connects to the account of one more agency, as ConnectHub does. If
// Consume runs, the agency's messages are handled from now on.
func (h *Hub) Admit(ctx context.Context, l Link) error {
	if h.desk(l.Agency) != nil {
		return nil
	}
	nc, js, err := dial(l, nats.CustomInboxPrefix(hubInbox))
	if err != nil {
		return err
	}
	d := &desk{agency: l.Agency, nc: nc, js: js, out: newBatcher(js), gone: make(chan struct{})}
	if err := retry(ctx, func(ctx context.Context) error { return ensureStreams(ctx, js) }); err != nil {
		d.close()
		return fmt.Errorf("connect %s: %w", l.Agency, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.desks = append(h.desks, d)
	if h.start != nil {
		h.start(d)
	}
	return nil
}

// Expel lets go of an agency. What is being handled may still get its answer.
func (h *Hub) Expel(a events.AgencyID) {
	h.mu.Lock()
	var d *desk
	if i := slices.IndexFunc(h.desks, func(d *desk) bool { return d.agency == a }); i >= 0 {
		d = h.desks[i]
		h.desks = slices.Delete(h.desks, i, i+1)
	}
	h.mu.Unlock()
	if d != nil {
		close(d.gone)
		d.close()
	}
}

func (d *desk) close() {
	d.out.close()
	d.nc.Close()
}

// left reports whether the agency was let go.
func (d *desk) left() bool {
	select {
	case <-d.gone:
		return true
	default:
		return false
	}
}

// MakeAccount makes the account of an agency and its users, below the folder of
// Options, without telling any server.
func MakeAccount(dir string, a events.AgencyID) error {
	_, err := makeAccount(dir, a)
	return err
}

func makeAccount(dir string, a events.AgencyID) (trust, error) {
	t := trust{accounts: map[string]string{}}
	if !validAgency(a) {
		return t, errors.New("an agency id is letters a to z, digits and hyphens")
	}
	operator, err := operatorIn(dir)
	if err == nil {
		err = t.agency(dir, string(a), operator)
	}
	if err != nil {
		return t, fmt.Errorf("account of %s: %w", a, err)
	}
	return t, nil
}

// Admit gives an agency its account, while the server runs. It has to be among
// the Agencies of Options when the server starts again.
func (s *Server) Admit(a events.AgencyID) error {
	t, err := makeAccount(s.dir, a)
	if err != nil {
		return err
	}
	for _, token := range t.accounts {
		if err := s.know(token); err != nil {
			return fmt.Errorf("admit %s: %w", a, err)
		}
	}
	return nil
}

// Expel cuts all connections of an agency's account, the hub's too, and lets
// nobody in with any token that was ever signed for it. Its key is put aside: if
// the agency is admitted again it is by another account.
func (s *Server) Expel(a events.AgencyID) error {
	token, err := expelled(s.dir, a)
	if err == nil {
		err = s.know(token)
	}
	if err == nil {
		err = PutAside(s.dir, a)
	}
	if err != nil {
		return fmt.Errorf("expel %s: %w", a, err)
	}
	return nil
}

// expelled is the JWT of an account that takes none of its users.
func expelled(dir string, a events.AgencyID) (string, error) {
	account, err := opened(accountKey(dir, "agency-"+string(a)))
	if err != nil {
		return "", err
	}
	operator, err := opened(operatorKey(dir))
	if err != nil {
		return "", err
	}
	claims := jwt.NewAccountClaims(public(account))
	claims.Name = "agency-" + string(a)
	claims.RevokeAt(jwt.All, time.Now().Add(time.Second))
	return claims.Encode(operator)
}

// know tells the running server the JWT of an account.
func (s *Server) know(token string) error {
	claims, err := jwt.DecodeAccountClaims(token)
	if err != nil {
		return err
	}
	if err := s.ns.AccountResolver().Store(claims.Subject, token); err != nil {
		return err
	}
	account, err := s.ns.LookupAccount(claims.Subject)
	if err != nil {
		return err
	}
	s.ns.UpdateAccountClaims(account, claims)
	return nil
}

// PutAside keeps the key of an agency's account under another name, so that
// nothing signed with it counts any more once the servers are told. That there
// is none is no error.
func PutAside(dir string, a events.AgencyID) error {
	path := accountKey(dir, "agency-"+string(a))
	err := os.Rename(path, path+".revoked-"+strconv.FormatInt(time.Now().UnixNano(), 10))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func operatorKey(dir string) string { return filepath.Join(dir, "keys", "operator.nk") }

// opened is a key that is there.
func opened(path string) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return nkeys.FromSeed(seed)
}
