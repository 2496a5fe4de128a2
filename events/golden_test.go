package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kith/events"
	"kith/schemas"
)

// The golden files of testdata are written by hand, one for each type: what an
// agency sends for a fact, what the hub stores for a decision. They are the proof
// that the schema, which others read, and the struct, which we use, agree. A
// released one is never edited: old logs hold its like.

func golden(t testing.TB, typ events.Type) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", string(typ)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no golden example: write events/testdata/%s.json", typ)
	}
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil {
		t.Fatalf("events/testdata/%s.json: %v", typ, err)
	}
	return compact.Bytes()
}

func TestFactsMatchTheirSchemaAndRoundTrip(t *testing.T) {
	c := compiler(t)
	for typ := range events.FactTypes() {
		t.Run(string(typ), func(t *testing.T) {
			want := golden(t, typ)
			fits(t, c, typ, want)

			r, err := events.DecodeReport(typ, want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := events.EncodeReport(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v\n got %s\nwant %s", err, got, want)
			}
			for _, i := range items(r) {
				roundTrip(t, i)
			}
		})
	}
}

func TestDecisionsRoundTrip(t *testing.T) {
	facts := slices.Collect(events.FactTypes())
	for typ := range events.Types() {
		if slices.Contains(facts, typ) {
			continue
		}
		t.Run(string(typ), func(t *testing.T) {
			want := golden(t, typ)
			e, err := events.Decode(typ, want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := events.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			if events.Newest(typ) != typ {
				keepsAll(t, want, got)
			} else if !bytes.Equal(got, want) {
				t.Errorf(" got %s\nwant %s", got, want)
			}
		})
	}
}

// keepsAll: what follows from an older version says all that the older one did.
func keepsAll(t *testing.T, older, newer []byte) {
	t.Helper()
	var was, is map[string]any
	if err := errors.Join(json.Unmarshal(older, &was), json.Unmarshal(newer, &is)); err != nil {
		t.Fatal(err)
	}
	for name, value := range was {
		if !reflect.DeepEqual(is[name], value) {
			t.Errorf("%s was %v and is %v", name, value, is[name])
		}
	}
}

// A golden file of a type that is no more is a type that old logs still hold.
func TestEveryGoldenFileHasAType(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	types := slices.Collect(events.Types())
	for _, f := range files {
		typ := events.Type(strings.TrimSuffix(filepath.Base(f), ".json"))
		if !slices.Contains(types, typ) {
			t.Errorf("%s: this build does not know the type", f)
		}
	}
}

func TestFamilyIsThatOfTheSchema(t *testing.T) {
	for typ := range events.FactTypes() {
		path, _ := schemas.For(string(typ))
		if family, _, _ := strings.Cut(path, "/"); family != typ.Family() {
			t.Errorf("%s: family %q, schema %q", typ, typ.Family(), path)
		}
	}
	if got := events.Type("com.example.thing").Family(); got != "com" && got != "" {
		t.Errorf("family of a foreign type is %q", got)
	}
}

// items makes of a report what the hub keeps of it.
func items(r events.Report) []events.Item {
	var is []events.Item
	for _, p := range r.About {
		is = append(is, events.Item{
			ID: "6f0d0a5e-3a4c-5b8e-9d53-0f1f5a3f8a61", Agency: "northshire-police", Kind: events.KindPolice,
			Source: "urn:kith:agency:northshire-police", EventID: "NSP-2026-118204-1",
			Subject: "k2v7m3q6x4a5r7t2w3y5z6b7c4", Person: p,
			With:   []events.Companion{{Subject: "q5t2w7n3j6d4f5h7k2m3p6r4s5", Role: events.RoleParent}},
			Shared: r.Shared, Fact: r.Fact,
		})
	}
	return is
}

func roundTrip(t testing.TB, e events.Event) {
	t.Helper()
	want, err := events.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	again, err := events.Decode(e.Type(), want)
	if err != nil {
		t.Fatalf("%v\n%s", err, want)
	}
	got, err := events.Encode(again)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func fits(t testing.TB, c *jsonschema.Compiler, typ events.Type, report []byte) {
	t.Helper()
	path, ok := schemas.For(string(typ))
	if !ok {
		t.Fatalf("no schema: write schemas/%s/…", typ.Family())
	}
	sch, err := c.Compile(schemas.Base + path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if err := sch.Validate(doc); err != nil {
		t.Errorf("does not fit schemas/%s: %v", path, err)
	}
}

// schemaFiles lets the compiler load schemas from where they are embedded.
type schemaFiles struct{}

func (schemaFiles) Load(url string) (any, error) {
	f, err := schemas.FS().Open(strings.TrimPrefix(url, schemas.Base))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return jsonschema.UnmarshalJSON(f)
}

func compiler(t testing.TB) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaFiles{})
	c.AssertFormat()
	for name, valid := range map[string]func(string) bool{"nhs-number": events.ValidNHSNumber, "upn": events.ValidUPN} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !valid(s) {
				return errors.New("wrong check character")
			}
			return nil
		}})
	}
	return c
}
