// Package witness is how agencies keep the hub honest. The hub sends each of
// them the checkpoints of its logs. An agency cosigns one only if everything it
// cosigned before is still in it, unchanged, and in the same order.
//
// Witness is the agency's side, Collector the hub's. They speak C2SP
// tlog-witness, and the cosignatures are those of C2SP tlog-cosignature.
package witness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Config is what a Witness needs.
type Config struct {
	Dir      string   // where it keeps its newest checkpoints and evidence
	Key      *Key     // what it cosigns with
	Verifier string   // the hub's public key, as the hub prints it
	Origins  []string // of the logs that it looks after
	Now      func() time.Time
	Log      *slog.Logger // nobody hears, if nil
}

// Witness keeps, of each log, the newest checkpoint it cosigned: a text file
// NAME.checkpoint, where NAME is the last part of the log's origin, which anybody
// can read and check. Any number of callers may use it at the same time.
type Witness struct {
	key  *Key
	hub  note.Verifier
	mine note.Verifier // of the key
	now  func() time.Time
	log  *slog.Logger
	keep folder

	mu        sync.Mutex // from comparing to keeping
	held      map[string]*holding
	conflicts int
}

// holding is what is held of one log.
type holding struct {
	name string // of its files
	signed
}

// Open reads what is held. A file that is damaged, or that another key signed,
// is an error: to begin again without it would be to believe anything.
func Open(c Config) (*Witness, error) {
	hub, err := note.NewVerifier(c.Verifier)
	if err != nil {
		return nil, errors.New("open the witness: the hub's verifier key is not one")
	}
	mine, err := NewVerifier(c.Key.Verifier())
	if err != nil {
		return nil, fmt.Errorf("open the witness: %w", err)
	}
	keep, err := newFolder(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the witness: %w", err)
	}
	w := &Witness{key: c.Key, hub: hub, mine: mine, now: c.Now, log: c.Log, keep: keep, held: map[string]*holding{}}
	if w.log == nil {
		w.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	for _, origin := range c.Origins {
		if err := w.load(origin); err != nil {
			return nil, fmt.Errorf("open the witness: %s: %w", origin, err)
		}
	}
	return w, nil
}

func (w *Witness) load(origin string) error {
	name, err := shortName(origin)
	if err != nil {
		return err
	}
	h := &holding{name: name, signed: signed{checkpoint: checkpoint{origin: origin, root: empty()}}}
	w.held[origin] = h
	text, err := w.keep.get(fileOf(name))
	if err != nil || text == nil {
		return err
	}
	if h.signed, err = open(text, w.hub, w.mine); err == nil && h.origin == origin && h.has(w.hub) && h.has(w.mine) {
		return nil
	}
	return fmt.Errorf("%s is damaged, or signed with other keys than now; restore it from a backup. "+
		"Only if the hub began a new record, agreed by people: move it away", filepath.Join(w.keep.dir, fileOf(name)))
}

func fileOf(name string) string { return name + ".checkpoint" }

// Add takes the body of an add-checkpoint request and answers it as C2SP
// tlog-witness has it: 200 with a cosignature, after the checkpoint is on stable
// storage; 409 with the size that is held, where the request builds on another;
// 422 where the new checkpoint does not go with what is held; 400, 403, 404
// where it is malformed, not signed by the hub or of another log. 500 says that
// the checkpoint could not be kept, and then it is not cosigned.
func (w *Witness) Add(body []byte) (status int, answer []byte) {
	r, err := parseRequest(body)
	if err != nil {
		return say(http.StatusBadRequest, err.Error())
	}
	origin, _, _ := bytes.Cut(r.note, []byte("\n"))
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.held[string(origin)]
	if h == nil {
		return say(http.StatusNotFound, "this witness does not know the log")
	}
	next, err := open(r.note, w.hub)
	var unknown *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown), errors.As(err, &wrong):
		return say(http.StatusForbidden, "not signed with the hub's key")
	case err != nil:
		return say(http.StatusBadRequest, "not a signed checkpoint")
	}
	v := judge(h.checkpoint, next.checkpoint, r.old, r.proof)
	if v.conflict {
		w.accuse(h, next, body)
	}
	switch v.status {
	case http.StatusOK:
		return w.cosign(h, next)
	case http.StatusConflict:
		return say(v.status, strconv.FormatInt(h.size, 10))
	}
	return say(v.status, v.why)
}

// cosign keeps the checkpoint and only then gives the cosignature away.
func (w *Witness) cosign(h *holding, next signed) (int, []byte) {
	text, err := note.Sign(next.note, w.key.at(w.now()))
	if err == nil {
		next, err = open(text, w.hub, w.mine)
	}
	if err == nil && (h.note == nil || h.note.Text != next.note.Text) { // what is kept already is not written again
		err = w.keep.put(fileOf(h.name), text)
	}
	if err != nil {
		w.log.Error("a checkpoint could not be kept, so it was not cosigned", "what", h.name, "error", err)
		return say(http.StatusInternalServerError, "the checkpoint could not be kept")
	}
	h.signed = next
	return http.StatusOK, text[bytes.LastIndexByte(text[:len(text)-1], '\n')+1:]
}

// Size is how many entries of a log the witness vouches for.
func (w *Witness) Size(origin string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.held[origin]; h != nil {
		return h.size
	}
	return 0
}

// Conflicts counts what the hub signed and this witness, since it was opened,
// found not to go with what it holds. It should be zero for ever.
func (w *Witness) Conflicts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conflicts
}

func say(status int, line string) (int, []byte) { return status, []byte(line + "\n") }
