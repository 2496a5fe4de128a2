package tree

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"kith/events/store"
)

// fileName is how the tree of a log names its files.
func fileName(origin, kind string) string { return path.Base(origin) + "." + kind }

// storedLeaves reads a tree's files one leaf after the other, and checks on the
// way that the hashes above the leaves are what the leaves make. It writes nothing.
type storedLeaves struct {
	dir, origin string
	files       []*os.File // hashes, positions; none if there is no tree
	hashes      *bufio.Reader
	positions   *bufio.Reader

	n     int64 // leaves in the files
	at    int64 // of the leaf that peek shows
	shown bool
	p     store.Position
	h     tlog.Hash
	made  frontier // over the stored leaves
	bad   int64    // the first hash that its leaves do not make, -1 if none
}

func openStored(dir, origin string) (*storedLeaves, error) {
	s := &storedLeaves{dir: dir, origin: origin, bad: -1}
	var sizes [2]int64
	var readers [2]*bufio.Reader
	for i, kind := range []string{"hashes", "positions"} {
		f, err := os.Open(s.path(s.name(kind)))
		if errors.Is(err, fs.ErrNotExist) {
			readers[i] = bufio.NewReader(eof{})
			continue
		}
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		sizes[i], readers[i] = info.Size(), bufio.NewReaderSize(f, 1<<18)
	}
	s.n = (&leaves{hashes: &appender{size: sizes[0]}, positions: &appender{size: sizes[1]}}).whole()
	s.hashes, s.positions = readers[0], readers[1]
	return s, nil
}

// eof is a file that is not there.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func (s *storedLeaves) name(kind string) string { return fileName(s.origin, kind) }

func (s *storedLeaves) path(name string) string { return filepath.Join(s.dir, name) }

func (s *storedLeaves) close() {
	for _, f := range s.files {
		_ = f.Close()
	}
}

// peek is the leaf that comes next. A leaf that a crash left unwritten, in zeroes
// in either file, ends the tree.
func (s *storedLeaves) peek() (store.Position, tlog.Hash, bool) {
	if s.shown {
		return s.p, s.h, true
	}
	if s.at >= s.n {
		return 0, tlog.Hash{}, false
	}
	var b [positionSize]byte
	_, err := io.ReadFull(s.positions, b[:])
	_, err2 := io.ReadFull(s.hashes, s.h[:])
	s.p = store.Position(binary.BigEndian.Uint64(b[:]))
	if err != nil || err2 != nil || s.p == 0 || s.h == (tlog.Hash{}) {
		s.n = s.at
		return 0, tlog.Hash{}, false
	}
	s.shown = true
	return s.p, s.h, true
}

// next goes to the leaf after the one that peek shows.
func (s *storedLeaves) next() {
	for i, h := range s.made.add(s.h)[1:] {
		var stored tlog.Hash
		if _, err := io.ReadFull(s.hashes, stored[:]); (err != nil || stored != h) && s.bad < 0 {
			s.bad = tlog.StoredHashIndex(0, s.at) + int64(i) + 1
		}
	}
	s.at, s.shown = s.at+1, false
}

// skip goes on after the leaves of a tree that is known to be right.
func (s *storedLeaves) skip(known frontier) error {
	s.made, s.at = known, known.n
	if len(s.files) != 2 {
		return nil
	}
	_, err := s.files[0].Seek(tlog.StoredHashCount(known.n)*tlog.HashSize, io.SeekStart)
	_, err2 := s.files[1].Seek(known.n*positionSize, io.SeekStart)
	return errors.Join(err, err2)
}

// there tells whether the tree has files at all.
func (s *storedLeaves) there() bool { return len(s.files) > 0 }
