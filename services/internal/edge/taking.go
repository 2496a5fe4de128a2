package edge

import (
	"hash/fnv"
	"slices"
	"sync"

	"kith/events"
)

// taking lets one caller at a time hand in versions of a record: of two at once each
// would take the one before for what it supersedes. Records share locks, so that
// there need not be one for each.
type taking [64]sync.Mutex

// alone waits until nobody else hands in versions of the same records, and returns
// what lets the others go on. To call that twice does no harm.
func (t *taking) alone(ns []events.Notice) (done func()) {
	var of []int
	for _, n := range ns {
		for _, record := range append(slices.Clone(n.Void), n.Version.Record) {
			if record != "" {
				h := fnv.New32a()
				_, _ = h.Write([]byte(record))
				of = append(of, int(h.Sum32()%uint32(len(t))))
			}
		}
	}
	slices.Sort(of) // all in one order, so that no two wait for each other
	of = slices.Compact(of)
	for _, i := range of {
		t[i].Lock()
	}
	return sync.OnceFunc(func() {
		for _, i := range of {
			t[i].Unlock()
		}
	})
}
