package gateway

import (
	"bufio"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/childview"
	"kith/services/ledger"
)

// Only encode.go may turn a value into bytes for somebody to read.
func TestOnlyEncodeEncodes(t *testing.T) {
	for name, calls := range encoders(t) {
		if name != "encode.go" {
			t.Errorf("%s calls %v", name, calls)
		}
	}
	if len(encoders(t)["encode.go"]) < 3 {
		t.Error("the search finds nothing in encode.go any more")
	}
}

func encoders(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	forbidden := []string{"Marshal", "MarshalIndent", "NewEncoder", "Encode", "MarshalJSON", "Execute", "ExecuteTemplate", "Render", "Fprintf", "Fprint", "Fprintln", "WriteString"}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(forbidden, s.Sel.Name) && !ofURL(s) {
				found[name] = append(found[name], s.Sel.Name)
			}
			return true
		})
	}
	return found
}

// ofURL tells url.Values.Encode, which encodes addresses.
func ofURL(s *ast.SelectorExpr) bool {
	if s.Sel.Name != "Encode" {
		return false
	}
	switch x := s.X.(type) {
	case *ast.Ident:
		return x.Name == "q"
	case *ast.CompositeLit:
		return true
	}
	return false
}

// A body that is marked as about nobody holds no type that is about somebody.
func TestOpenIsAboutNobody(t *testing.T) {
	people := []reflect.Type{
		reflect.TypeFor[events.Person](), reflect.TypeFor[events.Name](), reflect.TypeFor[events.Shown](), reflect.TypeFor[events.Item](),
		reflect.TypeFor[events.Picture](), reflect.TypeFor[events.ConcernStatus](), reflect.TypeFor[events.Voice](), reflect.TypeFor[events.Match](),
		reflect.TypeFor[childview.Arranged](), reflect.TypeFor[childview.Item](), reflect.TypeFor[childPage](), reflect.TypeFor[concernView](),
		reflect.TypeFor[entry](), reflect.TypeFor[concernRow](), reflect.TypeFor[foundLine](),
		reflect.TypeFor[ledger.Entry](), reflect.TypeFor[ledgerRow](), reflect.TypeFor[ledger.Line](), reflect.TypeFor[ledger.Listed](), reflect.TypeFor[findingRow](),
	}
	var holds func(t reflect.Type, seen map[reflect.Type]bool) reflect.Type
	holds = func(t reflect.Type, seen map[reflect.Type]bool) reflect.Type {
		if slices.Contains(people, t) {
			return t
		}
		if seen[t] {
			return nil
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			return holds(t.Elem(), seen)
		case reflect.Struct:
			for i := range t.NumField() {
				if found := holds(t.Field(i).Type, seen); found != nil {
					return found
				}
			}
		}
		return nil
	}
	for _, o := range []open{problem{}, status{}, submitted{}, receiptAnswer{}, done{}, candidatesAnswer{}, base{},
		signInPage{}, concernFormPage{}, concernSentPage{}, searchPage{}, choosePage{}, childFormPage{}, candidatesPage{},
		problemPage{}, problemsPage{}, policiesPage{}} {
		if found := holds(reflect.TypeOf(o), map[reflect.Type]bool{}); found != nil {
			t.Errorf("%T is marked open and holds %v", o, found)
		}
	}
	if holds(reflect.TypeFor[decidePage](), map[reflect.Type]bool{}) == nil {
		t.Error("the search finds nobody in a page about a concern")
	}
}

// The stream says that there is something new, and not what, of whom or where.
func TestChanges(t *testing.T) {
	w := newWorld(t)
	u := w.listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", u+"/v1/children/"+string(theChild)+"/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token-chair")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		var b []string
		for lines.Scan() && lines.Text() != "" {
			b = append(b, lines.Text())
		}
		return strings.Join(b, "|")
	}
	if got := next(); got != "retry: 5000" {
		t.Errorf("it begins with %q", got)
	}
	w.announce()
	if got := next(); got != "event: changed|data: {}" {
		t.Errorf("it says %q", got)
	}
	// the relationship ends: nothing more is said
	w.change(func(p *events.Picture) { p.Agencies, p.Discussions, p.Items = nil, nil, nil })
	w.announce()
	if got := next(); got != "event: ended|data: {}" {
		t.Errorf("after the relationship ended it says %q", got)
	}
	if lines.Scan() {
		t.Error("and it goes on")
	}
}
