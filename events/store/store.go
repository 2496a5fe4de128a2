package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/google/uuid"

	"kith/events"
)

// Store appends and reads events, sealed on the way in and opened on the way out.
type Store struct {
	log  Log
	keys Keys
}

// New returns a Store over a log and the keys to its payloads.
func New(l Log, k Keys) *Store { return &Store{log: l, keys: k} }

// Event is an event as it was recorded, opened.
type Event struct {
	ID       EventID
	Stream   Stream
	Revision Revision
	Position Position
	At       time.Time // when the hub recorded it
	Cause    Cause
	Type     events.Type  // as it was recorded, whether or not it could be opened
	Event    events.Event // nil where it could not be, or nobody wanted it
}

// Batch is what one writer adds to one stream.
type Batch struct {
	Stream Stream
	Expect Revision
	Cause  Cause
	Events []events.Event
}

// Append seals the batches and appends them as Log.Append says. Ids of the
// events come from NewEventID, so the same batch given again adds nothing.
func (s *Store) Append(ctx context.Context, bs ...Batch) ([]Appended, error) {
	ws := make([]Write, len(bs))
	for i, b := range bs {
		w, err := s.seal(ctx, b)
		if err != nil {
			return nil, err
		}
		ws[i] = w
	}
	return s.log.Append(ctx, ws...)
}

func (s *Store) seal(ctx context.Context, b Batch) (Write, error) {
	if !b.Cause.complete() {
		return Write{}, fmt.Errorf("append to %s: %w", b.Stream, ErrNoCause)
	}
	w := Write{Stream: b.Stream, Expect: b.Expect, Cause: b.Cause}
	for i, e := range b.Events {
		plain, err := events.Encode(e)
		if err != nil {
			return Write{}, err
		}
		id := NewEventID(b.Stream, b.Cause.Because, e.Type(), i)
		data, err := s.keys.Seal(ctx, b.Stream.Key(), plain, associated(b.Stream, e.Type(), id))
		if err != nil {
			return Write{}, fmt.Errorf("seal for %s: %w", b.Stream, err)
		}
		w.Entries = append(w.Entries, Entry{ID: id, Type: e.Type(), Data: data})
	}
	return w, nil
}

// Read yields the events of a stream after a revision, opened, then ends.
func (s *Store) Read(ctx context.Context, st Stream, after Revision) iter.Seq2[Event, error] {
	return s.open(ctx, s.log.Read(ctx, st, after), nil)
}

// Follow yields every event after p, opened, then waits for more until ctx ends.
func (s *Store) Follow(ctx context.Context, p Position) iter.Seq2[Event, error] {
	return s.FollowOnly(ctx, p, nil)
}

// FollowOnly is Follow, but opens only events that come as wanted types: of the others it
// yields what lies beside the payload. Without wanted it opens all.
func (s *Store) FollowOnly(ctx context.Context, p Position, wanted func(events.Type) bool) iter.Seq2[Event, error] {
	return s.open(ctx, s.log.Follow(ctx, p), wanted)
}

// Last is the position of the newest event.
func (s *Store) Last(ctx context.Context) (Position, error) { return s.log.Last(ctx) }

// Pseudonym is Keys.Pseudonym.
func (s *Store) Pseudonym(domain, value string) string { return s.keys.Pseudonym(domain, value) }

func (s *Store) open(ctx context.Context, rs iter.Seq2[Recorded, error], wanted func(events.Type) bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for r, err := range rs {
			var e Event
			if err == nil {
				e, err = s.openWanted(ctx, r, wanted)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// openWanted returns the envelope even where the payload is not opened, or cannot be.
func (s *Store) openWanted(ctx context.Context, r Recorded, wanted func(events.Type) bool) (Event, error) {
	e := Event{ID: r.ID, Stream: r.Stream, Revision: r.Revision, Position: r.Position, At: r.At, Cause: r.Cause, Type: r.Type}
	if wanted != nil && !wanted(events.Newest(r.Type)) {
		return e, nil
	}
	plain, err := s.keys.Open(ctx, r.Stream.Key(), r.Data, associated(r.Stream, r.Type, r.ID))
	if err != nil {
		return e, fmt.Errorf("open %s at %d: %w", r.Stream, r.Revision, err)
	}
	e.Event, err = events.Decode(r.Type, plain)
	return e, err
}

// associated binds a payload to its place: what was sealed for one stream, type
// and id opens under no other. Each part is preceded by its length.
func associated(st Stream, t events.Type, id EventID) []byte {
	var b []byte
	for _, part := range []string{string(st), string(t), string(id[:])} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// space keeps our ids apart from everyone else's version 5 UUIDs.
var space = uuid.MustParse("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")

// NewEventID derives the id of the i-th event that one cause adds to a stream,
// so that doing the same again is seen to be the same.
func NewEventID(st Stream, because string, t events.Type, i int) EventID {
	name := string(st) + "\x00" + because + "\x00" + string(t) + "\x00" + strconv.Itoa(i)
	return uuid.NewSHA1(space, []byte(name))
}
