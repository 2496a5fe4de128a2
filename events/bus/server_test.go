package bus

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"kith/events"
)

// violations connects and passes on what NATS refuses: a publish itself has no
// answer, so that is the only way to learn of it.
func violations(t *testing.T, s *Server, creds string) (*nats.Conn, chan error) {
	t.Helper()
	errs := make(chan error, 64)
	nc := plain(t, s, creds, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { errs <- err }))
	return nc, errs
}

func TestPermissionsOfAgency(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s)
	consume(t, h, accept(t))
	nc, errs := violations(t, s, s.Creds(police))
	for _, subject := range []string{
		"inbox.receipts", "inbox.anything", "_HUB.x", "other",
		"$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.STREAM.DELETE.INBOX", "$JS.API.STREAM.PURGE.INBOX",
		"$JS.API.STREAM.UPDATE.EVENTS", "$JS.API.STREAM.UPDATE.INBOX", "$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.MSG.DELETE.INBOX",
		"$JS.API.STREAM.INFO.EVENTS", "$JS.API.STREAM.MSG.GET.EVENTS", "$JS.API.DIRECT.GET.EVENTS", "$JS.API.STREAM.SNAPSHOT.EVENTS",
		"$JS.API.CONSUMER.CREATE.EVENTS", "$JS.API.CONSUMER.CREATE.EVENTS.x", "$JS.API.CONSUMER.CREATE.EVENTS.x.events.>", "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.x",
		"$JS.API.CONSUMER.MSG.NEXT.EVENTS.hub", "$JS.API.CONSUMER.DELETE.EVENTS.hub", "$JS.API.CONSUMER.INFO.EVENTS.hub", "$JS.API.CONSUMER.PAUSE.EVENTS.hub",
		"$JS.ACK.EVENTS.hub.1.1.1.1.0", "$JS.API.META.LEADER.STEPDOWN", "$SYS.REQ.SERVER.PING",
	} {
		if err := nc.Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		mustRefuse(t, nc, errs, "publish "+subject)
	}
	for _, subject := range []string{"events.>", ">", "_HUB.>", "$JS.>", "$SYS.>"} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		mustRefuse(t, nc, errs, "subscribe "+subject)
	}
}

func mustRefuse(t *testing.T, nc *nats.Conn, errs chan error, what string) {
	t.Helper()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-errs:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("%s was allowed", what)
	}
}

// A consumer of INBOX must not become a way around the permissions.
func TestAgencyCannotRedirectItsInbox(t *testing.T) {
	s := start(t, t.TempDir())
	connectHub(t, s)
	js, err := jetstream.New(plain(t, s, s.Creds(police)))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"inbox.receipts", "inbox.x"} {
		if _, err := js.CreateOrUpdatePushConsumer(within(t), "INBOX", jetstream.ConsumerConfig{Durable: "p", DeliverSubject: to, AckPolicy: jetstream.AckNonePolicy}); err == nil {
			t.Errorf("a push consumer that writes to %s was made", to)
		}
	}
}

func TestAccountsAreApart(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s) // nobody consumes: police's event stays in EVENTS
	a := connect(t, s, police)
	if err := a.Publish(within(t), sample("1")); err != nil {
		t.Fatal(err)
	}
	if err := h.Deliver(within(t), police, "notice", mustEvent(t, "n")); err != nil {
		t.Fatal(err)
	}
	nc := plain(t, s, s.Creds(health))
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	inbox, err := js.Stream(within(t), "INBOX") // health's own
	if err != nil {
		t.Fatal(err)
	}
	if n := inbox.CachedInfo().State.Msgs; n != 0 {
		t.Errorf("health finds %d messages of police", n)
	}
	if _, err := js.Publish(within(t), "events.police.missing-episode", []byte("{}")); err != nil {
		t.Error("health may publish, in its own account")
	}
	if n := waitingIn(t, s, police); n != 1 {
		t.Errorf("police has %d messages waiting, want its own 1", n)
	}
}

