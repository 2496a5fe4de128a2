package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kith/events"
)

// desk is the hub's dealings with one agency about one log.
type desk struct {
	agency events.AgencyID
	log    Log
	name   string // of the log, in files and lines
	key    *Verifier
	keep   folder

	mu    sync.Mutex
	held  signed  // the newest it cosigned
	last  outcome // of the last visit
	times int     // that it was so, one after the other
}

// outcome is what became of one visit.
type outcome string

const (
	unasked     outcome = ""
	agrees      outcome = "cosigned"
	silent      outcome = "did not answer"
	isAhead     outcome = "holds more entries than this hub has"
	conflicts   outcome = "found that the checkpoint does not go with what it holds"
	refuses     outcome = "does not know the log or the hub's key"
	unclear     outcome = "gave no answer that can be used"
	unproven    outcome = "could not be asked: the hub's tree gives no proof"
	ownConflict outcome = "once cosigned what is no longer in this hub's own tree"
)

const (
	askWithin = 5 * time.Second
	patience  = 20              // rounds
	skew      = 5 * time.Minute // by which an agency's clock may be ahead
)

func (d *desk) load(hub note.Verifier) {
	text, err := d.keep.get(fileOf(string(d.agency)))
	if err != nil || text == nil {
		return
	}
	if s, err := open(text, hub, d.key); err == nil && s.origin == d.log.Origin && s.has(d.key) && s.has(hub) {
		d.held = s
	}
}

func (d *desk) holds() signed {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held
}

func (d *desk) trouble() outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// visit asks one agency about the newest checkpoint and remembers what became
// of it. A change is said once, not in every round.
func (k *Collector) visit(ctx context.Context, d *desk) {
	text := d.log.Checkpoint()
	if text == nil {
		return
	}
	now, err := open(text, k.hub)
	if err != nil {
		k.c.Log.Error("the hub's own checkpoint does not verify", "what", d.name, "error", err)
		return
	}
	within, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	became, err := k.obtain(within, d, now)
	if ctx.Err() != nil {
		return // the hub is being closed; that is no news about the agency
	}
	if times := d.remember(became); times == 1 || became == isAhead && times == patience {
		k.c.Log.Log(ctx, became.level(times), "a witness "+string(became), "agency", d.agency, "what", d.name, "error", err)
	}
}

// remember answers how often in a row it was so.
func (d *desk) remember(o outcome) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o != d.last {
		d.last, d.times = o, 0
	}
	d.times++
	return d.times
}

// level: that an agency holds more is nothing strange where another hub of the
// same log was faster; if it stays so, this hub has lost something.
func (o outcome) level(times int) slog.Level {
	switch o {
	case agrees, unasked:
		return slog.LevelInfo
	case silent:
		return slog.LevelWarn
	case isAhead:
		if times < patience {
			return slog.LevelWarn
		}
	case conflicts, refuses, unclear, unproven, ownConflict:
	}
	return slog.LevelError
}

// obtain gets an agency's cosignature on a checkpoint of this hub. If the agency
// holds another size than the hub believes, it is asked once more, from there.
func (k *Collector) obtain(ctx context.Context, d *desk, now signed) (outcome, error) {
	held := d.holds()
	if held.size > now.size {
		return isAhead, nil
	}
	r, err := d.request(held.size, now)
	if err != nil {
		return unproven, err
	}
	ours := held.note == nil || contains(now, held, r.proof)
	status, answer, err := k.c.Ask(ctx, d.agency, r.body())
	switch {
	case !ours:
		return ownConflict, nil // it was asked all the same: it shall know, and keep the evidence
	case err != nil:
		return silent, err
	case status != http.StatusConflict:
		return k.conclude(d, now, status, answer)
	}
	size, ok := parseSize(strings.TrimSuffix(string(answer), "\n"))
	switch {
	case !ok || size == held.size:
		return unclear, nil
	case size > now.size:
		return isAhead, nil
	}
	if r, err = d.request(size, now); err != nil {
		return unproven, err
	}
	if status, answer, err = k.c.Ask(ctx, d.agency, r.body()); err != nil {
		return silent, err
	}
	return k.conclude(d, now, status, answer)
}

// request proves that now begins with the first old entries.
func (d *desk) request(old int64, now signed) (request, error) {
	r := request{old: old, note: now.bytes()}
	if old == 0 || old == now.size {
		return r, nil
	}
	proof, err := d.log.Consistency(old, now.size)
	if err != nil {
		return r, fmt.Errorf("prove %d entries to be in %d: %w", old, now.size, err)
	}
	r.proof = proof
	return r, nil
}

// contains reports whether the hub's own proof leads from what the agency
// cosigned to what the hub has now.
func contains(now, held signed, proof tlog.TreeProof) bool {
	if now.size == held.size {
		return now.root == held.root
	}
	return consistent(held.checkpoint, now.checkpoint, proof)
}

// conclude takes an answer that is final.
func (k *Collector) conclude(d *desk, now signed, status int, answer []byte) (outcome, error) {
	switch status {
	case http.StatusOK:
		return k.take(d, now, answer)
	case http.StatusUnprocessableEntity:
		return conflicts, nil
	case http.StatusForbidden, http.StatusNotFound:
		return refuses, nil
	}
	return unclear, fmt.Errorf("status %d", status)
}

// take verifies a cosignature and keeps it.
func (k *Collector) take(d *desk, now signed, answer []byte) (outcome, error) {
	next, err := open(append(bytes.Clone(now.bytes()), answer...), k.hub, d.key)
	if err != nil {
		return unclear, err
	}
	sig, ok := next.by(d.key)
	if !ok {
		return unclear, errors.New("no signature with the key that the configuration lists")
	}
	if stamped(sig).After(k.c.Now().Add(skew)) {
		return unclear, errors.New("its clock is ahead of the hub's")
	}
	if held := d.holds(); held.note == nil || held.note.Text != next.note.Text {
		if err := d.keep.put(fileOf(string(d.agency)), next.bytes()); err != nil {
			return unclear, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = next
	return agrees, nil
}
