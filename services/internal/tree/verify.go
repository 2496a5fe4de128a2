package tree

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

// Check is what Verify looks at: the entries of one log, and its tree's files.
type Check struct {
	Entries iter.Seq2[store.Recorded, error] // all of them, then it ends; an error may stand beside an entry
	Dense   bool                             // positions are 1, 2, 3, …
	Path    string                           // folder of the tree
	Origin  string

	Verifier string   // the hub's public key; signatures are not checked without it
	Older    [][]byte // signed checkpoints that somebody else kept
	Find     store.Position

	Progress func(entries int64) // told now and then; may be nil
}

// Whole is everything that a log holds now.
func Whole(ctx context.Context, log store.Reader) iter.Seq2[store.Recorded, error] {
	return func(yield func(store.Recorded, error) bool) {
		last, err := log.Last(ctx)
		if err != nil {
			yield(store.Recorded{}, err)
		}
		if err != nil || last == 0 {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for r, err := range log.Follow(ctx, 0) {
			if !yield(r, err) || err != nil || r.Position >= last {
				return
			}
		}
	}
}

// Problem is one thing that is wrong.
type Problem struct {
	Log      string         `json:"log"`
	Position store.Position `json:"position,omitempty"` // of the entry, where it is one
	File     string         `json:"file,omitempty"`     // where it is not
	What     string         `json:"what"`
	Do       string         `json:"do"`
}

func (p Problem) String() string {
	where := "file " + p.File
	if p.Position > 0 {
		where = fmt.Sprintf("position %d", p.Position)
	}
	return fmt.Sprintf("%s, %s: %s. %s", p.Log, where, p.What, p.Do)
}

// Report is what Verify found.
type Report struct {
	Log         string         `json:"log"`
	Entries     int64          `json:"entries"`
	Last        store.Position `json:"last"` // position of the newest entry
	Root        string         `json:"root"` // of the tree over all entries, base64
	Leaves      int64          `json:"leaves"`
	Checkpoints int            `json:"checkpoints"` // that were kept
	Signed      int64          `json:"signed"`      // entries under the newest of them
	Signatures  bool           `json:"signatures"`  // were checked
	PerSecond   int64          `json:"entriesPerSecond"`
	Note        string         `json:"note,omitempty"` // what nothing is known about

	Problems []Problem `json:"problems"` // the first few, in order of position
	Count    int       `json:"problemCount"`

	found *Found
}

// Found is the entry that Check.Find asked for.
type Found struct {
	Index int64
	Leaf  []byte
	At    time.Time
}

// Found is the entry at Check.Find, nil if there is none.
func (r Report) Found() *Found { return r.found }

// Good says that nothing is wrong.
func (r Report) Good() bool { return r.Count == 0 }

// enough is how many problems are told one by one.
const enough = 20

// What to do.
const (
	doKeep    = "Keep this copy as evidence and restore the log from a backup or another replica."
	doRebuild = "The log itself agrees with the checkpoints. Stop the hub, remove the tree's .hashes and .positions files and start it: it builds them again."
	doAsk     = "Ask who holds an older checkpoint or backup, and compare: kith verify -checkpoint."
)

// verifier walks a log beside its tree.
type verifier struct {
	Check
	r Report

	w      writer
	tree   frontier // over the entries as they are
	last   store.Position
	at     time.Time
	stored *storedLeaves
	heads  map[store.Stream]store.Revision

	known    []claim // checkpoints that are not yet compared, by size
	covered  int64   // the largest checkpoint
	agreed   int64   // the largest checkpoint that the log agrees with
	agreedAt store.Position

	differs []difference // between log and stored tree: the first few
	more    int          // differences after these
}

// difference is a leaf in which log and tree differ.
type difference struct {
	leaf int64
	Problem
}

// Verify reads a whole log and compares it with its tree and with every
// checkpoint. It writes nothing. What it finds is in the report; the error says
// that it could not look.
func Verify(ctx context.Context, c Check) (Report, error) {
	v := &verifier{Check: c, r: Report{Log: c.Origin, Problems: []Problem{}}, heads: map[store.Stream]store.Revision{}}
	began := time.Now()
	if err := v.load(); err != nil {
		return v.r, fmt.Errorf("verify %s: %w", c.Origin, err)
	}
	defer v.stored.close()
	if err := v.walk(ctx); err != nil {
		return v.r, fmt.Errorf("verify %s: %w", c.Origin, err)
	}
	v.conclude()
	v.r.Entries, v.r.Last, v.r.Root = v.tree.n, v.last, v.tree.root().String()
	v.r.PerSecond = int64(float64(v.tree.n) / max(time.Since(began).Seconds(), 1e-6))
	return v.r, nil
}

func (v *verifier) load() (err error) {
	if v.stored, err = openStored(v.Path, v.Origin); err != nil {
		return err
	}
	v.r.Leaves = v.stored.n
	var key note.Verifier
	if v.Verifier != "" {
		if key, err = note.NewVerifier(v.Verifier); err != nil {
			return errors.New("the verifier key is not one; the hub prints it as it starts")
		}
		v.r.Signatures = true
	}
	return v.loadCheckpoints(key)
}

// wrong notes a problem.
func (v *verifier) wrong(p Problem) {
	p.Log = v.Origin
	if v.r.Count++; len(v.r.Problems) < enough {
		v.r.Problems = append(v.r.Problems, p)
	}
}

func (v *verifier) walk(ctx context.Context) error {
	for r, err := range v.Entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && r.Position == 0 {
			v.wrong(Problem{Position: v.last + 1, What: fmt.Sprintf("cannot be read: %v", err), Do: doKeep})
			continue
		}
		if err != nil {
			v.wrong(Problem{Position: r.Position, What: err.Error(), Do: doKeep})
		}
		v.envelope(r)
		v.compare(r)
		if v.Progress != nil && v.tree.n%(1<<16) == 0 {
			v.Progress(v.tree.n)
		}
	}
	return nil
}

