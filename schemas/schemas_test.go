package schemas_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kith/events"
	"kith/schemas"
)

func TestEveryFactHasASchema(t *testing.T) {
	for typ := range events.FactTypes() {
		path, ok := schemas.For(string(typ))
		if !ok {
			t.Errorf("%s: no schema; write schemas/%s", typ, path)
		}
	}
}

func TestFor(t *testing.T) {
	for typ, want := range map[string]string{
		"uk.kith.police.missing-episode.v1": "police/missing-episode.v1.json",
		"uk.kith.hub.receipt.v1":            "hub/receipt.v1.json",
		"uk.kith.police.missing-episode.v2": "",
		"uk.kith.common.v1":                 "",
		"uk.kith.api.view":                  "",
		"uk.kith.../x.v1":                   "",
		"uk.kith":                           "",
		"police.missing-episode.v1":         "",
		"":                                  "",
	} {
		if got, ok := schemas.For(typ); ok != (want != "") || ok && got != want {
			t.Errorf("For(%q) = %q, %v; want %q", typ, got, ok, want)
		}
	}
}

// Every schema is itself valid, lies where its $id says, and has a type that
// somebody publishes.
func TestSchemasAreWhereTheySay(t *testing.T) {
	known := map[string]bool{"common.v1.json": true, "hub/receipt.v1.json": true, "hub/refusal.v1.json": true,
		"hub/referral-feedback.v1.json": true, "hub/discussion-invitation.v1.json": true,
		"hub/webhook-disabled.v1.json": true, "hub/webhook-test.v1.json": true,
		"hub/item-corrected.v1.json": true, "hub/item-withdrawn.v1.json": true}
	for typ := range events.FactTypes() {
		path, _ := schemas.For(string(typ))
		known[path] = true
	}
	c := compiler(t)
	for path, doc := range documents(t) {
		if doc["$id"] != schemas.Base+path {
			t.Errorf("%s: $id is %v, want %s", path, doc["$id"], schemas.Base+path)
		}
		if _, err := c.Compile(schemas.Base + path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if !known[path] && !strings.HasPrefix(path, "api/") { // of those TestOpenAPI of the gateway knows

			t.Errorf("%s: no event has this schema", path)
		}
	}
}

// Whoever reads a schema learns of every field what it is, and no object takes
// fields that nobody described.
func TestEveryFieldIsDescribed(t *testing.T) {
	shared := documents(t)["common.v1.json"]["$defs"].(map[string]any)
	for path, doc := range documents(t) {
		walk(path+"#", doc, func(at string, s map[string]any) {
			if s["type"] == "object" && s["properties"] != nil && open(s["additionalProperties"]) &&
				!strings.HasSuffix(at, "/contains") {
				t.Errorf("%s: open to undescribed fields", at)
			}
			props, _ := s["properties"].(map[string]any)
			for name, p := range props {
				if s["type"] == "object" && !described(p.(map[string]any), shared) && !strings.HasSuffix(at, "/contains") {
					t.Errorf("%s: field %s is not described", at, name)
				}
			}
			if s["type"] == "string" && s["maxLength"] == nil && s["format"] == nil && s["pattern"] == nil && !strings.HasPrefix(at, "hub/") && !strings.HasPrefix(at, "api/") {
				t.Errorf("%s: a string without a limit", at)
			}
		})
	}
}

// What stands in examples must itself be valid.
func TestExamplesAreValid(t *testing.T) {
	c := compiler(t)
	for path, doc := range documents(t) {
		walk(path+"#", doc, func(at string, s map[string]any) {
			examples, _ := s["examples"].([]any)
			for _, e := range examples {
				sch, err := c.Compile(schemas.Base + at)
				if err != nil {
					t.Fatal(err)
				}
				if err := sch.Validate(e); err != nil {
					t.Errorf("%s: example: %v", at, err)
				}
			}
		})
	}
}

// Consent is not the default: no schema has one to fill in, and nothing that stands
// as an example of a lawful basis is consent but where the type is about it.
func TestConsentIsNoDefault(t *testing.T) {
	seen := 0
	for path, doc := range documents(t) {
		walk(path+"#", doc, func(at string, s map[string]any) {
			seen++
			if s["default"] != nil {
				t.Errorf("%s: has a default; whoever shares says what they mean", at)
			}
			examples, _ := s["examples"].([]any)
			for _, e := range examples {
				if e == "consent" || e == "explicit-consent" {
					t.Errorf("%s: consent stands as the example", at)
				}
			}
		})
	}
	if seen < 500 {
		t.Errorf("only %d schemas were looked at", seen)
	}
}

// open tells an object that takes fields of whatever kind.
func open(additional any) bool {
	kind, _ := additional.(map[string]any)
	return additional != false && kind["type"] == nil
}

func described(p, shared map[string]any) bool {
	if p["description"] != nil {
		return true
	}
	ref, _ := p["$ref"].(string)
	def, _ := shared[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
	return def["description"] != nil
}

// walk visits every schema below and including s, wherever one can stand.
func walk(at string, s map[string]any, visit func(string, map[string]any)) {
	visit(at, s)
	for _, k := range []string{"properties", "$defs"} {
		m, _ := s[k].(map[string]any)
		for name, sub := range m {
			walk(at+"/"+k+"/"+name, sub.(map[string]any), visit)
		}
	}
	for _, k := range []string{"items", "contains", "if", "then", "else", "not"} {
		if sub, ok := s[k].(map[string]any); ok {
			walk(at+"/"+k, sub, visit)
		}
	}
}

func documents(t *testing.T) map[string]map[string]any {
	t.Helper()
	docs := map[string]map[string]any{}
	err := fs.WalkDir(schemas.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") || strings.HasPrefix(path, "api/examples/") {
			return err
		}
		b, err := fs.ReadFile(schemas.FS(), path)
		if err != nil {
			return err
		}
		var doc map[string]any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		docs[path] = doc
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func compiler(t *testing.T) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, valid := range map[string]func(string) bool{"nhs-number": events.ValidNHSNumber, "upn": events.ValidUPN} {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !valid(s) {
				return fs.ErrInvalid
			}
			return nil
		}})
	}
	for path, doc := range documents(t) {
		if err := c.AddResource(schemas.Base+path, any(doc)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
