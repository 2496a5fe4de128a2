package tree

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is what a signed checkpoint says: the tree of a log, at a size.
type Checkpoint struct {
	Origin string // which log of which hub, for example "kith-hub/events"
	tlog.Tree
}

// text is the body of a C2SP tlog-checkpoint.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.N, c.Hash)
}

// sign is the checkpoint as a signed note. The same gives the same.
func (c Checkpoint) sign(s note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.text()}, s)
}

// ParseCheckpoint reads a signed checkpoint. It is an error if it is of another
// origin or not signed by v; other signatures, those of witnesses, do not matter,
// but none may be written in another way than signers write it: then no byte of
// a checkpoint can change unseen.
func ParseCheckpoint(signed []byte, origin string, v note.Verifier) (Checkpoint, error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: it is not signed with the key %s: %w", v.Name(), err)
	}
	return read(n, origin)
}

func read(n *note.Note, origin string) (Checkpoint, error) {
	for _, s := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("read a checkpoint: the signature by %q is not written as signers write it: its last character was changed", s.Name)
		}
	}
	c, err := parseText(n.Text)
	if err == nil && c.Origin != origin {
		err = fmt.Errorf("read a checkpoint: it is of %q, expected %q", c.Origin, origin)
	}
	return c, err
}

var errNotCheckpoint = errors.New("read a checkpoint: expected an origin, a size in decimal and a hash of 32 bytes in base64, each on a line")

// parseText is strict: what it takes is what text writes. Lines after the third
// are extensions, which mean nothing here.
func parseText(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 || lines[0] == "" {
		return Checkpoint{}, errNotCheckpoint
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != lines[1] {
		return Checkpoint{}, errNotCheckpoint
	}
	hash, ok := parseHash(lines[2])
	if !ok {
		return Checkpoint{}, errNotCheckpoint
	}
	return Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: n, Hash: hash}}, nil
}

func parseHash(text string) (h tlog.Hash, ok bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != tlog.HashSize || base64.StdEncoding.EncodeToString(b) != text {
		return h, false
	}
	return tlog.Hash(b), true
}

// kept is the file of checkpoints: signed notes, oldest first, each followed by
// an empty line. Nothing in it is ever changed.
type kept struct {
	f    *os.File
	size int64
}

// The end of a note in the file. No note holds it, except between its text and
// its signatures, which begin with a dash.
var (
	noteEnd = []byte("\n\n")
	dash    = []byte("— ")
)

// splitNotes cuts the content of a file of checkpoints into notes, and what
// comes after the last whole one.
func splitNotes(b []byte) (notes [][]byte, rest []byte) {
	for {
		i := bytes.Index(b, noteEnd)
		for i >= 0 && bytes.HasPrefix(b[i+2:], dash) {
			j := bytes.Index(b[i+2:], noteEnd)
			if j < 0 {
				return notes, b
			}
			i += 2 + j
		}
		if i < 0 {
			return notes, b
		}
		notes, b = append(notes, b[:i+1]), b[i+2:]
	}
}

// openKept opens the file and cuts off what a crash left half written.
func openKept(path string) (k *kept, notes [][]byte, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	b, err := os.ReadFile(path)
	if err == nil {
		var rest []byte
		notes, rest = splitNotes(b)
		k = &kept{f: f, size: int64(len(b) - len(rest))}
		err = f.Truncate(k.size)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return k, notes, nil
}

// add returns when the checkpoint is on stable storage.
func (k *kept) add(signed []byte) error {
	b := append(bytes.Clone(signed), '\n')
	if _, err := k.f.WriteAt(b, k.size); err != nil {
		return err
	}
	if err := k.f.Sync(); err != nil {
		return err
	}
	k.size += int64(len(b))
	return nil
}