// envelope checks what must hold of a log by itself.
func (v *verifier) envelope(r store.Recorded) {
	say := func(format string, args ...any) {
		v.wrong(Problem{Position: r.Position, What: fmt.Sprintf(format, args...), Do: doKeep})
	}
	last := v.last
	if v.Dense && r.Position != last+1 {
		say("it follows position %d: what was between is gone", last)
	} else if r.Position <= last {
		say("it follows position %d", last)
	}
	if head := v.heads[r.Stream]; r.Revision != head+1 {
		say("it is revision %d of its stream after revision %d", r.Revision, head)
	}
	v.heads[r.Stream] = r.Revision
	if r.At.Before(v.at) {
		say("its time is before that of the entry before it")
	}
	v.at = r.At
}

// compare adds the entry to the tree of what is, and looks what the stored tree
// has in its place.
func (v *verifier) compare(r store.Recorded) {
	leaf := v.w.leaf(r)
	h := tlog.RecordHash(leaf)
	if r.Position == v.Find && v.r.found == nil {
		v.r.found = &Found{Index: v.tree.n, Leaf: append([]byte(nil), leaf...), At: r.At}
	}
	v.beside(r, h)
	v.tree.add(h)
	v.last = r.Position
	for len(v.known) > 0 && v.known[0].N == v.tree.n {
		v.claimed(v.known[0])
		v.known = v.known[1:]
	}
}

// beside walks the stored leaves in step with the log, by position.
func (v *verifier) beside(r store.Recorded, h tlog.Hash) {
	for {
		p, stored, ok := v.stored.peek()
		switch {
		case !ok: // the log goes on after the tree
			return
		case p < r.Position:
			v.differ(v.stored.at, p, "it is gone: the tree has it and the log has not")
			v.stored.next()
		case p > r.Position:
			v.differ(v.tree.n, r.Position, "it was put in: the tree does not have it")
			return
		default:
			if stored != h {
				v.differ(v.tree.n, p, "it is not what was recorded: envelope, cause or payload was changed")
			}
			v.stored.next()
			return
		}
	}
}

// differ keeps a difference between log and tree. Which of the two was changed
// is told in the end, by the checkpoints.
func (v *verifier) differ(leaf int64, p store.Position, what string) {
	if len(v.differs) == enough {
		v.more++
		return
	}
	v.differs = append(v.differs, difference{leaf, Problem{Log: v.Origin, Position: p, What: what}})
}

func (v *verifier) conclude() {
	for p, _, ok := v.stored.peek(); ok; p, _, ok = v.stored.peek() {
		v.differ(v.stored.at, p, "it is gone: the log ends before it")
		v.stored.next()
	}
	for _, c := range v.known {
		v.wrong(Problem{File: c.file, Do: doKeep,
			What: fmt.Sprintf("it says that the log had %d entries, and the log has %d: its end was cut off, or this copy is older", c.N, v.tree.n)})
	}
	v.judge()
	v.damage()
}

// judge says what the differences mean. Checkpoints are signed and stored hashes
// are not: where a checkpoint vouches for the log, the tree's files are damaged.
func (v *verifier) judge() {
	var changed []Problem
	damaged := 0
	for _, d := range v.differs {
		switch {
		case d.leaf < v.agreed:
			damaged++
			continue
		case v.covered <= d.leaf:
			d.Do = "No checkpoint covers it yet, so it may be the tree's files that were damaged. " + doAsk
		default:
			d.Do = doKeep
		}
		changed = append(changed, d.Problem)
	}
	if damaged > 0 {
		v.wrong(Problem{File: v.stored.name("hashes"), Do: doRebuild,
			What: fmt.Sprintf("it does not have the hashes of the log, first at position %d", v.differs[0].Position)})
	}
	if len(changed) > 0 {
		v.r.Count += len(changed) + v.more
		v.r.Problems = append(changed, v.r.Problems...)
		v.r.Problems = v.r.Problems[:min(enough, len(v.r.Problems))]
	}
}

// damage finds what is wrong with the tree's files although every leaf is right.
func (v *verifier) damage() {
	hashes := v.stored.name("hashes")
	switch {
	case len(v.differs) > 0:
	case !v.stored.there() && v.agreed > 0: // a backup leaves them out
		v.r.Note = fmt.Sprintf("The tree's files are not here; the hub builds them. The log was compared with checkpoints only: nothing vouches for what comes after position %d.", v.agreedAt)
	case !v.stored.there() && v.tree.n > 0:
		v.wrong(Problem{File: hashes, What: "there is no tree and no checkpoint of this log: nothing vouches for it",
			Do: "Start the hub with this record: it builds the tree. Then verify a copy of that."})
	case v.stored.bad >= 0:
		v.wrong(Problem{File: hashes, What: fmt.Sprintf("hash %d is not what its leaves make", v.stored.bad), Do: doRebuild})
	case v.stored.n < v.r.Signed:
		v.wrong(Problem{File: hashes, Do: doRebuild,
			What: fmt.Sprintf("the tree has %d leaves and its newest checkpoint %d", v.stored.n, v.r.Signed)})
	}
}
