package disclosure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"html/template"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"kith/events"
)

// TestOnlyTheGateDiscloses compiles what somebody outside might write.
func TestOnlyTheGateDiscloses(t *testing.T) {
	imp := compiled(t)
	for name, tc := range map[string]struct{ code, wrong string }{
		"rearranging":      {`return disclosure.Map(d, func(s string) string { return s[:1] })`, ""},
		"a literal":        {`return disclosure.Disclosed[string]{value: "secret", made: true}`, "value"},
		"without names":    {`return disclosure.Disclosed[string]{"secret", true}`, "unexported"},
		"the constructor":  {`return disclosure.disclose("secret")`, "not exported"},
		"setting a field":  {`d.value = "secret"; return d`, "value"},
		"reading a field":  {`println(d.value); return d`, "value"},
		"a conversion":     {`return disclosure.Disclosed[string](struct{value string; made bool}{"secret", true})`, "cannot convert"},
		"another encoding": {`var _ disclosure.Encodable = own{}; return d`, "unexported method disclosed"},
	} {
		src := `package outside
			import "kith/services/disclosure"
			type own struct{}
			func (own) MarshalJSON() ([]byte, error) { return nil, nil }
			func (own) disclosed() {}
			func f(d disclosure.Disclosed[string]) disclosure.Disclosed[string] { ` + tc.code + ` }`
		err := check(t, imp, src)
		if tc.wrong == "" && err != nil || tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func check(t *testing.T, imp types.Importer, src string) error {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "outside.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&types.Config{Importer: imp}).Check("outside", fset, []*ast.File{f}, nil)
	return err
}

// compiled imports this package as the compiler left it.
func compiled(t *testing.T) types.Importer {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "kith/services/disclosure").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
}

func TestNothingWasDisclosed(t *testing.T) {
	var none Disclosed[string]
	page := template.Must(template.New("").Parse("{{.}}"))
	if _, err := json.Marshal(none); err == nil {
		t.Error("encoded")
	}
	if err := none.Render(io.Discard, page); err == nil {
		t.Error("rendered")
	}
	if _, err := Map(none, func(string) int { return 7 }).MarshalJSON(); err == nil {
		t.Error("rearranged")
	}
	var b bytes.Buffer
	if err := disclose("a<b").Render(&b, page); err != nil || b.String() != "a&lt;b" {
		t.Error(b.String(), err)
	}
}

func TestDisclosedPrintsNothing(t *testing.T) {
	d := disclose(events.Match{Name: events.Name{Given: "canary"}})
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "d", d)
	for _, s := range []string{fmt.Sprint(d), fmt.Sprintf("%v %+v %#v %s %x", d, d, d, d, d), fmt.Sprint(&d), b.String()} {
		if strings.Contains(s, "canary") || !strings.Contains(s, "withheld") {
			t.Error(s)
		}
	}
}
