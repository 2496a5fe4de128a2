package unusual_test

import (
	"os"
	"slices"
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
	found, planted := map[string]int{}, 0
	alarms, ordinary, looks, findings := 0, 0, 0, 0
	blamed := map[string]int{}
	for seed := first; seed < first+uint64(seeds); seed++ {
		m := newMonth(seed)
		planted += len(m.planted())
		ls, known := m.finished()
		looks += len(ls)
		fs := unusual.Find(ls, known, unusual.Default())
		findings += len(fs)
		ordinary += len(m.ordinary)
		asked := map[int]bool{}
		hit := map[string]bool{}
		for _, f := range fs {
			mine := slices.ContainsFunc(f.Entries, func(n uint64) bool { return m.looks[n-1].pattern == f.Pattern })
			if mine {
				hit[f.Pattern] = true
				continue
			}
			for _, n := range f.Entries {
				if l := m.looks[n-1]; l.pattern == "" && !asked[l.session] {
					asked[l.session] = true
					blamed[f.Pattern]++
				}
			}
		}
		for name := range hit {
			found[name]++
		}
		alarms += len(asked)
	}
	total := 0
	for _, p := range unusual.Patterns() {
		total += found[p.Name]
		t.Logf("%-17s found in %d of %d months; %d ordinary sittings asked about", p.Name, found[p.Name], seeds, blamed[p.Name])
	}
	t.Logf("%d patterns in %d months of %d looks: %d of %d found (%.2f %%), %d of %d ordinary sittings asked about (%.2f %%), %.1f findings a day",
		len(unusual.Patterns()), seeds, looks/seeds, total, planted, 100*float64(total)/float64(planted),
		alarms, ordinary, 100*float64(alarms)/float64(ordinary), float64(findings)/float64(30*seeds))
	if len(unusual.Patterns()) < 20 || 100*total < 95*planted {
		t.Errorf("%d of %d found, want 95 in 100 of at least 20 patterns", total, planted)
	}
	if 100*alarms > ordinary {
		t.Errorf("%d of %d ordinary sittings are asked about, want at most 1 in 100", alarms, ordinary)
	}
}
