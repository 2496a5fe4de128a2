package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/services/retention"
)

// opened says which store of the register each place opens that opens a SQLite
// file. A new place is a new store: it has to be in the register, with how it is
// purged, before it is listed here.
var opened = map[string]string{
	"services/internal/keys/keys.go":       "keys.db",
	"services/internal/keys/rotate.go":     "keys.db",
	"services/internal/keys/erased.go":     "keys.db",
	"services/internal/keys/verify.go":     "keys.db",
	"services/internal/edge/outbox.go":     "outbox",
	"services/internal/edge/box.go":        "outbox",
	"services/internal/edge/lost.go":       "outbox",
	"services/internal/rebuild/rebuild.go": "identity",
	"services/internal/backup/extent.go":   "backup",
	"services/internal/backup/open.go":     "backup",
	"services/kith/hub.go":                 "identity",
	"services/kith/rebuildcmd.go":          "identity",
	"services/kith/statuscmd.go":           "identity",
	"services/kith/storage.go":             "events.db",
	"services/kith/webhooks.go":            "webhooks.db",
}

// keptStreams are the kinds of stream that no erasure takes, each with the reason.
// All others are named after a subject or a child and go with it.
var keptStreams = map[string]string{
	"intake":    "which message was accepted: its digest, and pseudonyms",
	"refused":   "the quarantine, by agency and day; see purgeQuarantine",
	"retention": "what was decided about erasures: it is what remains",
	"ledger":    "who looked: it is what remains",
	"agency":    "about agencies and their webhooks, nobody else",
	"notices":   "that an agency was told of a correction, by ids",
}

// TestEveryOpenedFileIsRegistered reads the source: whoever opens a SQLite file is
// listed, and what is listed is in the register.
func TestEveryOpenedFileIsRegistered(t *testing.T) {
	names := map[string]bool{}
	for _, d := range stores() {
		names[d.Name] = true
		if d.Name == "" || d.Holds == "" {
			t.Errorf("%q: the register does not say what it can hold", d.Name)
		}
	}
	left := map[string]bool{}
	for place, name := range opened {
		left[place] = true
		if !names[name] {
			t.Errorf("%s opens %s, which is not in the register", place, name)
		}
	}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if !opens(t, path) || strings.HasPrefix(rel, "events/store/") || strings.HasPrefix(rel, "services/internal/sqlite/") || rel == "services/kith/fill.go" || strings.HasPrefix(filepath.Base(rel), "bench") {
			return nil
		}
		if opened[rel] == "" {
			t.Errorf("%s opens a SQLite file: enter it in services/kith/derived.go, with what of a person it can hold and how that is purged, then here", rel)
		}
		delete(left, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for place := range left {
		t.Errorf("%s opens no SQLite file any more", place)
	}
}

// opens tells whether a file calls Open or Existing of a package for SQLite.
func opens(t *testing.T, path string) (yes bool) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, i := range f.Imports {
		p := strings.Trim(i.Path.Value, `"`)
		if p == "kith/services/internal/sqlite" || p == "kith/events/store/sqlite" {
			names["sqlite"] = true
			if i.Name != nil {
				names[i.Name.Name] = true
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Open" || s.Sel.Name == "Existing") {
			if x, ok := s.X.(*ast.Ident); ok && names[x.Name] {
				yes = true
			}
		}
		return true
	})
	return yes
}

// complete wants that everything a running hub keeps is in the register: its files,
// its streams on NATS and the kinds of stream in its logs.
func (e *erasing) complete(t *testing.T) {
	t.Helper()
	registered := map[string]bool{}
	for _, d := range stores() {
		registered[d.Name] = true
	}
	hub := filepath.Join(e.dir, "hub")
	files := 0
	err := filepath.WalkDir(hub, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, _ := filepath.Rel(hub, path)
		files++
		if name := storeOf(filepath.ToSlash(rel)); name != "-" && !registered[name] {
			t.Errorf("%s is of no store in the register", rel)
		}
		return nil
	})
	if err != nil || files < 10 {
		t.Errorf("%d files, %v", files, err)
	}
	streams := 0
	err = filepath.WalkDir(filepath.Join(e.dir, "nats"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || filepath.Base(filepath.Dir(path)) != "streams" {
			return err
		}
		streams++
		if name := filepath.Base(path); !registered[name] {
			t.Errorf("the stream %s on NATS is of no store in the register", name)
		}
		return fs.SkipDir
	})
	if err != nil || streams == 0 {
		t.Errorf("%d streams on NATS, %v", streams, err)
	}
	taken := append(retention.OfChild(), "subject")
	last, err := e.demo.hub.record.store.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for ev, err := range e.demo.hub.record.store.Scan(t.Context(), 0, last, nil) {
		if ev.Position == 0 {
			t.Fatal(err)
		}
		if c := ev.Stream.Category(); !slices.Contains(taken, c) && keptStreams[c] == "" {
			t.Errorf("streams of kind %s: say whether an erasure takes them (retention.OfChild), or why it does not", c)
		}
	}
}

// storeOf is the store that a file of a hub belongs to; "-" for what holds nothing.
func storeOf(rel string) string {
	dir, base, found := strings.Cut(rel, "/")
	if !found {
		dir, base = "", rel
	}
	base = strings.TrimSuffix(strings.TrimSuffix(base, "-wal"), "-shm")
	switch {
	case strings.HasSuffix(base, ".lock"), strings.HasSuffix(base, ".key"), dir == "keys" && base == "destroyed", dir == "" && base == "agencies.json":
		return "-"
	case dir == "models":
		return strings.TrimSuffix(base, ".db")
	case dir == "tree", dir == "policies", dir == "witness", dir == "outbox":
		return dir
	}
	return base
}