// A user of an account without the streams is told that there are none.
func TestNoSuchStreamElsewhere(t *testing.T) {
	s := start(t, t.TempDir())
	h, err := ConnectHub(within(t), []Link{{URL: s.URL(), Creds: s.HubCreds(police), Agency: police}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	js, err := jetstream.New(plain(t, s, s.Creds(health)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Stream(within(t), "INBOX"); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := js.Publish(within(t), "events.x", nil); err == nil {
		t.Error("somebody took health's message")
	}
}

// waitingIn counts EVENTS as only the hub's user may.
func waitingIn(t *testing.T, s *Server, a events.AgencyID) uint64 {
	t.Helper()
	js, err := jetstream.New(plain(t, s, s.HubCreds(a), nats.CustomInboxPrefix(hubInbox)))
	if err != nil {
		t.Fatal(err)
	}
	st, err := js.Stream(within(t), "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	return st.CachedInfo().State.Msgs
}

func TestHubMayNotDelete(t *testing.T) {
	s := start(t, t.TempDir())
	connectHub(t, s)
	nc, errs := violations(t, s, s.HubCreds(police))
	for _, subject := range []string{"$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.INBOX", "$JS.API.STREAM.UPDATE.EVENTS", "events.x"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		mustRefuse(t, nc, errs, subject)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	s := start(t, t.TempDir())
	if nc, err := nats.Connect(s.URL()); err == nil {
		nc.Close()
		t.Error("connected without creds")
	}
	foreign := start(t, t.TempDir()) // same names, other keys
	if nc, err := nats.Connect(s.URL(), nats.UserCredentials(foreign.Creds(police))); err == nil {
		nc.Close()
		t.Error("connected with creds of another operator")
	}
}

func TestRestartKeepsKeysAndMessages(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	h := connectHub(t, s)
	a := connect(t, s, police)
	old := filepath.Join(t.TempDir(), "old.creds") // as an agency was given it
	copyFile(t, s.Creds(police), old)
	if err := a.Publish(within(t), sample("1")); err != nil {
		t.Fatal(err)
	}
	if err := h.Deliver(within(t), police, "notice", mustEvent(t, "n")); err != nil {
		t.Fatal(err)
	}
	h.Close()
	s.Shutdown()

	s = start(t, dir)
	nc := plain(t, s, old)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	inbox, err := js.Stream(within(t), "INBOX")
	if err != nil || inbox.CachedInfo().State.Msgs != 1 {
		t.Fatalf("the inbox was not kept: %v", err)
	}
	seen := make(chan string, 1)
	consume(t, connectHub(t, s), func(_ context.Context, _ events.AgencyID, m Message) (Answer, error) {
		seen <- string(m.Body)
		return Answer{Digest: Digest(m), Refusal: &Refusal{Digest: Digest(m)}}, nil
	})
	if got := receive(t, seen); got != string(sample("1").Body) {
		t.Errorf("got %s", got)
	}
}

func TestStreamsThatAreThereAreLeftAlone(t *testing.T) {
	s := start(t, t.TempDir())
	js, err := jetstream.New(plain(t, s, s.HubCreds(police), nats.CustomInboxPrefix(hubInbox)))
	if err != nil {
		t.Fatal(err)
	}
	mine := eventsStream()
	mine.MaxMsgs, mine.Description = 7, "set up by hand"
	if _, err := js.CreateStream(within(t), mine); err != nil {
		t.Fatal(err)
	}
	connectHub(t, s)
	connectHub(t, s)
	st, err := js.Stream(within(t), "EVENTS")
	if err != nil || st.CachedInfo().Config.MaxMsgs != 7 || st.CachedInfo().Config.Description != "set up by hand" {
		t.Errorf("changed: %+v %v", st.CachedInfo().Config, err)
	}
}

func TestUnsuitableStreamIsAnError(t *testing.T) {
	s := start(t, t.TempDir())
	js, err := jetstream.New(plain(t, s, s.HubCreds(police), nats.CustomInboxPrefix(hubInbox)))
	if err != nil {
		t.Fatal(err)
	}
	wrong := eventsStream()
	wrong.Retention = jetstream.InterestPolicy
	if _, err := js.CreateStream(within(t), wrong); err != nil {
		t.Fatal(err)
	}
	if _, err := ConnectHub(within(t), []Link{{URL: s.URL(), Creds: s.HubCreds(police), Agency: police}}); !errors.Is(err, errUnsuitable) {
		t.Errorf("got %v", err)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)
	for _, d := range []string{"keys", "creds"} {
		err := filepath.WalkDir(filepath.Join(dir, d), func(p string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v %v", p, info.Mode(), err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	conf, err := os.ReadFile(filepath.Join(dir, "nats-server.conf"))
	if err != nil || strings.Contains(string(conf), "SO") && strings.Contains(string(conf), "SEED") {
		t.Errorf("the configuration holds a seed: %v", err)
	}
}

func TestWriteServerConfig(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	conf := filepath.Join(elsewhere, "etc", "nats-server.conf")
	o := Options{Dir: dir, Listen: "127.0.0.1:0", Agencies: []events.AgencyID{police, health}, Store: filepath.Join(elsewhere, "data")}
	if err := WriteServerConfig(conf, o); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if !opts.SyncAlways || !opts.JetStream || opts.StoreDir != o.Store {
		t.Errorf("sync %v, jetstream %v, store %s", opts.SyncAlways, opts.JetStream, opts.StoreDir)
	}
	opts.NoSigs, opts.NoLog = true, true
	ns, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	s := &Server{dir: dir, ns: ns}
	t.Cleanup(s.Shutdown)
	if !ns.ReadyForConnections(readyWithin) {
		t.Fatal("not ready")
	}
	consume(t, connectHub(t, s), accept(t))
	if a, err := connect(t, s, health).Send(within(t), sample("1")); err != nil || a.Receipt == nil {
		t.Errorf("got %+v %v", a, err)
	}
}

func TestListen(t *testing.T) {
	for in, want := range map[string]string{"": "127.0.0.1:-1", "127.0.0.1:0": "127.0.0.1:-1", "0.0.0.0:4222": "0.0.0.0:4222", "[::1]:0": "[::1]:-1"} {
		if got := listen(Options{Listen: in}); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if _, err := Start(Options{Dir: t.TempDir(), Agencies: []events.AgencyID{"../x"}}); err == nil {
		t.Error("an agency that is a path passed")
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFullStream: what an agency may leave in EVENTS is limited in bytes. What is
// more is refused to who publishes, until the hub took some; no other agency
// notices.
func TestFullStream(t *testing.T) {
	s := start(t, t.TempDir())
	h := connectHub(t, s) // nobody consumes yet
	ctx := t.Context()
	d := h.desk(police)
	st, err := d.js.Stream(ctx, streamEvents)
	if err != nil {
		t.Fatal(err)
	}
	if c := st.CachedInfo().Config; c.MaxBytes != maxEvents || c.Discard != jetstream.DiscardNew {
		t.Fatalf("at most %d bytes, %v", c.MaxBytes, c.Discard)
	}
	a, err := Connect(ctx, Link{URL: s.URL(), Creds: s.Creds(police), Agency: police})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	big := sample("big")
	big.Body = append(big.Body, strings.Repeat(" ", 900_000)...)
	n := 0
	for ; err == nil && n < 400; n++ {
		err = a.Publish(ctx, big)
	}
	var full *jetstream.APIError
	if !errors.As(err, &full) || n < 250 {
		t.Fatalf("after %d messages of 900 kB: %v", n, err)
	}
	other, err := Connect(ctx, Link{URL: s.URL(), Creds: s.Creds(health), Agency: health})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Publish(ctx, sample("small")); err != nil {
		t.Errorf("another agency: %v", err)
	}
	consume(t, h, accept(t))
	from := time.Now()
	for until := from.Add(2 * time.Minute); a.Publish(ctx, big) != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("nothing is taken again")
		}
	}
	t.Logf("%d messages of 900 kB filled it; %s after the hub began to consume there was room", n, time.Since(from).Round(time.Millisecond))
}
