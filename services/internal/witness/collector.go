package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events"
)

// Log is one of the hub's logs, as the hub's tree has it.
type Log struct {
	Origin      string
	Checkpoint  func() []byte // the newest, signed; nothing while there is none
	Consistency func(old, size int64) (tlog.TreeProof, error)
}

// CollectorConfig is what a Collector needs.
type CollectorConfig struct {
	Dir       string // where it keeps what was cosigned
	Verifier  string // the hub's own public key
	Logs      []Log
	Witnesses map[events.AgencyID]string // each with the public key it cosigns with
	Quorum    int                        // how many have to cosign; 0: more than half
	// Ask sends an add-checkpoint request to an agency.
	Ask   func(ctx context.Context, agency events.AgencyID, body []byte) (status int, answer []byte, err error)
	Every time.Duration // between two rounds
	Now   func() time.Time
	Log   *slog.Logger // nobody hears, if nil
}

// Collector sends the newest checkpoint of each log to every agency, round after
// round at a fixed cadence, also if nothing was added: an agency that cosigns
// the same once more says that there was nothing newer. It keeps, in Dir, of
// each log the newest checkpoint that a quorum cosigned, NAME.checkpoint, and
// the newest that each agency did, NAME/AGENCY.checkpoint.
type Collector struct {
	c      CollectorConfig
	hub    note.Verifier
	desks  []*desk // one for each log and agency
	quorum int
	keep   folder

	mu        sync.Mutex
	witnessed map[string]witnessed // by origin
	stop      context.CancelFunc
	running   sync.WaitGroup
}

// witnessed is the newest checkpoint of a log that a quorum cosigned.
type witnessed struct {
	signed
	at time.Time // when the last of the newest quorum said so
}

// lessThan: a larger log, or more or fresher cosignatures on the same.
func (w witnessed) lessThan(next witnessed) bool {
	if next.size != w.size {
		return next.size > w.size
	}
	return next.at.After(w.at) || len(next.note.Sigs) > len(w.note.Sigs)
}

