package edge

import (
	"slices"
	"sync"
	"time"
)

// window is what was sent and is not answered yet. It is bounded, so that a hub
// that is away for days does not find everything many times over.
type window struct {
	mu   sync.Mutex
	sent map[int64]flight
}

// flight is one message on its way.
type flight struct {
	times int
	due   time.Time // when it is sent again
}

const (
	widest    = 2048
	firstWait = 30 * time.Second
	lastWait  = time.Hour
)

// add notes that rows were sent at a moment.
func (w *window) add(rows []row, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == nil {
		w.sent = map[int64]flight{}
	}
	for _, r := range rows {
		f := w.sent[r.seq]
		f.due = now.Add(min(firstWait<<min(f.times, 10), lastWait))
		f.times++
		w.sent[r.seq] = f
	}
}

// landed notes that rows are answered.
func (w *window) landed(seqs []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range seqs {
		delete(w.sent, s)
	}
}

// keepOnly forgets those of asked that are not among rows: they were answered.
func (w *window) keepOnly(asked []int64, rows []row) {
	gone := slices.DeleteFunc(slices.Clone(asked), func(s int64) bool {
		return slices.ContainsFunc(rows, func(r row) bool { return r.seq == s })
	})
	w.landed(gone)
}

// late lists, oldest first, at most n rows that are due again.
func (w *window) late(now time.Time, n int) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var seqs []int64
	for s, f := range w.sent {
		if !f.due.After(now) {
			seqs = append(seqs, s)
		}
	}
	slices.Sort(seqs)
	return seqs[:min(n, len(seqs))]
}

// has reports whether a row is under way.
func (w *window) has(seq int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.sent[seq]
	return ok
}

// room is how many more may be sent.
func (w *window) room() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(0, widest-len(w.sent))
}
