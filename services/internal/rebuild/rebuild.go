// Package rebuild builds read models anew beside those that serve, compares the
// two, and puts the new in the place of the old.
package rebuild

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"kith/events/store"
	"kith/services/internal/follow"
	"kith/services/internal/sqlite"
)

// ErrDiffers reports a model that is not what the log makes of it. The old one
// still serves.
var ErrDiffers = errors.New("what was built differs from what serves")

// Config is what to rebuild and how.
type Config struct {
	Store    *store.Store
	Models   []follow.Projection // that serve, or would; each in a file of its own, <Dir>/<name>.db
	Beside   map[string]Beside   // by the name of one of these: what else is in its file
	Followed bool                // a follower brings each of them up to date
	Dir      string
	Check    bool // compare only
	Always   bool // switch even where the two differ, and keep the old one aside
	Discard  bool // with Always: keep nothing aside, for that the two differ is meant
	Tell     func(Progress)
	Log      *slog.Logger
}

// Beside is a model that shares the file of another one and follows a log of its
// own. The two are built, compared and switched as one.
type Beside struct {
	Store *store.Store
	follow.Model
}

// part is what follows one log, in one file.
type part struct {
	follow.Projection
	store *store.Store
}

// parts of a file. Which tables are compared is the first one's to say.
func (c Config) parts(p follow.Projection) []part {
	ps := []part{{p, c.Store}}
	if b, ok := c.Beside[p.Name]; ok {
		ps = append(ps, part{follow.Projection{Model: b.Model, DB: p.DB, Log: p.Log}, b.Store})
	}
	return ps
}

// Progress is how far the one pass over the log is.
type Progress struct {
	Events int            `json:"events"` // read
	At     store.Position `json:"at"`
	Until  store.Position `json:"until"`
	Rate   float64        `json:"eventsPerSecond"`
	Left   float64        `json:"secondsLeft"` // about
}

// Outcome is what became of one model.
type Outcome struct {
	Model    string         `json:"model"`
	Position store.Position `json:"position"` // at which the two were compared
	Rows     int            `json:"rows"`
	Digest   string         `json:"digest"` // of what was built; SHA-256
	Same     bool           `json:"same"`
	Differs  string         `json:"differs,omitempty"` // the first row that does, by its key of opaque ids
	New      bool           `json:"new"`               // there was nothing to compare with
	Switched bool           `json:"switched"`
	Aside    string         `json:"aside,omitempty"` // name of the old file, if kept
	Parked   int            `json:"parked"`          // events that have no rows
	Held     float64        `json:"heldSeconds"`     // for how long no new row could become visible
}

// suffix is of files that nobody uses yet. See Clean.
const suffix = ".db.new"

// Clean removes what a rebuild that was cut off left of a model.
func Clean(dir, model string) error {
	var errs []error
	for _, companion := range []string{"", "-wal", "-shm", "-journal"} {
		err := os.Remove(filepath.Join(dir, model+suffix+companion))
		if !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Run builds all models in one pass, then compares and switches one after the
// other. A model may be followed meanwhile. What ends it early, also a crash,
// leaves the old ones serving.
func Run(ctx context.Context, c Config) (out []Outcome, err error) {
	var fresh []follow.Projection
	defer func() {
		for _, p := range fresh {
			err = errors.Join(err, p.DB.Close(), Clean(c.Dir, p.Name))
		}
	}()
	for _, live := range c.Models {
		p, err := c.begin(ctx, live)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, p)
	}
	last, err := c.Store.Last(ctx)
	if err == nil {
		err = c.build(ctx, last, fresh)
	}
	if err == nil {
		err = c.buildBeside(ctx, fresh)
	}
	if err != nil {
		return nil, err
	}
	var differs error
	for i, live := range c.Models {
		o, err := c.one(ctx, live, fresh[i], last)
		if errors.Is(err, ErrDiffers) {
			differs, err = ErrDiffers, nil
		}
		if err != nil {
			return out, fmt.Errorf("rebuild %s: %w", live.Name, err)
		}
		out = append(out, o)
	}
	return out, differs
}

// begin makes the new file of a model.
func (c Config) begin(ctx context.Context, live follow.Projection) (follow.Projection, error) {
	p := follow.Projection{Model: live.Model, Log: c.Log}
	err := Clean(c.Dir, p.Name)
	if err == nil {
		p.DB, err = sqlite.Open(ctx, filepath.Join(c.Dir, p.Name+suffix), sqlite.Rebuildable)
	}
	if err != nil {
		return p, fmt.Errorf("rebuild %s: %w", p.Name, err)
	}
	return p, nil
}

// build reads the log once, up to the end.
func (c Config) build(ctx context.Context, until store.Position, fresh []follow.Projection) error {
	began, events := time.Now(), 0
	return follow.Build(ctx, c.Store, until, func(n int, at store.Position) {
		events += n
		took := time.Since(began).Seconds()
		c.tell(Progress{Events: events, At: at, Until: until, Rate: float64(events) / took, Left: took * float64(until-at) / float64(at)})
	}, fresh...)
}

// buildBeside reads the logs of those that share a file, up to their ends.
func (c Config) buildBeside(ctx context.Context, fresh []follow.Projection) error {
	for _, f := range fresh {
		for _, p := range c.parts(f)[1:] {
			last, err := p.store.Last(ctx)
			if err == nil {
				err = follow.Build(ctx, p.store, last, nil, p.Projection)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Config) tell(p Progress) {
	if c.Tell != nil {
		c.Tell(p)
	}
}

func sum(d sqlite.Digest) (digest string, rows int) {
	for _, t := range d.Tables {
		rows += t.Rows
	}
	return hex.EncodeToString(d.Sum[:]), rows
}
