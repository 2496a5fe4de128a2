package health

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kith/services/internal/native"
	"kith/services/internal/native/nativetest"
)

// The committed schema is HL7's, pruned by what stands here and nothing else.
// KITH_FHIR_R4 names HL7's own fhir.schema.json of release 4.0.1; with
// KITH_UPDATE=1 the committed file is written from it.
func TestSchemaIsThatOfHL7(t *testing.T) {
	const file = "r4.schema.json.gz"
	path := os.Getenv("KITH_FHIR_R4")
	if path == "" {
		t.Skip("SKIPPED: KITH_FHIR_R4 does not name HL7's fhir.schema.json")
	}
	want := prune(t, nativetest.File(t, path))
	if os.Getenv("KITH_UPDATE") == "1" {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = z.Write(want)
		_ = z.Close()
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	z, err := gzip.NewReader(bytes.NewReader(nativetest.File(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what HL7's schema gives (%v); write it with KITH_UPDATE=1", file, err)
	}
}

func prune(t *testing.T, raw []byte) []byte {
	t.Helper()
	var all struct {
		ID          string                    `json:"id"`
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(raw, &all); err != nil || all.ID != r4Location {
		t.Fatalf("%q: %v", all.ID, err)
	}
	keep := map[string]any{"ResourceList": map[string]any{"type": "object", "required": []string{"resourceType"}}}
	todo := append([]string{"date", "dateTime", "instant"}, r4Kinds...)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if keep[name] == nil {
			keep[name], todo = bare(all.Definitions[name], todo)
		}
	}
	out, err := json.Marshal(map[string]any{"definitions": keep})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bare is a schema without descriptions, and with those it refers to on the list.
func bare(v any, todo []string) (any, []string) {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if s, ok := x.(string); ok && k == "description" {
				continue
			} else if ok && k == "$ref" {
				todo = append(todo, s[strings.LastIndexByte(s, '/')+1:])
			}
			out[k], todo = bare(x, todo)
		}
		return out, todo
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i], todo = bare(x, todo)
		}
		return out, todo
	}
	return v, todo
}

// What is matched by hand is matched as the pattern says.
func FuzzPrimitive(f *testing.F) {
	for _, s := range []string{"", " ", "a", "a b", "a  b", " a", "a\n", "a\fb", "\v", "é b", "a b", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, pattern := range []string{`^[ \r\n\t\S]+$`, `^\S*$`, `^[^\s]+(\s[^\s]+)*$`} {
			m, err := primitive(pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := m.MatchString(s), regexp.MustCompile(pattern).MatchString(s); got != want {
				t.Errorf("%s: %q fits %t, want %t", pattern, s, got, want)
			}
		}
	})
}

// Pruned, the schema says what it said: every sample and thousands of spoilt ones
// are judged as HL7's own whole schema judges them.
func TestPrunedJudgesAsHL7(t *testing.T) {
	path := os.Getenv("KITH_FHIR_R4")
	if path == "" {
		t.Skip("SKIPPED: KITH_FHIR_R4 does not name HL7's fhir.schema.json")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(nativetest.File(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(r4Location, doc); err != nil {
		t.Fatal(err)
	}
	right, wrong := 0, 0
	for _, sample := range samplesOf(t) {
		var top map[string]any
		if err := json.Unmarshal(nativetest.File(t, sample), &top); err != nil {
			t.Fatal(err)
		}
		kind, _ := top["resourceType"].(string)
		if kind == "" || strings.Contains(sample, "hydrated") ||
			strings.Contains(sample, "safeguarding") || strings.Contains(sample, "two-departments") {
			continue // no FHIR, or with resources in it of kinds that are left alone, which do not fit
		}
		whole, err := c.Compile(r4Location + "#/definitions/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		judge := func(what string) {
			f := &native.Form{}
			if err := everyone(f, top); err != nil {
				t.Fatal(err)
			}
			want := whole.Validate(top) == nil
			if got := f.Err() == nil; got != want {
				t.Errorf("%s, %s: fits %t, HL7 says %t", sample, what, got, want)
			}
			if want {
				right++
			} else {
				wrong++
			}
		}
		judge("as it is")
		spoil(top, judge)
	}
	t.Logf("%d judged to fit, %d not, by both", right, wrong)
}

// everyone judges a resource and all within it, as a reader does.
func everyone(f *native.Form, doc map[string]any) error {
	kind, _ := doc["resourceType"].(string)
	if r, err := r4Compiled(); err != nil || r.of[kind] == nil {
		return err
	}
	err := fits(f, "", kind, doc)
	inside, _ := doc["contained"].([]any)
	entries, _ := doc["entry"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		inside = append(inside, entry["resource"])
	}
	for _, x := range inside {
		if x, ok := x.(map[string]any); ok {
			err = errors.Join(err, everyone(f, x))
		}
	}
	return err
}

// spoil changes one thing in a document after the other, and puts it back.
func spoil(v any, judge func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			old := v[k]
			if k != "resourceType" { // a kind that HL7 knows and this program does not is left alone
				delete(v, k)
				judge("without " + k)
				for _, bad := range []any{true, 1.5, " x", map[string]any{}} {
					v[k] = bad
					judge(k + " spoilt")
				}
			}
			v[k] = old
			spoil(old, judge)
		}
		v["xyzzy"] = 1.0
		judge("one more")
		delete(v, "xyzzy")
	case []any:
		for _, x := range v {
			spoil(x, judge)
		}
	}
}
