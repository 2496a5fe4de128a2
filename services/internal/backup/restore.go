package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"kith/events/bus"
	"kith/events/store"
	"kith/services/internal/keys"
	"kith/services/internal/sqlite"
)

// RestoreConfig says what to put back and where to.
type RestoreConfig struct {
	From       string   // the record's backup
	KeysFrom   string   // the keys' backup; empty: no keys are put back
	ErasedFrom []string // further record backups, whose destroyed keys are destroyed here too
	Data       string   // the hub's folder, new or empty
	Verifier   string   // the hub's public key; empty: the one in KeysFrom

	// Purge takes out of what is restored, and is not sealed, what is about those
	// whose keys are destroyed; may be nil.
	Purge func(ctx context.Context, dir string, destroyed []store.KeyID) error

	Progress func(Step)
	Verify   func(ctx context.Context, dir string) error // is asked before the folder gets its name; may be nil
}

// Restored says what is in the folder now.
type Restored struct {
	Record Manifest  `json:"record"`
	Keys   *Manifest `json:"keys,omitempty"`
	Signed bool      `json:"signed"` // the hub's key was at hand, and both manifests are signed with it
	Erased int       `json:"erased"` // keys that are destroyed now
	Hidden int       `json:"hidden"` // keys that are withheld now: their erasure is pending
	Logs   []Opened  `json:"logs,omitempty"`
}

// restorer is one restore under way.
type restorer struct {
	RestoreConfig
	done      Restored
	vkeys     []string // what signed the manifests
	dir       string   // where everything is until it is whole
	destroyed []keys.Erased
}

// Restore puts a backup into a folder that is not there or empty: whole, or not
// at all. The manifests are checked before anything is written, each file as it
// is copied, and every payload is opened at the end. No key comes back that one
// of the backups lists as destroyed, and what one lists as withheld stays hidden.
func Restore(ctx context.Context, c RestoreConfig) (Restored, error) {
	if c.Progress == nil {
		c.Progress = func(Step) {}
	}
	r := &restorer{RestoreConfig: c}
	err := r.restore(ctx)
	if r.dir != "" {
		err = errors.Join(err, os.RemoveAll(r.dir)) // after the rename there is none
	}
	if err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	return r.done, nil
}

func (r *restorer) restore(ctx context.Context) (err error) {
	if err := r.manifests(); err != nil {
		return err
	}
	if err := empty(r.Data); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(r.Data))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	if r.dir, err = os.MkdirTemp(parent, ".restoring-"); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.files, r.signed, r.logs, r.erase, r.open, r.ask} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.name(parent)
}

func (r *restorer) manifests() error {
	record, vkey, err := Open(r.From)
	if err == nil && record.Kind != Record {
		err = fmt.Errorf("%s is a backup of keys; name that of the record", r.From)
	}
	if err != nil {
		return err
	}
	r.done.Record, r.vkeys = record, []string{vkey}
	if err := r.list(r.From, record); err != nil {
		return err
	}
	for _, dir := range r.ErasedFrom {
		m, vkey, err := Open(dir)
		if err != nil {
			return err
		}
		r.vkeys = append(r.vkeys, vkey)
		if err := r.list(dir, m); err != nil {
			return err
		}
	}
	if r.KeysFrom == "" {
		return nil
	}
	private, vkey, err := Open(r.KeysFrom)
	if err == nil && private.Kind != Keys {
		err = fmt.Errorf("%s is a backup of the record; name that of the keys", r.KeysFrom)
	}
	if err != nil {
		return err
	}
	r.done.Keys, r.vkeys = &private, append(r.vkeys, vkey)
	return r.list(r.KeysFrom, private)
}

// list reads the destroyed keys of a backup.
func (r *restorer) list(dir string, m Manifest) error {
	want, found := m.has(erasedName)
	if !found {
		return fmt.Errorf("%s: %w: it does not list the destroyed keys", dir, ErrNotWhole)
	}
	got, err := measure(dir, erasedName)
	if err != nil || got != want {
		return fmt.Errorf("%s: %w: %s is not what was written", dir, ErrNotWhole, erasedName)
	}
	b, err := os.ReadFile(filepath.Join(dir, erasedName))
	if err != nil {
		return err
	}
	var all []keys.Erased
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("%s: %w: %s cannot be read", dir, ErrNotWhole, erasedName)
	}
	r.destroyed = append(r.destroyed, all...)
	return nil
}

