package childview

import (
	"sync"
	"time"

	"kith/events/store"
)

// Bounds of what is kept opened: the streams of children that somebody looks at
// now, and no longer than somebody does.
const (
	keepEvents = 20_000
	keepFor    = 2 * time.Minute
)

// recent keeps the opened events of streams that were read a moment ago. To open
// a long history takes most of the time of a read, an event never changes, and
// whoever reads a child's view tends to read it again.
//
// Whoever takes a stream from here still reads its last event from the store, so
// that new events are found and a destroyed key is noticed.
type recent struct {
	mu      sync.Mutex
	streams map[store.Stream]opened
	events  int // in all streams
}

type opened struct {
	events []store.Event // shared: nobody changes them
	used   time.Time
}

func (r *recent) take(s store.Stream) []store.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.streams[s].events
}

// keep replaces what is kept of a stream and drops what nobody used for a while
// and, beyond the bound, what nobody used for the longest time.
func (r *recent) keep(s store.Stream, es []store.Event, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streams == nil {
		r.streams = map[store.Stream]opened{}
	}
	r.drop(s)
	r.streams[s], r.events = opened{es, now}, r.events+len(es)
	for k, o := range r.streams {
		if now.Sub(o.used) > keepFor {
			r.drop(k)
		}
	}
	for r.events > keepEvents {
		r.drop(r.oldest())
	}
}

func (r *recent) forget(s store.Stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(s)
}

func (r *recent) drop(s store.Stream) {
	r.events -= len(r.streams[s].events)
	delete(r.streams, s)
}

func (r *recent) oldest() (s store.Stream) {
	var used time.Time
	for k, o := range r.streams {
		if s == "" || o.used.Before(used) {
			s, used = k, o.used
		}
	}
	return s
}
