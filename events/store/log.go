// Package store is the way to the event store. Log is the port: it keeps sealed
// bytes and never opens them. Store is what services use: it seals what they
// append and opens what they read.
package store

import (
	"context"
	"errors"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"kith/events"
)

// Stream names one ordered history: a category, a hyphen and an opaque id, for
// example "subject-6f1c…". It never holds personal data.
type Stream string

// Category is the part before the first hyphen.
func (s Stream) Category() string {
	c, _, _ := strings.Cut(string(s), "-")
	return c
}

// Key names the key that seals the stream. It is the stream's name up to the
// first dot, so that many small streams of one owner can share a key:
// "intake-northshire-police.9a0b…" is sealed with "intake-northshire-police".
func (s Stream) Key() KeyID {
	k, _, _ := strings.Cut(string(s), ".")
	return KeyID(k)
}

// Revision counts the events of a stream; the revision of an empty one is 0.
type Revision uint64

// Any is the expectation of a writer that does not mind what is there.
const Any Revision = math.MaxUint64

// Position orders all events of the store; 0 is before the first. There may be
// gaps: only a position that the log gave is one to go on from.
type Position uint64

// EventID names one recorded event for ever. A writer that repeats itself must
// repeat the id: ids come from NewEventID, for the i-th entry of a write with i.
// A log that cannot look up an id in all streams may refuse others with
// ErrReusedID.
type EventID = uuid.UUID

// Cause says who did something and why; every append carries one. It is kept in
// clear and never holds personal data.
type Cause struct {
	By      events.ActorID  `json:"by"`
	For     events.AgencyID `json:"for"`
	Purpose events.Purpose  `json:"purpose,omitempty"`
	Because string          `json:"because"`         // id of the event or request this follows from
	Trace   string          `json:"trace,omitempty"` // W3C traceparent of what caused it
}

func (c Cause) complete() bool { return c.By != "" && c.For != "" && c.Because != "" }

// Entry is one event on its way into the log; Data is sealed.
type Entry struct {
	ID   EventID
	Type events.Type
	Data []byte
}

// Write is what an append adds to one stream, if the stream is still at Expect.
type Write struct {
	Stream  Stream
	Expect  Revision
	Cause   Cause
	Entries []Entry
}

// Appended is where a write came to lie.
type Appended struct {
	Revision Revision  // of its last event
	Position Position  // of its last event
	At       time.Time // when the log recorded it
}

// Recorded is an event as the log holds it.
type Recorded struct {
	Entry
	Stream   Stream
	Revision Revision
	Position Position
	At       time.Time // never goes back from one position to the next, as far as the log's clock does not
	Cause    Cause
}

var (
	// ErrConflict reports that a stream moved on since it was read.
	ErrConflict = errors.New("stream moved on")
	// ErrNoCause reports an append that does not say who and why.
	ErrNoCause = errors.New("append without a cause")
	// ErrReusedID reports an event id that already names another event.
	ErrReusedID = errors.New("event id names another event")
)

// Reader is all that a projection may do.
type Reader interface {
	// Read yields the events of s after the given revision, in order, then ends.
	// A stream nobody wrote yields none.
	Read(ctx context.Context, s Stream, after Revision) iter.Seq2[Recorded, error]

	// Follow yields every event after p in order of position, then waits for
	// more. It ends without an error when ctx ends.
	Follow(ctx context.Context, p Position) iter.Seq2[Recorded, error]

	// Last is the position of the newest event, 0 in an empty log.
	Last(ctx context.Context) (Position, error)
}

// Log is a Reader that can also be written. Every implementation passes
// storetest.Run.
type Log interface {
	Reader

	// Append returns after everything is on stable storage. What it is given
	// must not be changed afterwards: the log may hand it on. Three things can
	// happen to each write: it is added whole; or, if all its event ids already
	// lie in its stream, nothing is added and the answer says where they lie; or
	// the stream is not at Expect, and the error is ErrConflict.
	//
	// A log that can, takes all the writes or none. One that cannot takes them in
	// the order given, and the same call repeated completes what a crash cut off;
	// of such calls that race for a place, those that lose add nothing either.
	Append(ctx context.Context, ws ...Write) ([]Appended, error)
}
