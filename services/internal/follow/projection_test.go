package follow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kith/events/store"
	"kith/services/fault"
	"kith/services/internal/follow"
)

func TestFollows(t *testing.T) {
	h := newHub(t)
	h.add(t, "child-1", 3, "")
	f := h.start(t, h.seen())
	wait(t, f, 3)
	for range 5 { // at the head each is visible as soon as it can be waited for
		wait(t, f, h.add(t, "child-2", 1, ""))
	}
	h.complete(t, 8)
	if p := f.Position(); p != 8 {
		t.Errorf("at %d", p)
	}
}

func TestCatchesUpInBatches(t *testing.T) {
	h := newHub(t)
	var last store.Position
	for range 10 {
		last = h.add(t, "child-1", 1000, "")
	}
	p := h.seen()
	var batches, told atomic.Int64
	apply := p.Apply
	var tx0 *follow.Tx
	p.Apply = func(ctx context.Context, tx *follow.Tx, e store.Event) error {
		if tx != tx0 {
			tx0 = tx
			batches.Add(1)
		}
		return apply(ctx, tx, e)
	}
	p.After = func(store.Event) { told.Add(1) }
	f := h.start(t, p)
	wait(t, f, last)
	f.Stop()
	h.complete(t, 10_000)
	if b := batches.Load(); b > 25 {
		t.Errorf("%d transactions", b)
	}
	if n := told.Load(); n != 10_000 {
		t.Errorf("told of %d events", n)
	}
}

func TestGoesOnAfterARestart(t *testing.T) {
	h := newHub(t)
	var last store.Position
	for range 4 {
		f := h.start(t, h.seen())
		wait(t, f, h.add(t, "child-1", 2, ""))
		f.Stop()
		last = h.add(t, "child-1", 3, "") // while nobody looks
	}
	wait(t, h.start(t, h.seen()), last)
	h.complete(t, last)
}

// TestACrashBetween stops the follower in the midst of batches: neither what it
// had written nor what it had not may be lost or be there twice.
func TestACrashBetween(t *testing.T) {
	h := newHub(t)
	last := h.add(t, "child-1", 1500, "")
	for _, at := range []store.Position{1, 100, 500, 501, 777, 1500} {
		p := h.seen()
		apply := p.Apply
		reached := make(chan struct{})
		p.Apply = func(ctx context.Context, tx *follow.Tx, e store.Event) error {
			err := apply(ctx, tx, e)
			if e.Position == at {
				close(reached)
				<-ctx.Done()
			}
			return err
		}
		f := h.start(t, p)
		select {
		case <-reached:
		case <-time.After(20 * time.Second):
			t.Fatalf("%d is never reached", at)
		}
		f.Stop()
	}
	wait(t, h.start(t, h.seen()), last)
	h.complete(t, last)
}

func TestPoisonIsParked(t *testing.T) {
	h := newHub(t)
	h.add(t, "child-1", 3, "")
	h.add(t, "child-1", 2, "poison for Zaphira") // 4, 5
	last := h.add(t, "child-1", 3, "")
	p := h.seen()
	var told []store.Position
	p.After = func(e store.Event) { told = append(told, e.Position) }
	f := h.start(t, p)
	wait(t, f, last)
	h.add(t, "child-1", 1, "poison at the head") // 9
	last = h.add(t, "child-1", 1, "")
	wait(t, f, last)
	h.complete(t, last, 4, 5, 9)
	f.Stop()
	if want := []store.Position{1, 2, 3, 6, 7, 8, 10}; !slices.Equal(told, want) {
		t.Errorf("told of %v", told)
	}

	parked, err := f.Parked(t.Context())
	must(t, err)
	if len(parked) != 3 || parked[0].Position != 4 || parked[0].Type != "uk.kith.identity.subject-unlinked.v1" || parked[0].Code != "apply: other" {
		t.Errorf("parked %+v", parked)
	}
	if s := h.said.String(); !strings.Contains(s, "event parked") || strings.Contains(s, "Zaphira") || strings.Contains(s, "bear") {
		t.Errorf("the log says: %s", s)
	}
}

