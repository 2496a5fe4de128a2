package store

import (
	"context"
	"iter"
	"runtime"
	"time"

	"kith/events"
)

// run is how many events are opened in one go.
const run = 256

// Scan yields every event after one position up to another, in order, then ends.
// It opens them as FollowOnly does, on all processors: opening is most of the
// work of reading a log from its beginning. There must be an event at until; if
// ctx ends before it, the last error says so.
func (s *Store) Scan(ctx context.Context, after, until Position, wanted func(events.Type) bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if after >= until {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		runs := make(chan *opening, 2*runtime.GOMAXPROCS(0))
		go s.readAhead(ctx, after, until, wanted, runs)
		defer func() {
			cancel()
			for r := range runs { // nobody uses log or keys when this returns
				<-r.done
			}
		}()
		var at Position
		for r := range runs {
			<-r.done
			for _, o := range r.opened {
				if at = o.event.Position; !yield(o.event, o.err) {
					return
				}
			}
		}
		if err := context.Cause(ctx); err != nil && at < until {
			yield(Event{}, err)
		}
	}
}

// opening is a run of events on their way to be opened.
type opening struct {
	read   []Recorded
	opened []opened
	done   chan struct{}
}

type opened struct {
	event Event
	err   error
}

// readAhead reads the log and starts to open what it read, some runs ahead of
// whoever takes them from the channel.
func (s *Store) readAhead(ctx context.Context, after, until Position, wanted func(events.Type) bool, runs chan<- *opening) {
	defer close(runs)
	o := newOpening()
	send := func() bool {
		select {
		case runs <- o:
			go s.openRun(ctx, o, wanted)
			o = newOpening()
			return true
		case <-ctx.Done():
			return false
		}
	}
	for r, err := range s.log.Follow(ctx, after) {
		if err != nil {
			if len(o.read) > 0 && !send() {
				return
			}
			o.opened = append(o.opened, opened{err: err})
			send()
			return
		}
		o.read = append(o.read, r)
		if last := r.Position >= until; last || len(o.read) == run {
			if !send() || last {
				return
			}
		}
	}
}

func newOpening() *opening {
	return &opening{read: make([]Recorded, 0, run), done: make(chan struct{})}
}

func (s *Store) openRun(ctx context.Context, o *opening, wanted func(events.Type) bool) {
	defer close(o.done)
	for _, r := range o.read {
		e, err := s.openWanted(ctx, r, wanted)
		o.opened = append(o.opened, opened{e, err})
	}
	o.read = nil
}

// Next is when the first event after p was recorded; the zero time if there is
// none yet.
func (s *Store) Next(ctx context.Context, p Position) (time.Time, error) {
	last, err := s.Last(ctx)
	if err != nil || last <= p {
		return time.Time{}, err
	}
	for r, err := range s.log.Follow(ctx, p) {
		return r.At, err
	}
	return time.Time{}, context.Cause(ctx)
}
