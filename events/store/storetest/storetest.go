// Package storetest checks that an implementation keeps the contract of store.Log.
package storetest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"kith/events/store"
)

// Open opens the log that lies in dir, which is empty the first time. Opening
// the same dir again after closing must give the same log.
type Open func(t *testing.T, dir string) (store.Log, io.Closer)

// Run runs the whole contract against logs made by open.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, store.Log){
		"an unwritten stream reads empty":                 readsEmpty,
		"append keeps order":                              keepsOrder,
		"append keeps everything":                         keepsEverything,
		"read begins after a revision":                    readsAfter,
		"one append writes several streams":               severalStreams,
		"a stale append is a conflict and writes nothing": stale,
		"any expectation is met":                          anyExpectation,
		"an append without events is refused":             withoutEvents,
		"an append that is too late for its context":      endedContext,
		"the same append again adds nothing":              repeated,
		"the same append again, although stale":           repeatedStale,
		"an id that names an event elsewhere is refused":  reusedElsewhere,
		"an id that is twice in one append is refused":    reusedWithin,
		"more events under a repeated cause are refused":  reusedPartly,
		"follow from the beginning":                       followAll,
		"follow from the middle":                          followMiddle,
		"follow sees what comes later":                    followLater,
		"follow ends quietly":                             followEnds,
		"last is the newest position":                     last,
		"time never goes back":                            timeNeverGoesBack,
		"a long stream reads whole":                       longStream,
		"a stream of big events reads whole":              bigEvents,
		"of racing appends one wins":                      race,
		"of appends that race for their last place too":   raceLast,
		"the same append at once from many adds one":      raceRepeated,
		"appends to different streams all land, once":     concurrent,
		"follow misses nothing while many append":         followWhileAppending,
	} {
		t.Run(name, func(t *testing.T) {
			l, c := open(t, t.TempDir())
			defer closed(t, c)
			test(t, l)
		})
	}
	t.Run("reopening keeps everything", func(t *testing.T) { reopen(t, open) })
}

func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

var cause = store.Cause{By: "actor", For: "agency", Purpose: "s47", Trace: "00-a-b-01"}

// write is a write of entries with the given payloads, under a cause of its own.
func write(s store.Stream, expect store.Revision, data ...string) store.Write {
	w := store.Write{Stream: s, Expect: expect, Cause: cause}
	w.Cause.Because = uuid.NewString()
	return more(w, data...)
}

// more is w with further entries under the same cause.
func more(w store.Write, data ...string) store.Write {
	w.Entries = slices.Clone(w.Entries)
	for _, d := range data {
		id := store.NewEventID(w.Stream, w.Cause.Because, "test.v1", len(w.Entries))
		w.Entries = append(w.Entries, store.Entry{ID: id, Type: "test.v1", Data: []byte(d)})
	}
	return w
}

// mustAppend appends and fails the test if that fails.
func mustAppend(t *testing.T, l store.Log, ws ...store.Write) []store.Appended {
	t.Helper()
	at, err := l.Append(t.Context(), ws...)
	if err != nil {
		t.Fatal(err)
	}
	if len(at) != len(ws) {
		t.Fatalf("%d answers to %d writes", len(at), len(ws))
	}
	return at
}

// read returns the stream s after a revision.
func read(t *testing.T, l store.Log, s store.Stream, after store.Revision) []store.Recorded {
	t.Helper()
	return collect(t, l.Read(t.Context(), s, after), -1)
}

// follow returns the first n events after p, or as many as come in time.
func follow(t *testing.T, l store.Log, p store.Position, n int) []store.Recorded {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return collect(t, l.Follow(ctx, p), n)
}

func collect(t *testing.T, seq iter.Seq2[store.Recorded, error], n int) []store.Recorded {
	t.Helper()
	var rs []store.Recorded
	for r, err := range seq {
		if err != nil {
			t.Error(err)
			return rs
		}
		if rs = append(rs, r); len(rs) == n {
			return rs
		}
	}
	return rs
}

// expect compares what was read with "stream/revision payload" lines.
func expect(t *testing.T, got []store.Recorded, want ...string) {
	t.Helper()
	var lines []string
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%s/%d %s", r.Stream, r.Revision, r.Data))
	}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}
