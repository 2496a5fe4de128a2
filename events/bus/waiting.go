package bus

import "sync"

// waiting is who waits for which answer.
type waiting struct {
	mu sync.Mutex
	by map[string]map[chan Answer]struct{} // digest to the channels of those who wait
}

// join registers somebody who waits for the answer to a digest.
func (w *waiting) join(digest string) (answer <-chan Answer, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = map[string]map[chan Answer]struct{}{}
	}
	if w.by[digest] == nil {
		w.by[digest] = map[chan Answer]struct{}{}
	}
	ch := make(chan Answer, 1)
	w.by[digest][ch] = struct{}{}
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.by[digest], ch)
		if len(w.by[digest]) == 0 {
			delete(w.by, digest)
		}
	}
}

// deliver gives an answer to all who wait for it; each needs only the first.
func (w *waiting) deliver(a Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.by[a.Digest] {
		select {
		case ch <- a:
		default:
		}
	}
}
