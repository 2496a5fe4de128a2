// Package lock lets one process at a time do what must be done by one: open a
// folder, decide, sign. The lock is the operating system's, on a file, and the
// kernel takes it from a process that dies, so that the next need not wait.
//
// The file stays when nobody holds it; it must not be removed. On a filesystem
// of several machines this holds only if its locks do.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// ErrHeld reports that another process has the lock.
var ErrHeld = errors.New("another process has it")

// File is a lock. Two Files of one path exclude one another, also in one process.
type File struct {
	path string
	turn chan struct{} // full while somebody of this process has it, or waits for the kernel
}

// New names the lock at path. Nothing is made before it is taken.
func New(path string) *File { return &File{path, make(chan struct{}, 1)} }

// Lock waits for the lock until ctx ends. Who waits is served in no order.
func (f *File) Lock(ctx context.Context) (unlock func(), err error) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, f.failed(ctx.Err())
	}
	held, got := flock.New(f.path), make(chan error, 1)
	go func() { got <- f.wait(held) }()
	select {
	case err := <-got:
		return f.had(held, err)
	case <-ctx.Done():
		go func() { <-got; f.release(held) }() // the kernel cannot be asked to stop waiting
		return nil, f.failed(ctx.Err())
	}
}

// wait waits in the kernel for as long as it takes: no interval to choose, and
// no moment in which nobody has the lock and somebody wants it.
func (f *File) wait(held *flock.Flock) error {
	if err := f.folder(); err != nil {
		return err
	}
	return held.Lock()
}

// Try takes the lock if nobody has it; otherwise the error is ErrHeld.
func (f *File) Try() (unlock func(), err error) {
	select {
	case f.turn <- struct{}{}:
	default:
		return nil, f.failed(ErrHeld)
	}
	held := flock.New(f.path)
	if err = f.folder(); err == nil {
		var ok bool
		if ok, err = held.TryLock(); !ok && err == nil {
			err = ErrHeld
		}
	}
	return f.had(held, err)
}

func (f *File) folder() error { return os.MkdirAll(filepath.Dir(f.path), 0o700) }

func (f *File) had(held *flock.Flock, err error) (unlock func(), _ error) {
	if err != nil {
		f.release(held)
		return nil, f.failed(err)
	}
	return sync.OnceFunc(func() { f.release(held) }), nil
}

func (f *File) release(held *flock.Flock) {
	_ = held.Close() // the file is closed, and with it the lock is gone
	<-f.turn
}

func (f *File) failed(err error) error {
	return fmt.Errorf("lock %s: %w", filepath.Base(f.path), err)
}
