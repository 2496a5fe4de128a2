package esdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"

	"kith/events/store"
	"kith/events/store/esdb"
	"kith/events/store/esdb/esdbtest"
)

// write is a write whose ids are as they should be.
func write(s store.Stream, expect store.Revision, because string, data ...[]byte) store.Write {
	w := store.Write{Stream: s, Expect: expect, Cause: store.Cause{By: "a", For: "b", Because: because}}
	for i, d := range data {
		w.Entries = append(w.Entries, store.Entry{ID: store.NewEventID(s, because, "test.v1", i), Type: "test.v1", Data: d})
	}
	return w
}

func one(s store.Stream, expect store.Revision, because string) store.Write {
	return write(s, expect, because, []byte(because))
}

func count(t *testing.T, l *esdb.Log, s store.Stream) (n int) {
	t.Helper()
	for _, err := range l.Read(t.Context(), s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func mustAppend(t *testing.T, l *esdb.Log, ws ...store.Write) []store.Appended {
	t.Helper()
	at, err := l.Append(t.Context(), ws...)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// raw is the client as it comes, to show that a fault is there.
func raw(t *testing.T, s *esdbtest.Server) *client.Client {
	t.Helper()
	conf, err := client.ParseConnectionString(s.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	conf.Logger = client.NoopLogging()
	c, err := client.NewClient(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// 1. A client that could not find the database once is dead for ever.
func TestADeadClientIsReplaced(t *testing.T) {
	s := esdbtest.Start(t)
	l, c := open(t, s), raw(t, s)
	s.Down()
	if _, err := c.GetServerVersion(); err == nil {
		t.Fatal("the raw client found a server that is down")
	}
	if _, err := l.Append(t.Context(), one("x-1", 0, "down")); !errors.Is(err, esdb.ErrUnreachable) {
		t.Errorf("server down: %v", err)
	}
	s.Up()
	var e *client.Error
	if _, err := c.GetServerVersion(); !errors.As(err, &e) || e.Code() != client.ErrorCodeConnectionClosed {
		t.Fatalf("the raw client came back to life: %v", err)
	}
	mustAppend(t, l, one("x-1", 0, "up"))
	if n := count(t, l, "x-1"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// 2. Who asks the client while it fails to find the database waits for ever,
// and while it looks for it no context ends the wait.
func TestNobodyWaitsForEver(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	goroutines := runtime.NumGoroutine()
	const rounds, callers = 4, 256
	for round := range rounds {
		mustAppend(t, l, one("x-1", store.Any, fmt.Sprint(round)))
		errs, start := make(chan error, callers), make(chan struct{})
		for range callers {
			go func() {
				<-start
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_, err := l.Last(ctx)
				errs <- err
			}()
		}
		close(start)
		s.Down() // while they begin
		for range callers {
			if err := <-errs; err != nil && !errors.Is(err, esdb.ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		s.Up()
	}
	mustAppend(t, l, one("x-1", store.Any, "last"))
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines+10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before: somebody waits in the client", runtime.NumGoroutine(), goroutines)
		}
	}
	t.Logf("%d callers in each of %d failures: 0 left waiting", callers, rounds)
}

func TestCallsHeedTheirContext(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	s.Down()
	_, _ = l.Last(t.Context()) // the client is dead now
	resume := s.Hang()
	defer resume()
	s.Up()
	for name, call := range map[string]func(context.Context) error{
		"append": func(ctx context.Context) error { _, err := l.Append(ctx, one("x-1", 0, "a")); return err },
		"last":   func(ctx context.Context) error { _, err := l.Last(ctx); return err },
		"read": func(ctx context.Context) error {
			for _, err := range l.Read(ctx, "x-1", 0) {
				return err
			}
			return nil
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		began := time.Now()
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
		cancel()
	}
	resume()
	mustAppend(t, l, one("x-1", 0, "a"))
}

// 3. The client puts the header that asks for the leader where it is never sent.
func TestEveryCallAsksForTheLeader(t *testing.T) {
	s := esdbtest.Start(t)
	if _, err := raw(t, s).ReadAll(t.Context(), client.ReadAllOptions{RequiresLeader: true}, 1); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); s.Astray() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	before := s.Astray()
	if before != 1 {
		t.Fatalf("the raw client sent %d calls without the header", before)
	}
	l := open(t, s)
	mustAppend(t, l, one("x-2", store.Any, "a"), one("x-1", 0, "a"))
	count(t, l, "x-1")
	for range l.Follow(t.Context(), 0) {
		break
	}
	if n := s.Astray() - before; n != 0 {
		t.Errorf("%d calls came without the header", n)
	}
}

// A cluster may have a new leader: the client is told which, and goes there.
func TestNotTheLeader(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	s.NotLeader()
	mustAppend(t, l, one("x-1", 0, "a"))
	if n := count(t, l, "x-1"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// 4. The client panics at a frame that it does not know.
func TestAnUnknownFrameIsAnError(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	mustAppend(t, l, one("x-1", 0, "a"))
	s.Surprise(1)
	if n := count(t, l, "x-1"); n != 1 { // the second attempt goes well
		t.Errorf("%d events", n)
	}
	s.Surprise(1000)
	for _, err := range l.Read(t.Context(), "x-1", 0) {
		if !errors.Is(err, esdb.ErrUnreachable) {
			t.Errorf("err = %v", err)
		}
	}
	s.Surprise(2)
	for r, err := range l.Follow(t.Context(), 0) {
		if err != nil || r.Stream != "x-1" {
			t.Errorf("%+v, %v", r, err)
		}
		break
	}
}

// 5. An append that is refused while it is being sent loses the reason; one
// whose answer is lost may have been done.
func TestAnUnclearAnswerIsLookedInto(t *testing.T) {
	s := esdbtest.Start(t)
	big := make([][]byte, 20)
	for i := range big {
		big[i] = bytes.Repeat([]byte{byte(i)}, 1<<19)
	}
	s.RefuseAppend(codes.PermissionDenied)
	var es []client.EventData
	for _, d := range big {
		es = append(es, client.EventData{EventType: "test", Data: d})
	}
	_, err := raw(t, s).AppendToStream(t.Context(), "raw", client.AppendToStreamOptions{}, es...)
	var e *client.Error
	if !errors.As(err, &e) || e.Code() != client.ErrorCodeUnknown || !errors.Is(err, io.EOF) {
		t.Fatalf("the raw client kept the reason: %v", err)
	}
	l := open(t, s)
	s.RefuseAppend(codes.PermissionDenied)
	mustAppend(t, l, write("x-1", 0, "big", big...))

	for i := range 10 {
		appends := s.Appends()
		s.LoseAnswer(0)
		at := mustAppend(t, l, one("x-2", store.Any, fmt.Sprint(i)))
		if at[0].Revision != store.Revision(i+1) || s.Appends() != appends+1 {
			t.Errorf("round %d: at %d after %d appends", i, at[0].Revision, s.Appends()-appends)
		}
	}
	if a, b := count(t, l, "x-1"), count(t, l, "x-2"); a != 20 || b != 10 {
		t.Errorf("%d and %d events", a, b)
	}
}

// 6. A client that reconnects forgets to close what it had.
func TestNothingLeaksWhenTheServerFails(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	mustAppend(t, l, one("x-1", store.Any, "first"))
	goroutines := runtime.NumGoroutine()
	const rounds = 20
	for i := range rounds {
		s.RefuseAppend(codes.Unavailable)
		mustAppend(t, l, one("x-1", store.Any, fmt.Sprint(i)))
	}
	s.Down()
	_, _ = l.Last(t.Context())
	s.Up()
	mustAppend(t, l, one("x-1", store.Any, "last"))
	var conns, now int
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if conns, now = s.Connections(), runtime.NumGoroutine(); conns == 1 && now <= goroutines+5 {
			return
		}
	}
	t.Errorf("after %d failures: %d connections, %d goroutines that were %d", rounds, conns, now, goroutines)
}

// 7. A client that is closed while a call reports a failure panics.
func TestCloseWaitsForCallsUnderWay(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	mustAppend(t, l, one("x-1", 0, "a"))
	resume := s.Hang()
	defer resume()
	ended, began := make(chan error, 1), time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	go func() {
		_, err := l.Append(ctx, one("x-1", 1, "b"))
		ended <- err
	}()
	time.Sleep(200 * time.Millisecond)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("closed after %v, while a call was under way", took)
	}
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call ended with %v", err)
	}
	if _, err := l.Append(t.Context(), one("x-1", 0, "a")); !errors.Is(err, esdb.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	if err := l.Close(); !errors.Is(err, esdb.ErrClosed) {
		t.Errorf("close again: %v", err)
	}
}

// 8. A subscription ends for good at the first trouble.
func TestFollowGoesOnAfterADrop(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	ledger, err := esdb.Open(t.Context(), s.ConnectionString(), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	const events, drops = 400, 40
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range events {
			mustAppend(t, l, one("x-1", store.Any, fmt.Sprint(i)))
			mustAppend(t, ledger, one("y-1", store.Any, fmt.Sprint(i))) // checkpoints come from these
			if i%(events/drops) == 0 {
				s.DropSubscriptions()
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := 0
	for r, err := range l.Follow(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; r.Stream != "x-1" || r.Revision != store.Revision(n) {
			t.Fatalf("event %d is %s/%d", n, r.Stream, r.Revision)
		}
		if n == events {
			break
		}
	}
	wg.Wait()
	if n != events || s.Subscriptions() < 3 {
		t.Errorf("followed %d of %d in %d subscriptions", n, events, s.Subscriptions())
	}
	t.Logf("%d events followed through %d subscriptions: 0 lost, 0 twice", n, s.Subscriptions())
}

// 9. Texts of the client's errors say that they cannot say, or quote the server.
func TestErrorsAreOurs(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	for code, want := range map[codes.Code]error{
		codes.Unknown: esdb.ErrUnreachable, codes.Aborted: esdb.ErrUnreachable, codes.Internal: esdb.ErrUnreachable,
		codes.Unavailable: esdb.ErrUnreachable, codes.ResourceExhausted: esdb.ErrUnreachable, codes.DeadlineExceeded: esdb.ErrUnreachable,
		codes.PermissionDenied: esdb.ErrRefused, codes.Unauthenticated: esdb.ErrRefused, codes.InvalidArgument: esdb.ErrTooBig,
	} {
		s.Calm()
		for range 10 {
			s.RefuseAppend(code)
		}
		_, err := l.Append(t.Context(), one("x-1", 0, code.String()))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", code, err, want)
		}
		for _, bad := range []string{"sorry", "ErrorCode", "[", "rpc", "secret of the server"} {
			if err != nil && strings.Contains(err.Error(), bad) {
				t.Errorf("%s: %v", code, err)
			}
		}
	}
}

// 10. Without TLS the client leaves the password out and says nothing.
func TestAPasswordNeedsTLS(t *testing.T) {
	for _, connection := range []string{"esdb://admin:secret@127.0.0.1:1?tls=false", "esdb://admin:secret@127.0.0.1:x", "http://admin:secret@h"} {
		_, err := esdb.Open(t.Context(), connection, "events")
		if err == nil || errors.Is(err, esdb.ErrUnreachable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
	}
}

func TestTooBig(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	s.SetMaxAppendSize(1 << 20) // the database's default
	for _, size := range []int{1<<20 + 1, 16_000_001} {
		if _, err := l.Append(t.Context(), write("x-1", 0, "big", make([]byte, size))); !errors.Is(err, esdb.ErrTooBig) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	mustAppend(t, l, one("x-1", 0, "small"))
}
