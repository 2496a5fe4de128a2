// Package disktest puts a disk under SQLite that fails when it is told to, and
// that knows what a power cut would leave of it. It is for tests.
//
// Everything below one folder that SQLite writes goes through it, whoever opens
// the files: the code under test is not changed and knows nothing of it.
//
// The disk is as Linux is: what was written is seen by every reader at once, is
// on stable storage after a sync of the file, and until then may be there, or
// not, or in part, in any order. After a sync that failed the next one
// succeeds, but what was written before the failure is not on stable storage
// and never will be unless it is written again.
package disktest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// Disk is a folder on a disk that fails.
type Disk struct {
	dir string

	mu     sync.Mutex
	ops    []op
	base   *State // before the first op
	now    *State // after the last
	calls  int
	failAt int
	unsync string // name of the file whose next sync fails
	full   bool
	failed []string
	times  map[string]time.Time // when we last wrote a file
}

type kind string

const (
	written   kind = "write"
	truncated kind = "truncate"
	synced    kind = "sync"
	deleted   kind = "delete"
	created   kind = "create"
	found     kind = "open" // a file that was there before SQLite opened it
	refused   kind = "sync that failed"
	rewritten kind = "rewrite" // whole and synced, by somebody other than SQLite
)

// op is what was done to a file.
type op struct {
	kind   kind
	path   string
	offset int64  // of a write; the new size of a truncate
	data   []byte // of a write; the content of a file that was found or rewritten
	dir    bool   // a delete that syncs the folder
}

// New makes dir, which must be there, a Disk until the test ends.
func New(t testing.TB, dir string) *Disk {
	t.Helper()
	if err := install(); err != nil {
		t.Fatal(err)
	}
	d := &Disk{dir: dir, base: newState(), now: newState(), times: map[string]time.Time{}}
	world.Lock()
	world.disks = append(world.disks, d)
	world.Unlock()
	t.Cleanup(d.Remove)
	return d
}

// Killed is the Disk as the next process finds it after one was killed, in the
// folder to: it reads everything that was written, and a power cut takes what
// it would have taken before.
func (d *Disk) Killed(t testing.TB, to string) *Disk {
	t.Helper()
	next := New(t, to)
	d.mu.Lock()
	defer d.mu.Unlock()
	for path := range d.now.files {
		d.look(path)
		content, err := os.ReadFile(path)
		rel, bad := filepath.Rel(d.dir, path)
		if err := errors.Join(err, bad, os.MkdirAll(filepath.Dir(filepath.Join(to, rel)), 0o700)); err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(to, rel)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		next.stamp(path)
	}
	next.base = d.now.moved(d.dir, to)
	next.now = next.base.clone()
	return next
}

// Remove lets the folder be an ordinary one again and forgets what was done on
// the Disk: a test has thousands of them. What is open stays on it.
func (d *Disk) Remove() {
	world.Lock()
	world.disks = slices.DeleteFunc(world.disks, func(other *Disk) bool { return other == d })
	world.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops, d.base, d.now = nil, newState(), newState()
}

// Moment is how many changes of files there were. What was promised at a moment
// has to be there after a power cut at that moment or later.
func (d *Disk) Moment() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ops)
}

// Calls is how many writes, truncates, syncs and deletes there were, with those
// that failed.
func (d *Disk) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// FailAt lets the n-th call fail, once, with an input/output error; 1 is the
// first of all, and of what Calls counts.
func (d *Disk) FailAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failAt = n
}

// FailSync lets the next sync of the file of that name fail, once.
func (d *Disk) FailSync(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unsync = name
}

// Fill lets nothing more be written until it is called with false.
func (d *Disk) Fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

// Failed lists the calls that failed: what, and of which file.
func (d *Disk) Failed() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.failed)
}

// State is what is on the disk now.
func (d *Disk) State() *State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now.clone()
}

// Replay goes through every moment since the beginning. The State is good until
// yield returns.
func (d *Disk) Replay(yield func(moment int, s *State) bool) {
	d.mu.Lock()
	ops, s := slices.Clone(d.ops), d.base.clone()
	d.mu.Unlock()
	for i, o := range ops {
		s.apply(o)
		if !yield(i+1, s) {
			return
		}
	}
}

func (d *Disk) opened(path string, before bool) {
	d.look(path)
	defer d.stamp(path)
	if d.now.has(path) {
		return
	}
	o := op{kind: created, path: path}
	if before {
		content, err := os.ReadFile(path)
		if err != nil {
			return
		}
		o = op{kind: found, path: path, data: content}
	}
	d.note(o)
}

// look notices that a file was rewritten by other means than SQLite's, and
// takes it that whoever did so synced it.
func (d *Disk) look(path string) {
	i, err := os.Stat(path)
	if err != nil || d.times[path].IsZero() || i.ModTime().Equal(d.times[path]) {
		return
	}
	if content, err := os.ReadFile(path); err == nil {
		d.note(op{kind: rewritten, path: path, data: content})
	}
}

func (d *Disk) stamp(path string) {
	i, err := os.Stat(path)
	if err != nil {
		delete(d.times, path)
		return
	}
	d.times[path] = i.ModTime()
}

func (d *Disk) note(o op) {
	d.ops = append(d.ops, o)
	d.now.apply(o)
}

// call does o with do, or lets it fail, and keeps what came of it.
func (d *Disk) call(o op, do func(op) int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.stamp(o.path)
	d.look(o.path)
	d.calls++
	if o.kind == synced && d.unsync == filepath.Base(o.path) {
		d.unsync, d.failAt = "", d.calls
	}
	if d.calls == d.failAt {
		d.failed = append(d.failed, string(o.kind)+" "+filepath.Base(o.path))
		return d.fail(o, do)
	}
	if d.full && o.kind == written {
		d.failed = append(d.failed, "full "+filepath.Base(o.path))
		return sqlite3.SQLITE_FULL
	}
	rc := do(o)
	if rc == sqlite3.SQLITE_OK {
		o.data = bytes.Clone(o.data) // SQLite uses its memory again
		d.note(o)
	}
	return rc
}

// fail leaves half of a write behind, nothing of the others.
func (d *Disk) fail(o op, do func(op) int32) int32 {
	switch o.kind {
	case written:
		if o.data = bytes.Clone(o.data[:len(o.data)/2]); len(o.data) > 0 && do(o) == sqlite3.SQLITE_OK {
			d.note(o)
		}
		return sqlite3.SQLITE_IOERR_WRITE
	case truncated:
		return sqlite3.SQLITE_IOERR_TRUNCATE
	case deleted:
		return sqlite3.SQLITE_IOERR_DELETE
	default:
		o.kind = refused
		d.note(o)
		return sqlite3.SQLITE_IOERR_FSYNC
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
