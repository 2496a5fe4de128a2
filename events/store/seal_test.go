package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kith/events"
	"kith/events/store"
)

// TestAPayloadStaysInItsPlace copies a sealed payload to where it does not
// belong, as somebody who can write the log but has no key might.
func TestAPayloadStaysInItsPlace(t *testing.T) {
	f := newStore(t)
	f.add(t, "intake-a.1", "one", unlinked)
	var sealed store.Recorded
	for r, err := range f.log.Read(t.Context(), "intake-a.1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		sealed = r
	}
	other := store.NewEventID("x", "y", "z", 0)
	for name, r := range map[string]store.Recorded{
		"another stream of the same key": {Stream: "intake-a.2", Entry: store.Entry{ID: other, Type: sealed.Type}},
		"another stream":                 {Stream: "child-c", Entry: store.Entry{ID: uuid.New(), Type: sealed.Type}},
		"another type":                   {Stream: "intake-a.3", Entry: store.Entry{ID: uuid.New(), Type: events.LinkDeclined{}.Type()}},
		"another id":                     {Stream: "intake-a.1", Entry: store.Entry{ID: uuid.New(), Type: sealed.Type}},
	} {
		r.Data = sealed.Data
		_, err := f.log.Append(t.Context(), store.Write{Stream: r.Stream, Expect: store.Any, Cause: cause("copy"), Entries: []store.Entry{r.Entry}})
		if err != nil {
			t.Fatal(err)
		}
		var last store.Event
		for e, rerr := range f.Read(t.Context(), r.Stream, 0) {
			last, err = e, rerr
		}
		if err == nil || last.Event != nil {
			t.Errorf("%s: opened as %v", name, last.Event)
		}
		if last.ID != r.ID || last.Stream != r.Stream || last.Position == 0 {
			t.Errorf("%s: the envelope is lost: %+v", name, last)
		}
	}
}

func TestWhatWasErasedKeepsItsEnvelope(t *testing.T) {
	f := newStore(t)
	f.add(t, "child-c", "one", unlinked, unlinked)
	f.keys.keys["child-c"] = nil
	n := 0
	for e, err := range f.Read(t.Context(), "child-c", 0) {
		n++
		if !errors.Is(err, store.ErrKeyGone) || e.Event != nil || e.Revision != store.Revision(n) || e.Cause != cause("one") {
			t.Errorf("%+v, %v", e, err)
		}
	}
	if n != 2 {
		t.Errorf("%d events: reading goes on after one that is gone", n)
	}
	_, err := f.Append(t.Context(), store.Batch{Stream: "child-c", Expect: store.Any, Cause: cause("two"), Events: []events.Event{unlinked}})
	if !errors.Is(err, store.ErrKeyGone) {
		t.Errorf("append: %v", err)
	}
}

func TestThePayloadIsSealed(t *testing.T) {
	f := newStore(t)
	f.add(t, "child-c", "one", unlinked)
	for r, err := range f.log.Read(t.Context(), "child-c", 0) {
		if err != nil || strings.Contains(string(r.Data), unlinked.Reason) {
			t.Errorf("%q, %v", r.Data, err)
		}
	}
}
