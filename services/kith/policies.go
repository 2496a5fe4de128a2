package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kith/services/disclosure/policy"
)

// policiesDir holds every set of policies under which this hub ever decided, each
// in a file named after its hash: what a decision rests on beside the logs.
const policiesDir = "policies"

// policies is the set that a configuration names, or the one that comes with the hub.
func (c HubConfig) policies() (*policy.Set, error) { return loadPolicies(c.Policies) }

// loadPolicies reads the Cedar file, or takes what comes with the hub if none is named.
func loadPolicies(file string) (*policy.Set, error) {
	if file == "" {
		return policy.Default()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	set, err := policy.Load(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return set, nil
}

// keepPolicies puts a set where a replay finds it, on stable storage, before
// anything is decided under it.
func keepPolicies(dir string, s *policy.Set) error {
	path := policiesPath(dir, s.Hash())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep policies: %w", err)
	}
	if kept, err := keptPolicies(dir, s.Hash()); err == nil && kept.Hash() == s.Hash() {
		return nil
	}
	if err := replaceFile(path, s.Text()); err != nil {
		return fmt.Errorf("keep policies: %w", err)
	}
	return nil
}

// keptPolicies is the set with a hash under which a hub decided.
func keptPolicies(dir, hash string) (*policy.Set, error) {
	path := policiesPath(dir, hash)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: put it back from a backup of the record", path)
	}
	if err != nil {
		return nil, err
	}
	set, err := policy.Load(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if set.Hash() != hash {
		return nil, fmt.Errorf("%s is not the set with that hash: it was changed, or it decided with other invariants than this program's, %s; use the release of kith that decided", path, policy.Invariants())
	}
	return set, nil
}

func policiesPath(dir, hash string) string {
	return filepath.Join(dir, policiesDir, filepath.Base(hash)+".cedar")
}
