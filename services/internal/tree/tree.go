// Package tree makes a log tamper-evident: an RFC 6962 tree over its events in
// the order of the log, and signed checkpoints of it. Whoever holds a checkpoint
// can tell whether anything before it was changed, taken out or put in since.
package tree

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

var (
	// ErrChanged reports that the log no longer holds what the tree or a signed
	// checkpoint says it held. Nothing more is signed.
	ErrChanged = errors.New("the log was changed")
	// ErrNotThere reports a position or a size that the tree does not have.
	ErrNotThere = errors.New("not in the tree")
)

// Config is what a tree needs.
type Config struct {
	Log    store.Reader
	Path   string // folder of the tree's files, made if it is not there
	Origin string // first line of checkpoints; its last part names the files: "kith-hub/events"

	Signer   note.Signer   // signs checkpoints
	Verifier string        // the public key of the same, as note.NewVerifier takes it
	Every    time.Duration // between checkpoints; one minute if not set
	Signs    func() bool   // whether it is for this process to sign now; always if nil. The tree grows all the same

	// Shared is a file in which the hubs of one log keep what any of them signed
	// last; none if there is only one. What Signs allows must exclude the others.
	Shared string

	Logger *slog.Logger // slog.Default if not set
}

// Tree follows a log and appends a leaf for each event.
type Tree struct {
	c    Config
	key  note.Verifier
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	leaves  *leaves
	write   writer
	fault   error          // that nothing mends while the process runs
	pending []Checkpoint   // that a tree built anew must agree with on its way
	tail    *storedLeaves  // what the files hold after the newest checkpoint, until it is made again
	until   store.Position // where the log ended at open

	signing sync.Mutex // held from the decision to sign until the result can be seen
	kept    *kept
	newest  Checkpoint // on stable storage
	signed  []byte     // newest, as signed
	at      time.Time  // when newest was last found to be the whole tree, or signed
}

// Open opens the tree of a log, or begins one, compares it with the log and goes
// on from there until Close. Files of the tree that are lost or damaged are built
// again from the log.
//
// A log that was changed is no error of Open, for the hub must serve: it is
// logged, and Err tells it from then on.
func Open(ctx context.Context, c Config) (*Tree, error) {
	if c.Every == 0 {
		c.Every = time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	key, err := note.NewVerifier(c.Verifier)
	if err != nil {
		return nil, fmt.Errorf("open the tree of %s: the verifier key is not one", c.Origin)
	}
	t := &Tree{c: c, key: key}
	if err := t.open(ctx); err != nil {
		return nil, fmt.Errorf("open the tree of %s: %w", c.Origin, errors.Join(err, t.shut()))
	}
	ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
	t.done.Go(func() { t.follow(ctx) })
	t.done.Go(func() { t.signAll(ctx) })
	return t, nil
}

func (t *Tree) file(kind string) string {
	return filepath.Join(t.c.Path, fileName(t.c.Origin, kind))
}

func (t *Tree) open(ctx context.Context) error {
	if err := os.MkdirAll(t.c.Path, 0o700); err != nil {
		return err
	}
	var err error
	l := &leaves{}
	if l.hashes, err = openAppender(t.file("hashes")); err != nil {
		return err
	}
	if l.positions, err = openAppender(t.file("positions")); err != nil {
		return errors.Join(err, l.hashes.f.Close())
	}
	t.leaves = l
	notes, err := t.openCheckpoints()
	if err != nil {
		return err
	}
	return t.compare(ctx, notes)
}

// openCheckpoints reads the newest checkpoint. One that this hub did not sign is
// a fault, and not overwritten.
func (t *Tree) openCheckpoints() (notes [][]byte, err error) {
	if t.kept, notes, err = openKept(t.file("checkpoints")); err != nil || len(notes) == 0 {
		return notes, err
	}
	t.signed = notes[len(notes)-1]
	t.newest, err = ParseCheckpoint(t.signed, t.c.Origin, t.key)
	if err != nil {
		t.fail(fmt.Errorf("the newest of the kept checkpoints: %w", err))
		return notes, nil
	}
	i, err := t.kept.f.Stat()
	if err == nil {
		t.at = i.ModTime()
	}
	return notes, err
}

// Close stops following and signing. It signs nothing: checkpoints come at their
// own pace.
func (t *Tree) Close() error {
	t.stop()
	t.done.Wait()
	return t.shut()
}

func (t *Tree) shut() (err error) {
	if t.tail != nil {
		t.tail.close()
	}
	if t.leaves != nil {
		err = t.leaves.close()
	}
	if t.kept != nil {
		err = errors.Join(err, t.kept.f.Close())
	}
	return err
}

// Err is nil as long as the log agrees with the tree and with every checkpoint.
func (t *Tree) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fault
}

// fail stops the tree for good, loudly.
func (t *Tree) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed(err)
}

func (t *Tree) failed(err error) {
	if t.fault == nil {
		t.fault = err
		t.c.Logger.Error("TAMPER EVIDENCE: the tree does not agree; no more checkpoints are signed; run kith verify",
			"what", t.c.Origin, "error", err)
	}
}

// Size is the number of leaves, and the position of the newest.
func (t *Tree) Size() (int64, store.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leaves.n, t.leaves.last
}

// Checkpoint is the newest signed checkpoint, a signed note of the C2SP
// tlog-checkpoint form, or nil before the first. It is on stable storage.
func (t *Tree) Checkpoint() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.signed
}

// Age is the time since the newest checkpoint was signed, or was last found to
// say all there is. It is 0 before the first.
func (t *Tree) Age() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at.IsZero() {
		return 0
	}
	return time.Since(t.at)
}

// Consistency proves that the tree of size older is what the tree of size newer
// begins with. The proof from the empty tree is empty.
func (t *Tree) Consistency(older, newer int64) (tlog.TreeProof, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if older < 0 || older > newer || newer > t.leaves.n {
		return nil, fmt.Errorf("prove consistency of %d with %d: %w: it has %d leaves", older, newer, ErrNotThere, t.leaves.n)
	}
	if older == 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(newer, older, t.leaves)
}

// Inclusion proves that the event at a position is a leaf of the tree of a size,
// and says which and what the leaf holds.
func (t *Tree) Inclusion(ctx context.Context, p store.Position, size int64) (index int64, proof tlog.RecordProof, leaf []byte, err error) {
	if index, proof, err = t.prove(p, size); err != nil {
		return 0, nil, nil, fmt.Errorf("prove inclusion: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for r, err := range t.c.Log.Follow(ctx, p-1) {
		if err == nil && r.Position != p {
			err = fmt.Errorf("%w: nothing at position %d", ErrChanged, p)
		}
		return index, proof, Leaf(r), err
	}
	return 0, nil, nil, fmt.Errorf("prove inclusion: %w", context.Cause(ctx))
}

func (t *Tree) prove(p store.Position, size int64) (index int64, proof tlog.RecordProof, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if index, err = t.leaves.index(p); err != nil {
		return 0, nil, err
	}
	if index >= size || size > t.leaves.n {
		return 0, nil, fmt.Errorf("%w: leaf %d in a tree of %d leaves; there are %d", ErrNotThere, index, size, t.leaves.n)
	}
	proof, err = tlog.ProveRecord(size, index, t.leaves)
	return index, proof, err
}
