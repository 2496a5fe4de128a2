package unusual_test

import (
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"kith/services/ledger/unusual"
)

// The limits were chosen on months with the seeds 1 to 20. What is proved is
// proved on others.
const firstSeed = 1001

// TestFindsWhatWasPlanted makes months of ordinary work, plants each pattern once
// in each of them, and counts what is found and which ordinary sittings are asked
// about.
func TestFindsWhatWasPlanted(t *testing.T) {
	seeds, first := 50, uint64(firstSeed)
	if os.Getenv("KITH_SOAK") == "1" {
		seeds = 500
	}
	if os.Getenv("KITH_TUNE") == "1" {
		seeds, first = 20, 1
	}
	var all tally
	months := make(chan tally)
	go func() {
		defer close(months)
		var g sync.WaitGroup
		turns := make(chan struct{}, runtime.GOMAXPROCS(0))
		for seed := first; seed < first+uint64(seeds); seed++ {
			turns <- struct{}{}
			g.Go(func() { months <- reviewed(seed); <-turns })
		}
		g.Wait()
	}()
	for m := range months {
		all.add(m)
	}
	total, planted, alarms, ordinary := 0, all.planted, all.alarms, all.ordinary
	for _, p := range unusual.Patterns() {
		total += all.found[p.Name]
		if 10*all.found[p.Name] < 7*seeds {
			t.Errorf("%s is found in %d of %d months only", p.Name, all.found[p.Name], seeds)
		}
		t.Logf("%-17s found in %d of %d months; %d ordinary sittings asked about", p.Name, all.found[p.Name], seeds, all.blamed[p.Name])
	}
	t.Logf("%d patterns in %d months of %d looks: %d of %d found (%.2f %%), %d of %d ordinary sittings asked about (%.2f %%), %.1f findings a day",
		len(unusual.Patterns()), seeds, all.looks/seeds, total, planted, 100*float64(total)/float64(planted),
		alarms, ordinary, 100*float64(alarms)/float64(ordinary), float64(all.findings)/float64(30*seeds))
	if len(unusual.Patterns()) < 20 || 100*total < 95*planted {
		t.Errorf("%d of %d found, want 95 in 100 of at least 20 patterns", total, planted)
	}
	if 100*alarms > ordinary {
		t.Errorf("%d of %d ordinary sittings are asked about, want at most 1 in 100", alarms, ordinary)
	}
}

// tally is what came of one month, or of many.
type tally struct {
	found, blamed                              map[string]int // by pattern: in months, and ordinary sittings asked about
	planted, alarms, ordinary, looks, findings int
}

func (t *tally) add(o tally) {
	if t.found == nil {
		t.found, t.blamed = map[string]int{}, map[string]int{}
	}
	for name, n := range o.found {
		t.found[name] += n
	}
	for name, n := range o.blamed {
		t.blamed[name] += n
	}
	t.planted, t.alarms, t.ordinary = t.planted+o.planted, t.alarms+o.alarms, t.ordinary+o.ordinary
	t.looks, t.findings = t.looks+o.looks, t.findings+o.findings
}

// reviewed is one month. A pattern is found if a finding of that very name has an
// entry of the plant. An ordinary sitting is asked about if any other finding has
// an entry of it.
func reviewed(seed uint64) tally {
	m := newMonth(seed)
	planted := m.planted()
	ls, known := m.finished()
	fs := unusual.Find(ls, known, unusual.Default())
	t := tally{found: map[string]int{}, blamed: map[string]int{}, planted: len(planted), ordinary: len(m.ordinary), looks: len(ls), findings: len(fs)}
	asked := map[int]bool{}
	for _, f := range fs {
		if slices.ContainsFunc(f.Entries, func(n uint64) bool { return m.looks[n-1].pattern == f.Pattern }) {
			t.found[f.Pattern] = 1
			continue
		}
		for _, n := range f.Entries {
			if l := m.looks[n-1]; l.pattern == "" && !asked[l.session] {
				asked[l.session] = true
				t.blamed[f.Pattern]++
			}
		}
	}
	t.alarms = len(asked)
	return t
}
