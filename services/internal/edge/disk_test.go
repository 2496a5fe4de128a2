package edge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kith/events/bus"
	"kith/events/store/sqlite/disktest"
)

// told is what an outbox said is kept, and when.
type told struct {
	digest   string
	moment   int
	answered int // the moment, once it was
}

// fill keeps messages and answers every other one, until that succeeds.
func fill(t *testing.T, b *outbox, d *disktest.Disk) (all []told) {
	t.Helper()
	again := func(f func() error) {
		t.Helper()
		for try := 0; ; try++ {
			err := f()
			if err == nil {
				return
			}
			if try == 100 {
				t.Fatalf("no service any more: %v", err)
			}
		}
	}
	for n := range 60 {
		x := told{digest: fmt.Sprintf("%064d", n)}
		again(func() error {
			return b.insert(context.Background(), []row{{digest: x.digest, body: make([]byte, 100+900*(n%4))}})
		})
		x.moment = d.Moment()
		if n%2 == 0 {
			again(func() error {
				_, err := b.answer(context.Background(), []bus.Answer{{Digest: x.digest}}, time.Now())
				return err
			})
			x.answered = d.Moment()
		}
		all = append(all, x)
	}
	return all
}

// left opens the outbox that a power cut left: what was kept is there, with its
// body until it is answered, and its name is the same.
func left(t *testing.T, s *disktest.State, dir string, moment int, l disktest.Loss, chance *rand.Rand, name string, all []told) {
	t.Helper()
	to := t.TempDir()
	if err := s.Cut(l, chance, dir, to); err != nil {
		t.Fatal(err)
	}
	d := disktest.New(t, to)
	defer d.Remove()
	b, err := openOutbox(context.Background(), filepath.Join(to, "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	if b.name != name {
		t.Errorf("the outbox is called %s, was %s: the hub's answers go to nobody", b.name, name)
	}
	unanswered, err := b.waiting(context.Background(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := b.these(context.Background(), seqs(unanswered))
	if err != nil {
		t.Fatal(err)
	}
	waiting := map[string]row{}
	for _, r := range rows {
		waiting[r.digest] = r
	}
	for _, x := range all {
		held, err := b.answers(context.Background(), []string{x.digest})
		if err != nil {
			t.Fatal(err)
		}
		r, waits := waiting[x.digest]
		switch {
		case x.answered > 0 && x.answered <= moment && len(held) != 1:
			t.Errorf("the answer to %s was kept and is lost", x.digest)
		case x.moment <= moment && !waits && len(held) == 0:
			t.Errorf("%s was kept and is lost", x.digest)
		case waits && len(r.body) == 0:
			t.Errorf("%s waits without a body", x.digest)
		}
	}
}

// TestCrashStates cuts the power at moments of keeping and answering.
func TestCrashStates(t *testing.T) {
	dir := t.TempDir()
	d := disktest.New(t, dir)
	b, err := openOutbox(t.Context(), filepath.Join(dir, "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	from := d.Moment() // it has its name
	all := fill(t, b, d)
	n, states := 60, 0
	if os.Getenv("KITH_SOAK") != "" {
		n = 2000
	}
	chance := rand.New(rand.NewPCG(9, 10))
	moments := d.Moment() - from
	each := max(1, n/(moments*len(disktest.Losses)))
	d.Replay(func(moment int, s *disktest.State) bool {
		for range each {
			for _, l := range disktest.Losses {
				if moment >= from && chance.IntN(moments*each*len(disktest.Losses)) < n {
					left(t, s, dir, moment, l, chance, b.name, all)
					states++
				}
			}
		}
		return !t.Failed()
	})
	t.Logf("%d crash states of an outbox: 0 messages or answers lost", states)
}

// TestEveryCallFailsOnce: whichever call fails, what was said to be kept is.
func TestEveryCallFailsOnce(t *testing.T) {
	step, runs := 37, 0
	if os.Getenv("KITH_SOAK") != "" {
		step = 1
	}
	for n := 1; n <= 500; n += step {
		dir := t.TempDir()
		d := disktest.New(t, dir)
		b, err := openOutbox(t.Context(), filepath.Join(dir, "outbox.db"))
		if err != nil {
			t.Fatal(err)
		}
		d.FailAt(d.Calls() + n)
		all := fill(t, b, d)
		left(t, d.State(), dir, d.Moment(), disktest.Everything, nil, b.name, all)
		_ = b.Close()
		d.Remove()
		if t.Failed() {
			t.Fatalf("call %d: %q", n, d.Failed())
		}
		if len(d.Failed()) > 0 {
			runs++
		}
	}
	t.Logf("%d calls under an outbox failed once each: 0 messages or answers lost", runs)
}
