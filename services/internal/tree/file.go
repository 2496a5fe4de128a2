package tree

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

// What one leaf takes in the file of positions.
const positionSize = 8

// buffered is how many bytes wait before they are written. Whoever reads sees
// them, and a checkpoint is preceded by a sync.
const buffered = 64 << 10

// appender is a file that only grows. What was appended waits in memory until
// flush.
type appender struct {
	f    *os.File
	buf  []byte
	size int64 // with what waits
}

func openAppender(path string) (*appender, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &appender{f: f, buf: make([]byte, 0, buffered+64*tlog.HashSize), size: size}, nil
}

func (a *appender) append(b []byte) {
	a.buf = append(a.buf, b...)
	a.size += int64(len(b))
}

func (a *appender) flush() error {
	if len(a.buf) == 0 {
		return nil
	}
	at := a.size - int64(len(a.buf))
	if _, err := a.f.WriteAt(a.buf, at); err != nil { // the same place again at the next try
		return err
	}
	a.buf = a.buf[:0]
	return nil
}

func (a *appender) readAt(b []byte, at int64) error {
	if err := a.flush(); err != nil {
		return err
	}
	_, err := a.f.ReadAt(b, at)
	return err
}

// frontier is what has to be known of a tree to go on with it: the roots of its
// complete subtrees, by level, where n has a bit.
type frontier struct {
	n          int64 // leaves
	hash, made [64]tlog.Hash
}

// add adds a leaf and returns what is to be stored: its hash, then those of the
// subtrees that it completes. They last until the next. It allocates nothing.
func (f *frontier) add(h tlog.Hash) []tlog.Hash {
	f.made[0] = h
	level := 0
	for ; f.n>>level&1 == 1; level++ {
		f.made[level+1] = tlog.NodeHash(f.hash[level], f.made[level])
	}
	f.hash[level] = f.made[level]
	f.n++
	return f.made[:level+1]
}

// root is the hash of the whole tree.
func (f *frontier) root() tlog.Hash {
	h, empty := tlog.Hash(sha256.Sum256(nil)), true
	for level := range f.hash {
		switch {
		case f.n>>level&1 == 0:
		case empty:
			h, empty = f.hash[level], false
		default:
			h = tlog.NodeHash(f.hash[level], h)
		}
	}
	return h
}

// leaves is the tree on disk: the hashes in the order of tlog.StoredHashIndex,
// and the position of each leaf in the log. Everything in it can be built again
// from the log.
type leaves struct {
	hashes, positions *appender
	frontier
	last store.Position // of the newest leaf
}

// add appends a leaf, in memory: it cannot fail.
func (l *leaves) add(p store.Position, h tlog.Hash) {
	var b [positionSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(p))
	l.positions.append(b[:])
	for _, made := range l.frontier.add(h) {
		l.hashes.append(made[:])
	}
	l.last = p
}

// full says whether it is time to flush.
func (l *leaves) full() bool { return len(l.hashes.buf) >= buffered }

// ReadHashes is tlog.HashReader's.
func (l *leaves) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hs := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if err := l.hashes.readAt(hs[i][:], x*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("read the tree: hash %d: %w", x, err)
		}
	}
	return hs, nil
}

// position is where leaf i lies in the log.
func (l *leaves) position(i int64) (store.Position, error) {
	var b [positionSize]byte
	if err := l.positions.readAt(b[:], i*positionSize); err != nil {
		return 0, fmt.Errorf("read the tree: position of leaf %d: %w", i, err)
	}
	return store.Position(binary.BigEndian.Uint64(b[:])), nil
}

// index finds the leaf of a position.
func (l *leaves) index(p store.Position) (int64, error) {
	var failed error
	i := sort.Search(int(l.n), func(i int) bool {
		q, err := l.position(int64(i))
		failed = errors.Join(failed, err)
		return q >= p
	})
	if failed != nil || int64(i) == l.n {
		return 0, errors.Join(failed, fmt.Errorf("%w: position %d", ErrNotThere, p))
	}
	if q, err := l.position(int64(i)); err != nil || q != p {
		return 0, errors.Join(err, fmt.Errorf("%w: position %d", ErrNotThere, p))
	}
	return int64(i), nil
}

// cut makes n the number of leaves: what comes after them is forgotten.
func (l *leaves) cut(n int64) error {
	if err := l.flush(); err != nil {
		return err
	}
	err := errors.Join(l.hashes.f.Truncate(tlog.StoredHashCount(n)*tlog.HashSize), l.positions.f.Truncate(n*positionSize))
	if err != nil {
		return err
	}
	return l.rewind(n)
}

// rewind makes n the number of leaves. What comes after them stays in the files
// until it is written again.
func (l *leaves) rewind(n int64) error {
	if err := l.flush(); err != nil {
		return err
	}
	l.hashes.size, l.positions.size = tlog.StoredHashCount(n)*tlog.HashSize, n*positionSize
	l.last, l.frontier = 0, frontier{n: n}
	for level := range l.hash {
		if n>>level&1 == 1 {
			hs, err := l.ReadHashes([]int64{tlog.StoredHashIndex(level, n>>level-1)})
			if err != nil {
				return err
			}
			l.hash[level] = hs[0]
		}
	}
	var err error
	if n > 0 {
		l.last, err = l.position(n - 1)
	}
	return err
}

// whole is how many leaves both files hold entirely.
func (l *leaves) whole() int64 {
	n := l.positions.size / positionSize
	stored := l.hashes.size / tlog.HashSize
	return int64(sort.Search(int(n), func(i int) bool { return tlog.StoredHashCount(int64(i)+1) > stored }))
}

func (l *leaves) flush() error { return errors.Join(l.hashes.flush(), l.positions.flush()) }

func (l *leaves) sync() error { return errors.Join(l.hashes.f.Sync(), l.positions.f.Sync()) }

func (l *leaves) close() error {
	return errors.Join(l.flush(), l.hashes.f.Close(), l.positions.f.Close())
}
