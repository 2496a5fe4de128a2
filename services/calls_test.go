package services_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Some calls make code that cannot be tested or read downwards: a clock inside a
// decision, reflection, work done because a package was imported.
func TestForbiddenCalls(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, complaint := range forbidden(fset, f, timeless(p.name(), f)) {
				if strings.HasSuffix(complaint, `imports "unsafe"`) && p.name() == "events/store/sqlite/disktest" {
					continue // for tests: SQLite's file systems are tables of C functions
				}
				t.Errorf("%s: %s", p.name(), complaint)
			}
		}
	}
}

// timeless code is given the moment as an argument. That is every pure package
// and translator, and every file of a service that folds: deciders stand beside
// the fold of their state.
func timeless(pkg string, f *ast.File) bool {
	switch pkg {
	case "services/police", "services/health", "services/education", "services/socialcare":
		return true
	}
	return pure(pkg) || match("services/*", pkg) && slices.ContainsFunc(f.Decls, folds)
}

func folds(d ast.Decl) bool {
	f, ok := d.(*ast.FuncDecl)
	return ok && f.Recv == nil && (f.Name.Name == "evolve" || f.Name.Name == "Fold" || f.Name.Name == "decide")
}

func forbidden(fset *token.FileSet, f *ast.File, timeless bool) (complaints []string) {
	say := func(n ast.Node, what string) {
		at := fset.Position(n.Pos())
		complaints = append(complaints, filepath.Base(at.Filename)+":"+strconv.Itoa(at.Line)+": "+what)
	}
	for _, imp := range f.Imports {
		switch strings.Trim(imp.Path.Value, `"`) {
		case "reflect", "unsafe":
			say(imp, "imports "+imp.Path.Value)
		case "math/rand", "math/rand/v2", "crypto/rand":
			if timeless {
				say(imp, "imports "+imp.Path.Value+"; it decides, so chance is an argument")
			}
		}
		if imp.Name != nil && imp.Name.Name == "." {
			say(imp, "imports "+imp.Path.Value+" with a dot")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				say(n, "func init: work that nobody called for")
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && timeless && x.Name == "time" {
				switch n.Sel.Name {
				case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker":
					say(n, "time."+n.Sel.Name+": the moment is an argument")
				}
			}
		}
		return true
	})
	return complaints
}

// The law must be able to say no.
func TestForbidden(t *testing.T) {
	for _, tc := range []struct {
		code     string
		timeless bool
		want     int
	}{
		{`package p; import "time"; func f(now time.Time) {}`, true, 0},
		{`package p; import "time"; var f = time.Now`, true, 1},
		{`package p; import "time"; func f() { time.Now() }`, true, 1},
		{`package p; import "time"; func f() { time.Now() }`, false, 0},
		{`package p; import "math/rand/v2"; var _ = rand.Int`, true, 1},
		{`package p; import "math/rand/v2"; var _ = rand.Int`, false, 0},
		{`package p; import "reflect"; var _ = reflect.TypeOf`, false, 1},
		{`package p; func init() {}`, false, 1},
		{`package p; type t int; func (t) init() {}`, false, 0},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "p.go", tc.code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := forbidden(fset, f, tc.timeless); len(got) != tc.want {
			t.Errorf("%s: %q, want %d", tc.code, got, tc.want)
		}
	}
}
