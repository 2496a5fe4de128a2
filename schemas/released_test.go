package schemas_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"kith/schemas"
)

// words are what may be bettered in a released schema: they tell a person
// something and decide nothing.
var words = []string{"title", "description", "examples", "$comment"}

// meaning is the digest of a schema without its words.
func meaning(schema []byte) (string, error) {
	var doc any
	if err := json.Unmarshal(schema, &doc); err != nil {
		return "", err
	}
	b, err := json.Marshal(without(doc, false)) // with its members in order
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

// without takes the words out. The members of properties and $defs are names,
// whatever they are called.
func without(v any, names bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, sub := range v {
			if !names && contains(words, k) {
				continue
			}
			out[k] = without(sub, !names && (k == "properties" || k == "$defs"))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, sub := range v {
			out[i] = without(sub, false)
		}
		return out
	}
	return v
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// TestReleasedSchemasStay: what is published once decides the same for ever.
// Agencies validate with their own copies: a field that is added, taken away,
// required or widened would be accepted here and refused there, or the reverse.
// A change is a new version beside the old one.
func TestReleasedSchemasStay(t *testing.T) {
	f, err := os.Open("testdata/released")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	released := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		digest, file, _ := strings.Cut(s.Text(), "  ")
		released[file] = digest
	}
	err = fs.WalkDir(schemas.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".json") || strings.HasPrefix(file, "api/") {
			return err // the API's are true of the hub that serves them, and have no versions
		}
		b, err := fs.ReadFile(schemas.FS(), file)
		if err != nil {
			return err
		}
		now, err := meaning(b)
		switch was := released[file]; {
		case was == "":
			t.Errorf("a new schema: add a line at the end of schemas/testdata/released:\n%s  %s", now, file)
		case was != now:
			t.Errorf("schemas/%s was released and decides something else now: put it back, and make the change a new version beside it", file)
		}
		delete(released, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for file := range released {
		t.Errorf("schemas/%s was released and is gone", file)
	}
}

// The check must be able to say no, and to leave words alone.
func TestMeaning(t *testing.T) {
	const schema = `{"title":"A","type":"object","properties":{"title":{"type":"string","description":"x"}},"required":["title"],"enum":["a","b"]}`
	was, err := meaning([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		old, new string
		same     bool
	}{
		{`"title":"A"`, `"title":"B"`, true},
		{`"description":"x"`, `"description":"y","examples":["z"]`, true},
		{`"type":"object",`, `"$comment":"why","type":"object",`, true},
		{`"required":["title"]`, `"required":[]`, false},
		{`"title":{`, `"name":{`, false},
		{`["a","b"]`, `["a","b","c"]`, false},
		{`["a","b"]`, `["a"]`, false},
		{`"type":"string"`, `"type":"string","maxLength":9`, false},
	} {
		changed := strings.Replace(schema, c.old, c.new, 1)
		now, err := meaning([]byte(changed))
		if err != nil || changed == schema || (now == was) != c.same {
			t.Error(fmt.Sprint(c), err)
		}
	}
}
