package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"kith/events/store"
)

// call is one append to a stream, or one read of it.
type call struct {
	stream store.Stream
	id     store.EventID // of the event to append; none in a read
	expect store.Revision
}

// result is what came of a call.
type result struct {
	at       store.Revision // of the append
	conflict bool
	ids      []store.EventID // that were read
}

// stream is the contract of one stream, one call after the other.
var stream = porcupine.Model{
	Init: func() any { return []store.EventID(nil) },
	Step: func(state, in, out any) (bool, any) {
		ids, c, r := state.([]store.EventID), in.(call), out.(result)
		if c.id == uuid.Nil {
			return slices.Equal(ids, r.ids), ids
		}
		if i := slices.Index(ids, c.id); i >= 0 {
			return !r.conflict && r.at == store.Revision(i+1), ids
		}
		if c.expect != store.Any && c.expect != store.Revision(len(ids)) {
			return r.conflict, ids
		}
		return !r.conflict && r.at == store.Revision(len(ids)+1), append(slices.Clip(ids), c.id)
	},
	Equal: func(a, b any) bool { return slices.Equal(a.([]store.EventID), b.([]store.EventID)) },
	Partition: func(all []porcupine.Operation) (parts [][]porcupine.Operation) {
		by := map[store.Stream][]porcupine.Operation{}
		for _, o := range all {
			s := o.Input.(call).stream
			by[s] = append(by[s], o)
		}
		for _, part := range by {
			parts = append(parts, part)
		}
		return parts
	},
}

const (
	clients = 5
	calls   = 12 // of each client in one history
)

// Linearizable lets several clients append to and read a few streams at the same
// time, in n histories, and checks of each that the answers are those of some
// order in which every call happened at one moment between its begin and its end.
func Linearizable(t *testing.T, l store.Log, n int) {
	t.Helper()
	began, all := time.Now(), 0
	for i := range n {
		h := history(t, l, i)
		if all += len(h); porcupine.CheckOperationsTimeout(stream, h, time.Minute) != porcupine.Ok {
			t.Fatalf("history %d is not linearizable: %+v", i, h)
		}
	}
	t.Logf("%d of %d histories linearizable, %d calls, %v", n, n, all, time.Since(began).Round(time.Second))
}

func history(t *testing.T, l store.Log, number int) (h []porcupine.Operation) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	name := uuid.New()
	ids := make([]store.EventID, 2*clients) // so few that calls are repeated, by others too
	for i := range ids {
		ids[i] = uuid.New()
	}
	for client := range clients {
		wg.Go(func() {
			chance := rand.New(rand.NewPCG(uint64(number), uint64(client)))
			for range calls {
				i := chance.IntN(len(ids))
				c := call{stream: store.Stream(fmt.Sprintf("x-%s-%d", name, i%2)), expect: store.Any}
				if chance.IntN(3) > 0 {
					c.id = ids[i]
				}
				if chance.IntN(3) > 0 {
					c.expect = store.Revision(chance.IntN(5))
				}
				from := time.Since(began).Nanoseconds()
				r := do(t, l, c)
				to := time.Since(began).Nanoseconds()
				mu.Lock()
				h = append(h, porcupine.Operation{ClientId: client, Input: c, Call: from, Output: r, Return: to})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return h
}

func do(t *testing.T, l store.Log, c call) (r result) {
	if c.id == uuid.Nil {
		for e, err := range l.Read(t.Context(), c.stream, 0) {
			if err != nil {
				t.Error(err)
				return r
			}
			r.ids = append(r.ids, e.ID)
		}
		return r
	}
	at, err := l.Append(t.Context(), store.Write{Stream: c.stream, Expect: c.expect, Cause: cause,
		Entries: []store.Entry{{ID: c.id, Type: "test.v1"}}})
	switch {
	case errors.Is(err, store.ErrConflict):
		r.conflict = true
	case err != nil:
		t.Error(err)
	default:
		r.at = at[0].Revision
	}
	return r
}
