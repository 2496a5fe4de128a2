package esdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kith/events/store"
	"kith/events/store/esdb"
	"kith/events/store/esdb/esdbtest"
)

// TestACrashBetweenStreams cuts one append to several streams off after each
// step, as a crash would, and does it again in what would be a new process.
func TestACrashBetweenStreams(t *testing.T) {
	const steps = 4 // claim, first, second, third
	for n := 1; n <= steps; n++ {
		t.Run(fmt.Sprint("after step ", n), func(t *testing.T) {
			s := esdbtest.Start(t)
			l := open(t, s)
			mustAppend(t, l, one("x-3", 0, "before"))
			ws := []store.Write{
				write("x-1", store.Any, "both", []byte("a"), []byte("b")), one("x-2", store.Any, "both"), one("x-3", 1, "both"),
			}
			s.CutAfter(n)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := l.Append(ctx, ws...); err == nil {
				t.Fatal("the server is down, and the append was done")
			}
			there := s.Events("events.x-1")/2 + s.Events("events.x-2") + s.Events("events.x-3") - 1
			if there != n-1 {
				t.Fatalf("%d writes are there after step %d", there, n)
			}
			_ = l.Close()
			s.Up()
			l = open(t, s)
			first := mustAppend(t, l, ws...)
			for i, again := range mustAppend(t, l, ws...) {
				if again != first[i] {
					t.Errorf("write %d lay at %+v, now at %+v", i, first[i], again)
				}
			}
			for stream, want := range map[store.Stream]int{"x-1": 2, "x-2": 1, "x-3": 2} {
				if n := count(t, l, stream); n != want {
					t.Errorf("%s has %d events, want %d", stream, n, want)
				}
			}
		})
	}
}

// TestSeveralProcesses lets logs that know nothing of each other write to one stream.
func TestSeveralProcesses(t *testing.T) {
	s := esdbtest.Start(t)
	const processes, each = 4, 50
	var wg sync.WaitGroup
	for p := range processes {
		l := open(t, s)
		wg.Go(func() {
			for i := range each {
				w := one("all-1", store.Any, fmt.Sprint(p, "/", i))
				at, err := l.Append(t.Context(), w)
				if err != nil {
					t.Error(err)
					return
				}
				if last, err := l.Last(t.Context()); err != nil || last < at[0].Position {
					t.Errorf("last is %d, %v after %d", last, err, at[0].Position)
				}
				if again, err := l.Append(t.Context(), w); err != nil || again[0] != at[0] {
					t.Errorf("repeat: %+v, %v; want %+v", again, err, at)
				}
			}
		})
	}
	wg.Wait()
	l := open(t, s)
	if n := count(t, l, "all-1"); n != processes*each {
		t.Errorf("%d events", n)
	}
	for i := range each { // a repeat that another process did
		mustAppend(t, l, one("all-1", store.Any, fmt.Sprint(i%processes, "/", i)))
	}
	if n := count(t, l, "all-1"); n != processes*each {
		t.Errorf("%d events after repeats", n)
	}
}

// TestWhatAnotherProcessWrote is seen, although this one remembers otherwise.
func TestWhatAnotherProcessWrote(t *testing.T) {
	s := esdbtest.Start(t)
	a, b := open(t, s), open(t, s)
	mustAppend(t, a, one("x-1", 0, "1"))
	mustAppend(t, b, one("x-1", 1, "2"))
	at := mustAppend(t, b, one("x-1", 2, "3"))
	if again := mustAppend(t, a, one("x-1", 2, "3")); again[0] != at[0] {
		t.Errorf("repeat of another's: %+v, want %+v", again, at)
	}
	if _, err := a.Append(t.Context(), one("x-1", 1, "4")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("stale: %v", err)
	}
	mustAppend(t, b, one("x-1", 3, "5"))
	if last, err := a.Last(t.Context()); err != nil || last <= at[0].Position {
		t.Errorf("last is %d, %v; another process is at more than %d", last, err, at[0].Position)
	}
}

