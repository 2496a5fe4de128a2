// Package nativetest checks the translators of an agency kind: each against the
// samples in its testdata, the published schemas and whatever else may come in.
package nativetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kith/events"
	"kith/schemas"
	"kith/services/fault"
)

// Translator turns one native record into notices.
type Translator = func([]byte) ([]events.Notice, error)

// Door finds the translator of a sample by its path.
type Door func(t testing.TB, sample string) Translator

// Golden translates every sample in testdata and compares the notices with the
// golden file beside it, and with their schemas. With KITH_UPDATE=1 it writes the file.
func Golden(t *testing.T, door Door) {
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			ns, err := door(t, path)(File(t, path))
			if err != nil {
				t.Fatal(err, Places(err))
			}
			Fits(t, ns...)
			golden(t, strings.TrimSuffix(path, filepath.Ext(path))+".golden.json", ns)
		})
	}
}

// samples are the native records in testdata.
func samples(t testing.TB) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if path == filepath.Join("testdata", "fuzz") {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".golden.json") {
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("samples: %v, %d found", err, len(all))
	}
	return all
}

// contract is a compiler that knows the published schemas.
func contract(t *testing.T) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, valid := range map[string]func(string) bool{"nhs-number": events.ValidNHSNumber, "upn": events.ValidUPN} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !valid(s) {
				return errors.New("wrong check")
			}
			return nil
		}})
	}
	paths, err := fs.Glob(schemas.FS(), "*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, "common.v1.json") {
		data, err := fs.ReadFile(schemas.FS(), path)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(schemas.Base+path, doc); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Fits checks notices against the schemas of their types.
func Fits(t *testing.T, ns ...events.Notice) {
	t.Helper()
	contract := contract(t)
	for _, n := range ns {
		if len(n.Void) > 0 {
			continue // the edge makes the event, of what it kept
		}
		fits(t, contract, n)
	}
}

func fits(t *testing.T, contract *jsonschema.Compiler, n events.Notice) {
	t.Helper()
	data, err := events.EncodeReport(n.Report)
	if err != nil {
		t.Fatal(err)
	}
	path, ok := schemas.For(string(n.Report.Type()))
	if !ok {
		t.Fatalf("no schema for %s", n.Report.Type())
	}
	schema, err := contract.Compile(schemas.Base + path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%s does not fit its schema: %v", n.ID, err)
	}
}

// golden compares notices with a file, by the JSON that the hub would get.
func golden(t *testing.T, path string, ns []events.Notice) {
	t.Helper()
	type line struct {
		ID   string          `json:"id"`
		Type events.Type     `json:"type"`
		Void []string        `json:"void,omitempty"`
		Data json.RawMessage `json:"data"`
	}
	var lines []line
	for _, n := range ns {
		data, err := events.EncodeReport(n.Report)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line{n.ID, n.Report.Type(), n.Void, data})
	}
	got, err := json.MarshalIndent(lines, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if writing() {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := strings.TrimSpace(string(File(t, path))); want != string(got) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// File reads a file.
func File(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Spoil changes one thing in a sample and wants the places named that are wrong
// then, and nothing repeated that it says: what is put in is recognisable by "xyz".
func Spoil(t *testing.T, door Door, sample, old, new, want string) {
	path := filepath.Join("testdata", sample)
	raw := string(File(t, path))
	bad := strings.ReplaceAll(raw, old, new)
	if bad == raw {
		t.Fatal("the case changes nothing")
	}
	_, err := door(t, path)([]byte(bad))
	if got := strings.Join(Places(err), " "); err == nil || got != want {
		t.Errorf("got places %q, want %q; error %v", got, want, err)
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		for _, p := range e.At {
			if strings.Contains(e.Error()+p.Pointer+p.Detail, "xyz") {
				t.Errorf("the error repeats a value: %v %v", e, p)
			}
		}
	}
}

// Places lists the pointers that an error names.
func Places(err error) (out []string) {
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Kind == fault.Invalid {
		for _, p := range e.At {
			out = append(out, p.Pointer)
		}
	}
	return out
}

// NotARecord hands every door what is no record.
func NotARecord(t *testing.T, doors map[string]Translator) {
	for _, raw := range []string{"", "null", "[]", "{", `{"a":1} {}`, "\xff", `{"\ud800":1}`, `{"at":1,"at":2}`} {
		for path, translate := range doors {
			if ns, err := translate([]byte(raw)); Places(err) == nil {
				t.Errorf("%s took %q: %v, %v", path, raw, ns, err)
			}
		}
	}
}

// Fuzz: whatever comes in, a translator neither panics nor gives what cannot be sent,
// and the same record always gives the same ids.
func Fuzz(f *testing.F, doors map[string]Translator) {
	for _, path := range samples(f) {
		f.Add(File(f, path))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for path, translate := range doors {
			ns, err := translate(raw)
			if (err == nil) == (len(ns) == 0) || err != nil && Places(err) == nil {
				t.Errorf("%s: %d notices, error %v", path, len(ns), err)
			}
			again, _ := translate(raw)
			for i, n := range ns {
				if _, err := events.EncodeReport(n.Report); err != nil || n.ID == "" {
					t.Errorf("%s: id %q, %v", path, n.ID, err)
				}
				if len(n.Void) == 0 && !slices.ContainsFunc(n.Report.About, func(p events.Person) bool { return p.Role == events.RoleChild }) {
					t.Errorf("%s: about no child", path)
				}
				if again[i].ID != n.ID {
					t.Errorf("%s: another id the second time", path)
				}
			}
		}
	})
}

// writing is whether KITH_UPDATE=1 asks for golden files to be written.
func writing() bool { return os.Getenv("KITH_UPDATE") == "1" }