func TestUnreadableIsParked(t *testing.T) {
	h := newHub(t)
	h.add(t, "child-1", 1, "")
	for _, typ := range []string{"uk.kith.identity.subject-linked.v1", "test.unknown.v1"} {
		_, err := h.log.Append(t.Context(), store.Write{Stream: "child-1", Expect: store.Any,
			Cause:   store.Cause{By: "test", For: "test", Because: typ},
			Entries: []store.Entry{{ID: uuid.New(), Type: "test.v1", Data: []byte("not sealed at all")}}})
		must(t, err)
	}
	last := h.add(t, "child-1", 1, "")
	f := h.start(t, h.seen())
	wait(t, f, last)
	h.complete(t, 4, 2, 3)
	if parked, err := f.Parked(t.Context()); err != nil || len(parked) != 2 || parked[1].Code != "read: other" || parked[1].Type != "test.v1" {
		t.Errorf("parked %+v, %v", parked, err)
	}
}

func TestErasedIsPassedOver(t *testing.T) {
	h := newHub(t)
	h.add(t, "child-1", 2, "")
	h.add(t, "child-2", 2, "")
	last := h.add(t, "child-1", 1, "")
	must(t, h.keys.Destroy(t.Context(), "child-2"))
	f := h.start(t, h.seen())
	wait(t, f, last)
	h.complete(t, 5, 3, 4)
	if parked, err := f.Parked(t.Context()); err != nil || len(parked) != 0 {
		t.Errorf("parked %+v, %v", parked, err)
	}
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	for name, err := range map[string]error{
		"conflict":    fmt.Errorf("append: %w", store.ErrConflict),
		"unavailable": fault.New(fault.Unavailable, "Not now."),
		"deadline":    context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			last := h.add(t, "child-1", 10, "")
			p := h.seen()
			apply := p.Apply
			fails := 2
			p.Apply = func(ctx context.Context, tx *follow.Tx, e store.Event) error {
				if aerr := apply(ctx, tx, e); aerr != nil {
					return aerr
				}
				if e.Position == 7 && fails > 0 {
					fails--
					return err
				}
				return nil
			}
			f := h.start(t, p)
			wait(t, f, last)
			h.complete(t, last)
			if parked, err := f.Parked(t.Context()); err != nil || len(parked) != 0 {
				t.Errorf("parked %+v, %v", parked, err)
			}
		})
	}
}

func TestWait(t *testing.T) {
	h := newHub(t)
	f := h.start(t, h.seen())
	must(t, f.Wait(t.Context(), 0))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := f.Wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing came: %v", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- f.Wait(context.Background(), 5) }()
	f.Stop()
	if err := <-waited; !errors.Is(err, follow.ErrStopped) {
		t.Errorf("stopped: %v", err)
	}
	f.Stop() // again is no harm
}

func TestEndsWithItsContext(t *testing.T) {
	h := newHub(t)
	ctx, cancel := context.WithCancel(t.Context())
	f, err := follow.Start(ctx, h.Store, h.seen())
	must(t, err)
	cancel()
	if err := f.Wait(context.Background(), 1); !errors.Is(err, follow.ErrStopped) {
		t.Error(err)
	}
	f.Stop()
}

func TestAModelOfAnotherLog(t *testing.T) {
	a, b := newHub(t), newHub(t)
	f := a.start(t, a.seen())
	wait(t, f, a.add(t, "child-1", 5, ""))
	f.Stop()
	b.add(t, "child-1", 4, "")
	if _, err := follow.Start(t.Context(), b.Store, a.seen()); !errors.Is(err, follow.ErrAhead) {
		t.Error(err)
	}
}

func TestTwoProjectionsShareAFile(t *testing.T) {
	h := newHub(t)
	one, two := h.seen(), h.seen()
	two.Name = "seen too"
	last := h.add(t, "child-1", 700, "")
	f, g := h.start(t, one), h.start(t, two)
	wait(t, f, last)
	wait(t, g, last)
	if n := len(h.rows(t)); n != 1400 {
		t.Errorf("%d rows", n)
	}
}

func BenchmarkCatchUp(b *testing.B) {
	h := newHub(b)
	for n := b.N; n > 0; n -= 1000 {
		h.add(b, "child-1", min(n, 1000), "")
	}
	b.ResetTimer()
	wait(b, h.start(b, h.seen()), store.Position(b.N))
}
