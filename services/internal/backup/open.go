package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/keys"
)

// Opened is what became of opening every payload of a log with the keys.
type Opened struct {
	Log    string `json:"log"`
	Opened int    `json:"opened"`
	Erased int    `json:"erased"` // payloads whose key was destroyed

	// Keys that are not in the copy of the keys, which is then older than the
	// log, and how many payloads need them.
	MissingKeys int `json:"missingKeys"`
	Missing     int `json:"missing"`
}

// errWrongKeys reports keys that are not those of the record.
var errWrongKeys = errors.New("the keys do not open the record: they are those of another hub, or a newer kith wrote it")

// open opens every payload. That some keys are missing is told; that a payload
// does not open with its own key is an error.
func (r *restorer) open(ctx context.Context) error {
	if r.done.Keys == nil {
		return nil
	}
	k, err := keys.Open(ctx, filepath.Join(r.dir, "keys"))
	if err != nil {
		return err
	}
	defer k.Close()
	for _, name := range []string{"events.db", "ledger.db"} {
		if _, found := r.done.Record.has(name); !found {
			continue
		}
		o, err := openAll(ctx, filepath.Join(r.dir, name), k)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.Log = name
		r.done.Logs = append(r.done.Logs, o)
	}
	return nil
}

func openAll(ctx context.Context, path string, k *keys.Keys) (o Opened, err error) {
	l, err := sqlitelog.Open(ctx, path)
	if err != nil {
		return o, err
	}
	defer l.Close()
	s := store.New(l, k)
	last, err := s.Last(ctx)
	if err != nil || last == 0 {
		return o, err
	}
	missing := map[store.KeyID]bool{}
	for e, err := range s.Follow(ctx, 0) {
		switch {
		case err == nil:
			o.Opened++
		case errors.Is(err, store.ErrKeyGone):
			o.Erased++
		case errors.Is(err, keys.ErrUnknownKey):
			o.Missing++
			missing[e.Stream.Key()] = true
		case e.Position == 0:
			return o, err // of the log itself
		default:
			return o, fmt.Errorf("%w (position %d)", errWrongKeys, e.Position)
		}
		if e.Position >= last {
			break
		}
	}
	o.MissingKeys = len(missing)
	return o, ctx.Err()
}
