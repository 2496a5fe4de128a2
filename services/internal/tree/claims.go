package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// claim is a checkpoint and where it was found.
type claim struct {
	Checkpoint
	file string
}

// loadCheckpoints reads what was kept beside the tree, and what somebody else kept.
func (v *verifier) loadCheckpoints(key note.Verifier) error {
	name := fileName(v.Origin, "checkpoints")
	b, err := os.ReadFile(v.stored.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	notes, rest := splitNotes(b)
	for i, signed := range notes {
		what := fmt.Sprintf("%s, checkpoint %d", name, i+1)
		c, ok := v.claim(signed, key, what)
		if !ok {
			continue
		}
		if v.r.Checkpoints++; c.N <= v.r.Signed {
			v.wrong(Problem{File: what, What: fmt.Sprintf("it says %d entries after one that said %d", c.N, v.r.Signed), Do: doAsk})
		}
		v.r.Signed = max(v.r.Signed, c.N)
	}
	if len(rest) > 0 {
		v.wrong(Problem{File: name, What: "its end is unfinished or damaged",
			Do: "If the machine had just crashed, start the hub: it cuts that off. Otherwise: " + doAsk})
	}
	if v.r.Checkpoints == 0 && v.stored.n > 0 {
		v.r.Note = "There is no checkpoint yet: nothing shows that log and tree were not changed together."
	}
	for i, signed := range v.Older {
		v.claim(signed, key, fmt.Sprintf("checkpoint given, %d", i+1))
	}
	slices.SortStableFunc(v.known, func(a, b claim) int { return int(a.N - b.N) })
	for len(v.known) > 0 && v.known[0].N == 0 {
		v.claimed(v.known[0])
		v.known = v.known[1:]
	}
	return nil
}

func (v *verifier) claim(signed []byte, key note.Verifier, file string) (Checkpoint, bool) {
	c, err := readClaim(signed, v.Origin, key)
	if err != nil {
		v.wrong(Problem{File: file, What: err.Error(),
			Do: "It was damaged or forged, or the hub's key is another one. " + doAsk})
		return c, false
	}
	v.known, v.covered = append(v.known, claim{c, file}), max(v.covered, c.N)
	return c, true
}

func readClaim(signed []byte, origin string, key note.Verifier) (Checkpoint, error) {
	if key != nil {
		return ParseCheckpoint(signed, origin, key)
	}
	n, err := note.Open(signed, note.VerifierList())
	if e, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		n, err = e.Note, nil
	}
	if err != nil {
		return Checkpoint{}, errNotCheckpoint
	}
	return read(n, origin)
}

// claimed compares a checkpoint with the log up to its size.
func (v *verifier) claimed(c claim) {
	if v.tree.root() == c.Hash {
		v.agreed, v.agreedAt = c.N, v.last
		return
	}
	v.wrong(Problem{File: c.file, Do: doKeep,
		What: fmt.Sprintf("the first %d entries of the log, up to position %d, are not those that were signed; those up to position %d are",
			c.N, v.last, v.agreedAt)})
}
