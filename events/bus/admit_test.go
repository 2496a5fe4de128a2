package bus

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"kith/events"
)

// TestAdmitAndExpel: an agency that the server did not know joins while it and the
// hub run, is answered, has its token renewed, is cut off, and stays so.
func TestAdmitAndExpel(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	h := connectHub(t, s)
	var renewed atomic.Int32
	h.Renewals(func(a events.AgencyID, key string) (string, error) {
		renewed.Add(1)
		return Approve(dir, a, key, time.Now().Add(time.Hour))
	})
	consume(t, h, accept(t))
	const late = events.AgencyID("late-agency")
	if err := s.Admit(late); err != nil {
		t.Fatal(err)
	}
	if err := h.Admit(t.Context(), Link{URL: s.URL(), Creds: s.HubCreds(late), Agency: late}); err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	l := Link{URL: s.URL(), Creds: filepath.Join(own, "agency.creds"), Agency: late}
	key, err := UserKey(filepath.Join(own, "agency.nk"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := Approve(dir, late, key, time.Now().Add(4*time.Second))
	if err == nil {
		err = Join(l, filepath.Join(own, "agency.nk"), token)
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := Connect(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	send := func(id string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := a.Send(ctx, sample(id))
		return err
	}
	if err := send("first"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { a.KeepRenewed(ctx, l.Creds, func(err error) { t.Log(err) }); close(done) }()
	time.Sleep(5 * time.Second) // the first token has expired
	stop()
	<-done
	if err := send("second"); err != nil || renewed.Load() != 1 {
		t.Errorf("after the first token expired, renewed %d times: %v", renewed.Load(), err)
	}
	forged := nats.NewMsg(subjectRenew)
	forged.Data = []byte(`{"key":"` + key + `","at":"` + time.Now().UTC().Format(time.RFC3339) + `"}`)
	thief, _ := nkeys.CreateUser()
	signature, _ := thief.Sign(forged.Data)
	forged.Header.Set(headerSignature, string(signature))
	if m, err := a.nc.RequestMsg(forged, 5*time.Second); err != nil || m.Header.Get(headerProblem) == "" || len(m.Data) > 0 {
		t.Errorf("a question that another key signed: %v %v", m, err)
	}

	h.Expel(late)
	if err := s.Expel(late); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if a.nc.IsConnected() {
		t.Error("the connection outlived the agency")
	}
	again := func(s *Server, creds string) error {
		nc, err := nats.Connect(s.URL(), nats.UserCredentials(creds), nats.NoReconnect())
		if err == nil {
			nc.Close()
		}
		return err
	}
	if again(s, l.Creds) == nil || again(s, s.HubCreds(late)) == nil {
		t.Error("a creds file still lets in")
	}
	if again(s, s.Creds(police)) != nil {
		t.Error("another agency was cut off too")
	}
	s.Shutdown()
	if s = start(t, dir); again(s, l.Creds) == nil {
		t.Error("after a restart the creds file lets in again")
	}
	if err := s.Admit(late); err != nil {
		t.Fatal(err)
	}
	if again(s, s.Creds(late)) != nil || again(s, l.Creds) == nil {
		t.Error("admitted again: the new account lets in, what was signed before does not")
	}
	if _, err := os.Stat(l.Creds); err != nil {
		t.Fatal(err)
	}
}
