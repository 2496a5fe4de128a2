package esdb

import (
	"container/list"
	"context"
	"sync"

	"kith/events/store"
)

// remembered is how many event ids are kept in memory, about 2 MB of them.
const remembered = 20_000

// heads remembers of streams that are written where they end and which event
// ids they hold, the ones used last. The database would know a repeat by itself
// only where the append says where it expects to be, and only there.
type heads struct {
	mu    sync.Mutex
	known map[store.Stream]*list.Element
	used  *list.List // of *head, used last in front
	ids   int        // in all of them, about
}

// head is what is known of one stream. It may be behind, never wrong.
type head struct {
	stream store.Stream
	turn   chan struct{} // holds the token of who may use the fields below
	read   bool
	at     store.Revision
	ids    map[store.EventID]store.Revision
	weight int // what heads counts for it; heads' own
}

func newHeads() *heads {
	return &heads{known: map[store.Stream]*list.Element{}, used: list.New()}
}

// of returns the head of a stream to one caller at a time; give returns it.
func (hs *heads) of(ctx context.Context, s store.Stream) (*head, error) {
	hs.mu.Lock()
	e := hs.known[s]
	if e == nil {
		e = hs.used.PushFront(&head{stream: s, turn: make(chan struct{}, 1), ids: map[store.EventID]store.Revision{}})
		hs.known[s] = e
	}
	hs.used.MoveToFront(e)
	hs.mu.Unlock()
	h, _ := e.Value.(*head)
	select {
	case h.turn <- struct{}{}:
		return h, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// give forgets the streams used longest ago when there are too many ids.
func (hs *heads) give(h *head) {
	weight := 1 + len(h.ids)
	<-h.turn
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if e := hs.known[h.stream]; e == nil || e.Value != h {
		return // forgotten meanwhile
	}
	hs.ids += weight - h.weight
	h.weight = weight
	for hs.ids > remembered && hs.used.Len() > 1 {
		old, _ := hs.used.Remove(hs.used.Back()).(*head)
		delete(hs.known, old.stream)
		hs.ids -= old.weight
	}
}

// standing is how a write stands to a stream.
type standing int

const (
	isNew standing = iota
	isThere
	isPartly
)

// look says whether the events of w are there, and at which revision its last is.
func (h *head) look(w store.Write) (standing, store.Revision) {
	var at store.Revision
	n := 0
	for _, e := range w.Entries {
		if r, ok := h.ids[e.ID]; ok {
			at = r
			n++
		}
	}
	switch n {
	case 0:
		return isNew, 0
	case len(w.Entries):
		return isThere, at
	default:
		return isPartly, 0
	}
}

func (h *head) add(id store.EventID, at store.Revision) {
	h.ids[id] = at
	h.at = at
}
