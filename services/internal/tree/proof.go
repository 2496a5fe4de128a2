package tree

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that a leaf is in the tree of a signed checkpoint.
type Proof struct {
	Leaf   []byte // as Leaf makes it
	Index  int64
	Hashes tlog.RecordProof
	Signed []byte // the checkpoint
}

const proofV1 = "c2sp.org/tlog-proof@v1\n"

// Text is the proof in the form of C2SP tlog-proof. Its extra data is the leaf.
func (p Proof) Text() []byte {
	b := []byte(proofV1)
	b = fmt.Appendf(b, "extra %s\nindex %d\n", base64.StdEncoding.EncodeToString(p.Leaf), p.Index)
	for _, h := range p.Hashes {
		b = fmt.Appendf(b, "%s\n", h)
	}
	return append(append(b, '\n'), p.Signed...)
}

// ParseProof reads what Text writes. It checks the form only.
func ParseProof(text []byte) (Proof, error) {
	bad := func(what string) (Proof, error) {
		return Proof{}, fmt.Errorf("read a proof: expected %s; see c2sp.org/tlog-proof", what)
	}
	head, signed, ok := bytes.Cut(text, []byte("\n\n"))
	body, found := strings.CutPrefix(string(head), proofV1)
	if !ok || !found {
		return bad("the line c2sp.org/tlog-proof@v1, and an empty line before the checkpoint")
	}
	lines := strings.Split(body, "\n")
	if len(lines) < 2 {
		return bad("a line of extra data and an index")
	}
	extra, ok := strings.CutPrefix(lines[0], "extra ")
	leaf, err := base64.StdEncoding.Strict().DecodeString(extra)
	if !ok || err != nil || !bytes.HasPrefix(leaf, []byte(leafV1)) || base64.StdEncoding.EncodeToString(leaf) != extra {
		return bad("extra data that is a leaf of Kith")
	}
	digits, ok := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return bad("an index in decimal")
	}
	p := Proof{Leaf: leaf, Index: index, Signed: signed}
	for _, l := range lines[2:] {
		h, ok := parseHash(l)
		if !ok || len(p.Hashes) == 63 {
			return bad("at most 63 hashes of 32 bytes in base64")
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Check reports an error unless the proof shows that its leaf is in the log of
// the origin, by a checkpoint that v's key signed. It returns the checkpoint.
func (p Proof) Check(origin string, v note.Verifier) (Checkpoint, error) {
	c, err := ParseCheckpoint(p.Signed, origin, v)
	if err != nil {
		return c, err
	}
	if err := tlog.CheckRecord(p.Hashes, c.N, c.Hash, p.Index, tlog.RecordHash(p.Leaf)); err != nil {
		return c, errors.New("check a proof: the hashes do not lead from the leaf to the root of the checkpoint")
	}
	return c, nil
}

// Prove makes a proof for an entry that Verify found, from the tree's files and
// the newest checkpoint that was kept. The report must be good: only then are
// the files known to be right.
func Prove(c Check, r Report) (Proof, error) {
	switch {
	case !r.Good():
		return Proof{}, fmt.Errorf("prove inclusion: %w", ErrChanged)
	case r.found == nil:
		return Proof{}, fmt.Errorf("prove inclusion: %w: position %d", ErrNotThere, c.Find)
	case r.found.Index >= r.Signed:
		return Proof{}, fmt.Errorf("prove inclusion: %w: position %d is not under a checkpoint yet; verify a later copy", ErrNotThere, c.Find)
	}
	b, err := os.ReadFile(filepath.Join(c.Path, fileName(c.Origin, "checkpoints")))
	if err != nil {
		return Proof{}, err
	}
	f, err := os.Open(filepath.Join(c.Path, fileName(c.Origin, "hashes")))
	if err != nil {
		return Proof{}, err
	}
	defer func() { _ = f.Close() }()
	hs, err := tlog.ProveRecord(r.Signed, r.found.Index, &leaves{hashes: &appender{f: f}})
	if err != nil {
		return Proof{}, err
	}
	notes, _ := splitNotes(b)
	return Proof{Leaf: r.found.Leaf, Index: r.found.Index, Hashes: hs, Signed: notes[len(notes)-1]}, nil
}
