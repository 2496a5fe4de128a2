package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
	"kith/services/internal/tree"
)

// verification is what kith verify was asked.
type verification struct {
	dir      string // the hub's data folder or a copy of it; that of a demonstration does too
	keys     string // folder of the keys; that in dir if not given
	store    HubStore
	verifier string // the hub's public key; that in the folder if not given
	older    [][]byte
	receipt  *bus.Receipt // of an event that is to be proved
	progress func(log string, entries int64)
}

// verified is the answer.
type verified struct {
	Good     bool          `json:"good"`
	Verifier string        `json:"verifier,omitempty"` // the key that signatures were checked with
	Logs     []tree.Report `json:"logs"`
	Keys     int           `json:"keys"`              // that are in the folder, destroyed ones too
	KeysBad  string        `json:"keysBad,omitempty"` // what is wrong with them
	proof    *tree.Proof
}

// verify checks a whole record and writes nothing. An error says that it could
// not look; what it found is in the answer. This process must not have the
// record open.
func (v verification) verify(ctx context.Context) (verified, error) {
	if !there(filepath.Join(v.dir, "events.db")) && v.store.Kind != storeEventStoreDB {
		v.dir = filepath.Join(v.dir, "hub")
	}
	v.keys = cmp.Or(v.keys, filepath.Join(v.dir, "keys"))
	if err := v.prepare(); err != nil {
		return verified{}, err
	}
	a := verified{Good: true, Verifier: v.verifier}
	for _, name := range []string{"events", "ledger"} {
		c := tree.Check{Dense: v.store.Kind != storeEventStoreDB, Path: filepath.Join(v.dir, "tree"), Origin: originOf(name), Verifier: v.verifier,
			Older: v.checkpointsOf(originOf(name))}
		if name == "events" && v.receipt != nil {
			c.Find = store.Position(v.receipt.Position)
		}
		if v.progress != nil {
			c.Progress = func(n int64) { v.progress(name, n) }
		}
		r, err := v.verifyLog(ctx, name, c)
		if err != nil {
			return a, err
		}
		if c.Find > 0 && r.Good() {
			if a.proof, err = v.prove(c, r); err != nil {
				return a, err
			}
		}
		a.Logs, a.Good = append(a.Logs, r), a.Good && r.Good()
	}
	return a, v.verifyKeys(ctx, &a)
}

// verifyKeys looks at the keys, if they are in the folder.
func (v verification) verifyKeys(ctx context.Context, a *verified) (err error) {
	dir := filepath.Join(v.dir, "keys")
	if !there(filepath.Join(dir, "keys.db")) && !there(filepath.Join(dir, "master.key")) {
		return nil
	}
	if a.Keys, err = keys.Verify(ctx, dir); err != nil {
		a.Good, a.KeysBad = false, err.Error()
	}
	return ctx.Err()
}

// prepare finds the key, what agencies cosigned, and whether the receipt is one.
func (v *verification) prepare() error {
	if key := filepath.Join(v.keys, "receipts.key"); v.verifier == "" && there(key) {
		s, err := bus.NewSigner(key)
		if err != nil {
			return err
		}
		v.verifier = s.Verifier()
	}
	for _, name := range []string{
		filepath.Join(v.dir, "witness", "events.checkpoint"), filepath.Join(v.dir, "witness", "ledger.checkpoint"), // cosigned
		filepath.Join(v.keys, "events.checkpoint"), filepath.Join(v.keys, "ledger.checkpoint"), // of all the hubs of one log
	} {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			v.older = append(v.older, b)
		}
	}
	if v.receipt == nil {
		return nil
	}
	if v.verifier == "" {
		return errors.New("a receipt can be checked only with the hub's key: give -verifier")
	}
	return bus.Verify(v.verifier, *v.receipt)
}

func there(path string) bool { _, err := os.Stat(path); return err == nil }

// checkpointsOf are those of an origin among what was given.
func (v verification) checkpointsOf(origin string) (of [][]byte) {
	for _, c := range v.older {
		if bytes.HasPrefix(c, []byte(origin+"\n")) {
			of = append(of, c)
		}
	}
	return of
}

// verifyLog reads a file that nobody changes, or a database that goes on growing.
func (v verification) verifyLog(ctx context.Context, name string, c tree.Check) (tree.Report, error) {
	if v.store.Kind != storeEventStoreDB {
		return verifyFile(ctx, filepath.Join(v.dir, name+".db"), c)
	}
	log, err := v.store.open(ctx, v.dir, name)
	if err != nil {
		return tree.Report{}, err
	}
	defer func() { _ = log.Close() }()
	c.Entries = tree.Whole(ctx, log)
	return tree.Verify(ctx, c)
}

// verifyFile has SQLite check the file while its entries are walked.
func verifyFile(ctx context.Context, path string, c tree.Check) (tree.Report, error) {
	var sound error
	var both sync.WaitGroup
	whole, err := sqlitelog.OpenCopy(ctx, path)
	if err != nil {
		return tree.Report{}, err
	}
	defer func() { both.Wait(); _ = whole.Close() }()
	rows, err := sqlitelog.OpenCopy(ctx, path)
	if err != nil {
		return tree.Report{}, err
	}
	defer func() { _ = rows.Close() }()
	both.Go(func() { sound = whole.Integrity(ctx) })
	c.Entries = rows.Entries(ctx)
	r, err := tree.Verify(ctx, c)
	both.Wait()
	switch {
	case err != nil:
		return r, err
	case ctx.Err() != nil:
		return r, context.Cause(ctx)
	case sound != nil:
		r.Count++
		r.Problems = slices.Insert(r.Problems, 0, tree.Problem{Log: c.Origin, File: filepath.Base(path), What: sound.Error(),
			Do: "Keep this copy as evidence and restore the log from a backup or another replica."})
		if len(r.Problems) > 1 { // a bad entry says more
			r.Problems[0], r.Problems[1] = r.Problems[1], r.Problems[0]
		}
	}
	return r, nil
}

// prove proves the receipt's event. A receipt and a leaf belong together by
// position and time.
func (v verification) prove(c tree.Check, r tree.Report) (*tree.Proof, error) {
	if f := r.Found(); f != nil && !f.At.Equal(v.receipt.AcceptedAt) {
		return nil, fmt.Errorf("the log has another event at position %d than the receipt: it was recorded at another time", c.Find)
	}
	p, err := tree.Prove(c, r)
	return &p, err
}
