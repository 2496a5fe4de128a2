package policy

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
)

const mine, theirs, third = events.AgencyID("mine"), events.AgencyID("theirs"), events.AgencyID("third")

var whole = flag.Bool("whole", false, "compare with the oracle on the whole grid: 3.8 billion decisions, some minutes")

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// TestAgainstOracle asks about every combination of reader and item on a grid. Zero
// grants that the oracle denies, and zero denials that the oracle grants: to
// withhold what a child's protection needs is a fault as well.
func TestAgainstOracle(t *testing.T) {
	s := defaultSet(t)
	g := grid()
	groups := g.things()
	work := make(chan Thing)
	var asked, granted, wrong atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for th := range work {
				a, yes := compare(t, s, th, groups[th], g.readersOf(th), &wrong)
				asked.Add(a)
				granted.Add(yes)
			}
		})
	}
	for th := range groups {
		work <- th
	}
	close(work)
	wg.Wait()
	t.Logf("%d things, %d decisions compared, %d of them grants, %d differ", len(groups), asked.Load(), granted.Load(), wrong.Load())
	if granted.Load() == 0 || granted.Load() == asked.Load() {
		t.Error("the comparison compares nothing")
	}
}

// sample is an item in a world of consents.
type sample struct {
	item     events.Item
	consents []events.ConsentRecord
}

// compare asks for one thing on behalf of every reader whom it may meet.
func compare(t *testing.T, s *Set, th Thing, samples []sample, ws []who, wrong *atomic.Int64) (asked, granted int64) {
	n := s.Session()
	for _, w := range ws {
		for _, act := range []Act{Open, Know, See, Ask} {
			r := Request{Act: act, Purpose: w.purpose, Ties: w.ties, Thing: th,
				Reader: Reader{Role: w.role, Kind: w.kind, Authority: w.authority}}
			got := allows(n, r)
			for _, sm := range samples {
				asked++
				if want := expected(act, w, sm) == permit; got != want && wrong.Add(1) < 10 {
					t.Errorf("%s: policies say %v, the oracle %v\n%+v\n%+v", act, got, want, r, sm.item.Basis)
				}
			}
			if got {
				granted += int64(len(samples))
			}
		}
	}
	return asked, granted
}

// allows is Decide without the cost of explaining refusals.
func allows(n *Session, r Request) bool {
	if d, done := invariant(r); done {
		return d.Allow
	}
	return n.evaluate(r).Allow
}

func expected(act Act, w who, sm sample) string {
	may := false
	switch act {
	case Open:
		may = w.works()
	case Know:
		may = mayKnow(w, sm.item)
	case Ask:
		may = mayAsk(w, sm.item)
	default:
		return seeing(w, sm.item, sm.consents, noon(), human{})
	}
	if may {
		return permit
	}
	return deny
}