// OpenCollector reads what was kept and begins with the first round. It ends
// with Close.
func OpenCollector(c CollectorConfig) (*Collector, error) {
	hub, err := note.NewVerifier(c.Verifier)
	if err != nil {
		return nil, errors.New("open the collector: the hub's verifier key is not one")
	}
	k := &Collector{c: c, hub: hub, quorum: c.Quorum, witnessed: map[string]witnessed{}}
	if k.quorum == 0 {
		k.quorum = len(c.Witnesses)/2 + 1
	}
	if k.quorum < 1 || k.quorum > len(c.Witnesses) {
		return nil, fmt.Errorf("open the collector: a quorum of %d cannot come of %d witnesses", k.quorum, len(c.Witnesses))
	}
	if k.c.Log == nil {
		k.c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if k.keep, err = newFolder(c.Dir); err != nil {
		return nil, fmt.Errorf("open the collector: %w", err)
	}
	for _, l := range c.Logs {
		if err := k.load(l); err != nil {
			return nil, fmt.Errorf("open the collector: %s: %w", l.Origin, err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	k.stop = stop
	k.running.Go(func() { k.run(ctx) })
	return k, nil
}

// Close ends the round that is running.
func (k *Collector) Close() {
	k.stop()
	k.running.Wait()
}

// load opens a desk for every agency, and reads what was kept. What does not
// verify with the keys of today is passed over: the agencies have the original.
func (k *Collector) load(l Log) error {
	name, err := shortName(l.Origin)
	if err != nil {
		return err
	}
	keys := map[string]events.AgencyID{}
	for _, agency := range slices.Sorted(maps.Keys(k.c.Witnesses)) {
		v, err := NewVerifier(k.c.Witnesses[agency])
		if err != nil {
			return fmt.Errorf("%s: %w", agency, err)
		}
		if other, twice := keys[string(v.public)]; twice {
			return fmt.Errorf("%s and %s have the same witness key; each makes its own", agency, other)
		}
		keys[string(v.public)] = agency
		d := &desk{agency: agency, log: l, name: name, key: v}
		if d.keep, err = newFolder(filepath.Join(k.c.Dir, name)); err != nil {
			return err
		}
		d.load(k.hub)
		k.desks = append(k.desks, d)
	}
	k.settle(l, name)
	return nil
}

func (k *Collector) run(ctx context.Context) {
	tick := time.NewTicker(k.c.Every)
	defer tick.Stop()
	for {
		k.Round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round asks every agency about every log, once, and returns when all answered
// or their time was over. Run calls it; a test may, for not having to wait.
func (k *Collector) Round(ctx context.Context) {
	var asking sync.WaitGroup
	for _, d := range k.desks {
		asking.Go(func() { k.visit(ctx, d) })
	}
	asking.Wait()
	for _, l := range k.c.Logs {
		if name, err := shortName(l.Origin); err == nil {
			k.settle(l, name)
		}
	}
}

// settle looks for a checkpoint that a quorum cosigned, newer than the one that
// is known, or known and cosigned again.
func (k *Collector) settle(l Log, name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.witnessed[l.Origin]
	next, ok := k.newest(l.Origin)
	if !ok || old.note != nil && !old.lessThan(next) {
		return
	}
	if old.note == nil || old.note.Text != next.note.Text || len(old.note.Sigs) < len(next.note.Sigs) {
		if err := k.keep.put(fileOf(name), next.bytes()); err != nil {
			k.c.Log.Error("a witnessed checkpoint could not be kept", "what", name, "error", err)
			return
		}
	}
	k.witnessed[l.Origin] = next
}

// newest is the newest checkpoint of a log that a quorum holds, with the
// cosignatures of all who hold it.
func (k *Collector) newest(origin string) (best witnessed, found bool) {
	by := map[string][]signed{}
	for _, d := range k.desks {
		if h := d.holds(); d.log.Origin == origin && h.note != nil {
			by[h.note.Text] = append(by[h.note.Text], h)
		}
	}
	for text, held := range by {
		if len(held) < k.quorum || found && held[0].size <= best.size {
			continue
		}
		best, found = k.merge(text, held), true
	}
	return best, found
}

// merge makes one note of one text with several cosignatures. It is as old as
// the oldest that the quorum needs.
func (k *Collector) merge(text string, held []signed) witnessed {
	n := &note.Note{Text: text}
	var times []time.Time
	for _, h := range held {
		for _, sig := range h.note.Sigs {
			if !slices.Contains(n.Sigs, sig) {
				n.Sigs = append(n.Sigs, sig)
			}
			if sig.Name != k.hub.Name() || sig.Hash != k.hub.KeyHash() {
				times = append(times, stamped(sig))
			}
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	return witnessed{signed{held[0].checkpoint, n}, times[k.quorum-1]}
}

// Quorum is how many agencies have to cosign a checkpoint.
func (k *Collector) Quorum() int { return k.quorum }

// Witnessed is the newest checkpoint of a log that a quorum cosigned, as a note
// with all its signatures; nil if there is none yet.
func (k *Collector) Witnessed(origin string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.witnessed[origin]; w.note != nil {
		return w.bytes()
	}
	return nil
}

// Standing says how well a log is witnessed.
type Standing struct {
	Size     int64     // of the newest checkpoint that a quorum cosigned
	At       time.Time // when it did; zero if never
	Agreeing int       // agencies that cosigned when they were last asked
	Refusing int       // agencies that did not, because of what they hold
	Silent   int       // agencies that did not answer, or not so that it could be used
}

// Standing is how a log stands after the last round.
func (k *Collector) Standing(origin string) (s Standing) {
	for _, d := range k.desks {
		if d.log.Origin != origin {
			continue
		}
		switch d.trouble() {
		case unasked:
		case agrees:
			s.Agreeing++
		case conflicts, isAhead, ownConflict:
			s.Refusing++
		default:
			s.Silent++
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s.Size, s.At = k.witnessed[origin].size, k.witnessed[origin].at
	return s
}
