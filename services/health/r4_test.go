package health

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

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
