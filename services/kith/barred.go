package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"kith/events"
)

// barred is who was put out of the hub, whatever an identity provider or a token
// says: a file in its folder. It may be used by many at once; one that is nil is
// empty.
type barred struct {
	path string
	mu   sync.RWMutex
	all  []barredActor
}

type barredActor struct {
	Actor events.ActorID `json:"actor"`
	Since time.Time      `json:"since"`
}

func openBarred(dir string) (*barred, error) {
	b := &barred{path: filepath.Join(dir, "barred.json")}
	if err := readFile(b.path, &b.all); err != nil {
		return nil, fmt.Errorf("read who is barred: %w", err)
	}
	return b, nil
}

// has reports whether somebody is out.
func (b *barred) has(a events.ActorID) bool {
	if b == nil {
		return false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.ContainsFunc(b.all, func(x barredActor) bool { return x.Actor == a })
}

// set puts somebody out, or lets them in again. It is on stable storage when it
// returns, or did not happen.
func (b *barred) set(a events.ActorID, out bool, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(b.all), func(x barredActor) bool { return x.Actor == a })
	if out {
		next = append(next, barredActor{a, now.UTC().Truncate(time.Second)})
	}
	text, err := json.MarshalIndent(next, "", "  ")
	if err == nil {
		err = replaceFile(b.path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write who is barred: %w", err)
	}
	b.all = next
	return nil
}