func (r *restorer) files(ctx context.Context) error {
	if err := r.takeAll(ctx, r.From, r.done.Record); err != nil || r.done.Keys == nil {
		return err
	}
	return r.takeAll(ctx, r.KeysFrom, *r.done.Keys)
}

func (r *restorer) takeAll(ctx context.Context, from string, m Manifest) error {
	for _, f := range m.Files {
		if f.Name == erasedName { // it was read, and is nothing of the hub's
			continue
		}
		if err := take(ctx, from, r.dir, f); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		if filepath.Ext(f.Name) == ".db" {
			if err := sqlite.Check(ctx, filepath.Join(r.dir, filepath.FromSlash(f.Name))); err != nil {
				return fmt.Errorf("%s: %w: %w", from, ErrNotWhole, err)
			}
		}
		r.Progress(Step{File: f.Name, Bytes: f.Size, Done: true})
	}
	return nil
}

// signed compares what signed the manifests with the hub's key, if that is known.
func (r *restorer) signed(context.Context) error {
	want := r.Verifier
	if path := filepath.Join(r.dir, "keys", "receipts.key"); want == "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		s, err := bus.NewSigner(path)
		if err != nil {
			return err
		}
		want = s.Verifier()
	}
	for _, vkey := range r.vkeys {
		if vkey != want {
			return fmt.Errorf("%w: a manifest is not signed with the hub's key, %s", ErrNotWhole, want)
		}
	}
	r.done.Signed = true
	return nil
}

func (r *restorer) logs(ctx context.Context) error {
	for name, want := range map[string]uint64{"events.db": r.done.Record.Events, "ledger.db": r.done.Record.Ledger} {
		if _, found := r.done.Record.has(name); !found {
			if !r.done.Record.Elsewhere {
				return fmt.Errorf("%w: %s is not in it", ErrNotWhole, name)
			}
			continue
		}
		got, err := extent(ctx, filepath.Join(r.dir, name))
		if err == nil && got != want {
			err = fmt.Errorf("%w: %s ends at %d, the manifest says %d", ErrNotWhole, name, got, want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// erase destroys what was destroyed before and hides what was hidden: an older copy
// of the keys may still hold it. What one backup has as hidden and another as
// destroyed is destroyed.
func (r *restorer) erase(ctx context.Context) error {
	if r.done.Keys == nil {
		return nil
	}
	k, err := keys.Open(ctx, filepath.Join(r.dir, "keys"))
	if err != nil {
		return err
	}
	gone, hidden := map[store.KeyID]bool{}, map[store.KeyID]bool{}
	for _, e := range r.destroyed {
		if e.Withheld {
			hidden[e.Key] = true
			err = errors.Join(err, k.Withhold(ctx, e.Key))
		} else if !gone[e.Key] {
			gone[e.Key] = true
			err = errors.Join(err, k.Destroy(ctx, e.Key))
		}
	}
	for id := range gone {
		delete(hidden, id)
	}
	r.done.Erased, r.done.Hidden = len(gone), len(hidden)
	if err := errors.Join(err, k.Close()); err != nil || r.Purge == nil {
		return err
	}
	return r.Purge(ctx, r.dir, slices.Sorted(maps.Keys(gone)))
}

func (r *restorer) ask(ctx context.Context) error {
	if r.Verify == nil {
		return nil
	}
	return r.Verify(ctx, r.dir)
}

// name gives the folder its name, in one step.
func (r *restorer) name(parent string) error {
	if err := syncDirs(r.dir); err != nil {
		return err
	}
	if err := os.Remove(r.Data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; if it is a mount point, restore into a folder in it and let the configuration name that", err)
	}
	if err := os.Rename(r.dir, r.Data); err != nil {
		return err
	}
	return syncDir(parent)
}
