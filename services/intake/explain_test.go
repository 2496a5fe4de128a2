package intake

import (
	"os"
	"regexp"
	"testing"
)

// Every code is explained, once, with everything a page needs.
func TestEveryCodeIsExplained(t *testing.T) {
	b, err := os.ReadFile("codes.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^\t([A-Z]\w+) += "([a-z0-9-]+)"$`).FindAllSubmatch(b, -1)
	if len(codes) < 10 {
		t.Fatalf("%d codes", len(codes))
	}
	explained := map[string]int{}
	for _, e := range Explanations() {
		explained[e.Code]++
		if e.Title == "" || e.Meaning == "" || e.Sent == "" || e.Do == "" {
			t.Errorf("%s is explained in part only: %+v", e.Code, e)
		}
	}
	for _, m := range codes {
		if explained[string(m[2])] != 1 {
			t.Errorf("%s is explained %d times: add one entry for it to Explanations in services/intake/explain.go", m[1], explained[string(m[2])])
		}
	}
	if len(explained) != len(codes) {
		t.Errorf("%d codes, %d explained", len(codes), len(explained))
	}
}