func TestLogsInOneDatabaseAreApart(t *testing.T) {
	s := esdbtest.Start(t)
	a := open(t, s)
	b, err := esdb.Open(t.Context(), s.ConnectionString(), "eventsold")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	at := mustAppend(t, a, one("x-1", 0, "1"))
	if last, err := b.Last(t.Context()); err != nil || last != 0 || count(t, b, "x-1") != 0 {
		t.Errorf("the other log is at %d, %v", last, err)
	}
	for i := range 100 { // more than a search window, and a claim
		mustAppend(t, b, one("x-2", store.Any, fmt.Sprint(i)), one("x-1", store.Revision(i), fmt.Sprint(i)))
	}
	if last, err := a.Last(t.Context()); err != nil || last != at[0].Position {
		t.Errorf("last is %d, %v", last, err)
	}
	end := mustAppend(t, a, one("x-1", 1, "2"))[0].Position
	for r, err := range a.Follow(t.Context(), at[0].Position) {
		if err != nil || r.Position != end {
			t.Errorf("%+v, %v", r, err)
		}
		break
	}
}

// abandoned leaves another append's claim to the place of the second write, whose
// first write never was done.
func abandoned(t *testing.T, s *esdbtest.Server) {
	t.Helper()
	l := open(t, s)
	s.CutAfter(1)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := l.Append(ctx, one("x-1", store.Any, "theirs"), one("x-2", 0, "theirs")); err == nil {
		t.Fatal("not cut off")
	}
	s.Up()
}

func TestAClaimEnds(t *testing.T) {
	s := esdbtest.Start(t)
	abandoned(t, s)
	l := open(t, s)
	ours := []store.Write{one("x-1", store.Any, "ours"), one("x-2", 0, "ours")}
	if _, err := l.Append(t.Context(), ours...); !errors.Is(err, store.ErrConflict) || count(t, l, "x-1") != 0 {
		t.Fatalf("another has a claim: %v", err)
	}
	s.Age(6 * time.Minute)
	mustAppend(t, l, ours...)
	if _, err := l.Append(t.Context(), one("x-1", store.Any, "theirs"), one("x-2", 0, "theirs")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("too late: %v", err)
	}
	if a, b := count(t, l, "x-1"), count(t, l, "x-2"); a != 1 || b != 1 {
		t.Errorf("%d and %d events", a, b)
	}
}

// TestALostClaimIsGivenBack: a first write that conflicts has done nothing, so
// the place it had claimed for the second is free.
func TestALostClaimIsGivenBack(t *testing.T) {
	s := esdbtest.Start(t)
	l, other := open(t, s), open(t, s)
	mustAppend(t, l, one("x-1", 0, "before"))
	mustAppend(t, other, one("x-1", 1, "meanwhile")) // l does not know
	if _, err := l.Append(t.Context(), one("x-1", 1, "lost"), one("x-2", 0, "lost")); !errors.Is(err, store.ErrConflict) {
		t.Fatal(err)
	}
	if n := s.Events("events-claim.0.x-2"); n != 2 {
		t.Errorf("%d events in the stream of claims, want taken and released", n)
	}
	mustAppend(t, other, one("x-1", 2, "won"), one("x-2", 0, "won"))
}

// TestForgottenStreams: what is no longer remembered is read again.
func TestForgottenStreams(t *testing.T) {
	s := esdbtest.Start(t)
	l := open(t, s)
	many := make([][]byte, 11_000)
	first := mustAppend(t, l, write("x-1", 0, "many", many...))
	mustAppend(t, l, write("x-2", 0, "many", many...)) // too many to remember both
	if again := mustAppend(t, l, write("x-1", 0, "many", many...)); again[0] != first[0] {
		t.Errorf("lay at %+v, now at %+v", first, again)
	}
	if n := s.Appends(); n != 2 {
		t.Errorf("%d appends", n)
	}
}
