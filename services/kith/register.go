package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kith/events"
)

// registered is what the register holds of an agency.
type registered struct {
	events.Agency
	Key      string    `json:"key"` // the public half
	Approved time.Time `json:"approved,omitzero"`
	Expires  time.Time `json:"expires,omitzero"` // of the token that was signed last
	Days     int       `json:"days,omitzero"`    // for which each token is valid
	Revoked  time.Time `json:"revoked,omitzero"`
}

// register is who was approved and who was revoked beside the configuration: a
// file in the hub's folder. It may be used by many at once. One that is nil is
// empty, and stays so.
type register struct {
	path string
	mu   sync.RWMutex
	all  []registered
}

func openRegister(dir string) (*register, error) {
	r := &register{path: filepath.Join(dir, "agencies.json")}
	if err := readFile(r.path, &r.all); err != nil {
		return nil, fmt.Errorf("read the register of agencies: %w", err)
	}
	return r, nil
}

// readFile reads JSON that replaceFile wrote. A file that is not there yet leaves
// what it is given.
func readFile[T any](path string, into *T) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	return err
}

// with are the agencies of the configuration, and those that joined since.
func (r *register) with(configured []events.Agency) []events.Agency {
	if r == nil {
		return configured
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := slices.Clone(configured)
	for _, e := range r.all {
		if !slices.ContainsFunc(all, func(a events.Agency) bool { return a.ID == e.ID }) {
			all = append(all, e.Agency)
		}
	}
	return all
}

// standing leaves out who was revoked.
func (r *register) standing(all []events.Agency) []events.Agency {
	return slices.DeleteFunc(slices.Clone(all), func(a events.Agency) bool { return r.revoked(a.ID) })
}

func (r *register) of(id events.AgencyID) (registered, bool) {
	if r == nil {
		return registered{}, false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, e := range r.all {
		if e.ID == id {
			return e, true
		}
	}
	return registered{}, false
}

func (r *register) revoked(id events.AgencyID) bool {
	e, ok := r.of(id)
	return ok && !e.Revoked.IsZero()
}

// put is on stable storage when it returns, or did not happen.
func (r *register) put(e registered) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(r.all), func(old registered) bool { return old.ID == e.ID })
	next = append(next, e)
	text, err := json.MarshalIndent(next, "", "  ")
	if err == nil {
		err = replaceFile(r.path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the register of agencies: %w", err)
	}
	r.all = next
	return nil
}

// replaceFile puts a file in place, whole, and on stable storage.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is none
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
