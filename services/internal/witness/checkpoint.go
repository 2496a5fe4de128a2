package witness

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is what a signed note says of a log at one size: C2SP
// tlog-checkpoint.
type checkpoint struct {
	origin string // which log
	size   int64  // how many entries
	root   tlog.Hash
}

var errCheckpoint = errors.New("not a checkpoint: it needs an origin line, a size line and a root line")

// parseCheckpoint reads the text of a note. Lines after the third are allowed
// and mean nothing to us. There is one way to write a size or a root.
func parseCheckpoint(text string) (checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !strings.HasSuffix(text, "\n") || len(lines) < 3 {
		return checkpoint{}, errCheckpoint
	}
	for _, l := range lines {
		if l == "" {
			return checkpoint{}, errCheckpoint
		}
	}
	c := checkpoint{origin: lines[0]}
	var ok bool
	if c.size, ok = parseSize(lines[1]); !ok {
		return checkpoint{}, errCheckpoint
	}
	if c.root, ok = parseHash(lines[2]); !ok {
		return checkpoint{}, errCheckpoint
	}
	return c, nil
}

// parseSize reads decimal digits without leading zeroes.
func parseSize(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}

func parseHash(s string) (tlog.Hash, bool) {
	h, err := tlog.ParseHash(s)
	return h, err == nil && h.String() == s
}

// empty is the root of a tree without entries.
func empty() tlog.Hash {
	h, _ := tlog.TreeHash(0, nil) // reads nothing, so it cannot fail
	return h
}

// signed is a checkpoint together with the note that it was read from. Of the
// note's signatures, only those that were verified are in it.
type signed struct {
	checkpoint
	note *note.Note
}

// open verifies a note and reads its checkpoint. Signatures of keys that are not
// among the verifiers are dropped.
func open(msg []byte, vs ...note.Verifier) (signed, error) {
	n, err := note.Open(msg, note.VerifierList(vs...))
	if err != nil {
		return signed{}, err
	}
	n.UnverifiedSigs = nil
	c, err := parseCheckpoint(n.Text)
	return signed{c, n}, err
}

// by is the signature of a verifier, if the note has it.
func (s signed) by(v note.Verifier) (note.Signature, bool) {
	for _, sig := range s.note.Sigs {
		if sig.Name == v.Name() && sig.Hash == v.KeyHash() {
			return sig, true
		}
	}
	return note.Signature{}, false
}

func (s signed) has(v note.Verifier) bool { _, ok := s.by(v); return ok }

// bytes is the note as it is written and sent.
func (s signed) bytes() []byte {
	b, err := note.Sign(s.note)
	if err != nil {
		return nil // it was read as a note, so it can be written as one
	}
	return b
}

// shortName is how files are named after a log: the last part of its origin.
func shortName(origin string) (string, error) {
	name := path.Base(origin)
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
		return "", errors.New("the last part of a log's origin is letters a to z, digits and hyphens")
	}
	return name, nil
}
