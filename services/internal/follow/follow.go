// Package follow keeps a read model up to date with the log. The rows of the
// model and the position up to which they are true are committed together, so
// that a crash neither loses nor repeats an event.
package follow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"kith/events"
	"kith/events/store"
	"kith/services/internal/sqlite"
)

// Model says how events become rows. The same one serves whoever follows the log
// and whoever builds the rows anew.
type Model struct {
	Name   string   // it keeps a position of its own in its file
	Schema []string // migrations of the file; none if somebody else makes the tables

	// Work are tables that others than Apply take rows from: what is still to be
	// done. They do not follow from the log alone, so they are not compared.
	Work []string

	// Wants says which types Apply has a use for; nil for all. The payload of the
	// others is not opened, which is most of the work, and Apply never sees them.
	Wants func(events.Type) bool

	// Apply writes what one event means, through tx and nothing else: the one
	// writing connection is taken. It sees every event that it wants, in order, and
	// should pass over those that are not its own. An event that is given again after
	// a crash finds nothing of its first time in DB; what Apply did elsewhere it
	// must be able to do twice.
	//
	// An error that may pass (see the package sqlite, a conflict, an ended
	// context, fault.Unavailable) is tried again. With any other the event is
	// parked and the rest goes on.
	Apply func(ctx context.Context, tx *Tx, e store.Event) error

	// Purge takes out all that Apply wrote because of what lies in a stream that
	// cannot be read any more, so that the rows are what they would be had they been
	// built without it. It may find nothing. Nil: no row says anything of a stream.
	Purge func(ctx context.Context, tx *Tx, gone store.Stream) error
}

func (m Model) wants(t events.Type) bool { return m.Wants == nil || m.Wants(events.Newest(t)) }

// Projection is a model in a file.
type Projection struct {
	Model
	DB *sqlite.DB

	// After, if set, is told of every event that is neither erased nor parked, in
	// order, once it is committed; what the model does not want comes without its
	// payload. It must not block. After a crash it is not told again.
	After func(store.Event)

	Log *slog.Logger // slog.Default if not set
}

// ErrAhead reports a read model that knows more than the log holds: one of the
// two was restored from another time. The model has to be built anew.
var ErrAhead = errors.New("read model is ahead of the log")

// ErrStopped reports a wait for a follower that has ended.
var ErrStopped = errors.New("follower stopped")

// schema is shared by the projections of one file.
const schema = `
CREATE TABLE IF NOT EXISTS position (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS parked (
	name     TEXT NOT NULL,
	position INTEGER NOT NULL,
	type     TEXT NOT NULL,
	code     TEXT NOT NULL,
	at       INTEGER NOT NULL, -- when, in nanoseconds since 1970
	PRIMARY KEY (name, position)
) STRICT`

// Follower is a projection under way.
type Follower struct {
	s    *store.Store
	p    Projection
	stop context.CancelFunc
	done chan struct{}

	careful store.Position // up to here every event is a transaction of its own

	mu    sync.Mutex
	at    store.Position
	moved chan struct{} // closed and replaced when at moves
}

// Start goes on where the projection stood, until ctx ends or Stop.
func Start(ctx context.Context, s *store.Store, p Projection) (*Follower, error) {
	if p.Log == nil {
		p.Log = slog.Default()
	}
	f := &Follower{s: s, p: p, done: make(chan struct{}), moved: make(chan struct{})}
	if err := f.load(ctx); err != nil {
		return nil, fmt.Errorf("follow as %s: %w", p.Name, err)
	}
	ctx, f.stop = context.WithCancel(ctx)
	go f.run(ctx)
	return f, nil
}

func (f *Follower) load(ctx context.Context) error {
	if err := f.p.prepare(ctx); err != nil {
		return err
	}
	if err := f.resume(ctx); err != nil {
		return err
	}
	last, err := f.s.Last(ctx)
	if err == nil && f.at > last {
		err = fmt.Errorf("at %d of %d: %w", f.at, last, ErrAhead)
	}
	return err
}

// resume takes the position from the file: after a commit that failed nobody
// else knows whether it happened.
func (f *Follower) resume(ctx context.Context) error {
	at, err := f.p.Position(ctx)
	if err == nil {
		f.move(at)
	}
	return err
}

// prepare makes the tables.
func (p Projection) prepare(ctx context.Context) error {
	if len(p.Schema) > 0 {
		if err := p.DB.Migrate(ctx, p.Schema...); err != nil {
			return err
		}
	}
	_, err := p.DB.Write.ExecContext(ctx, schema)
	return err
}

// Position is up to where the file's rows are committed.
func (p Projection) Position(ctx context.Context) (at store.Position, err error) {
	err = p.DB.Read.QueryRowContext(ctx, `SELECT at FROM position WHERE name = ?`, p.Name).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return at, err
}

// Position is up to where the rows are committed.
func (f *Follower) Position() store.Position {
	at, _ := f.now()
	return at
}

// Wait returns when the rows of everything up to p are committed.
func (f *Follower) Wait(ctx context.Context, p store.Position) error {
	for {
		at, moved := f.now()
		if at >= p {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", f.p.Name, context.Cause(ctx))
		case <-f.done:
			return fmt.Errorf("wait for %s: %w", f.p.Name, ErrStopped)
		}
	}
}

// Stop ends the follower and waits until it has ended.
func (f *Follower) Stop() {
	f.stop()
	<-f.done
}

func (f *Follower) now() (store.Position, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at, f.moved
}

func (f *Follower) move(p store.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = p
	close(f.moved)
	f.moved = make(chan struct{})
}

const (
	shortPause = 50 * time.Millisecond
	longPause  = 5 * time.Second
)

// run starts again, from what is committed, whenever something failed.
func (f *Follower) run(ctx context.Context) {
	defer close(f.done)
	defer f.stop()
	pause := shortPause
	for {
		before := f.Position()
		err := f.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errCarefully) {
			continue
		}
		if f.Position() > before {
			pause = shortPause
		}
		f.p.Log.WarnContext(ctx, "projection starts again", "projection", f.p.Name,
			"position", uint64(f.Position()), "code", code(err), "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, longPause)
	}
}
