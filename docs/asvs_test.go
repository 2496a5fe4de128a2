package docs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Every requirement of levels 1 and 2 of ASVS 5.0.0 has one row, which names a
// test that is there, or a reason. testdata/asvs-5.0.0 lists the numbers and
// levels of OWASP's published file.
func TestASVS(t *testing.T) {
	text := read(t, "docs/asvs.md")
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| (\d) \| ([a-z ]+) \| (.*) \|$`).FindAllStringSubmatch(text, -1) {
		if rows[m[1]] != nil {
			t.Errorf("%s stands there twice", m[1])
		}
		rows[m[1]] = m[2:]
	}
	wanted, count := strings.Split(strings.TrimSpace(read(t, "docs/testdata/asvs-5.0.0")), "\n"), map[string]int{}
	for _, w := range wanted {
		id, level, _ := strings.Cut(w, " ")
		row := rows[id]
		if row == nil || row[0] != level {
			t.Errorf("%s of level %s has no row", id, level)
			continue
		}
		count[row[1]]++
		switch state, why := row[1], row[2]; {
		case state == "tested" && !citation.MatchString(why):
			t.Errorf("%s: name the test", id)
		case state != "tested" && state != "reasoned" && state != "not applicable" && state != "not yet":
			t.Errorf("%s: there is no state %q", id, state)
		case len(why) < 8:
			t.Errorf("%s: give a reason", id)
		}
	}
	if len(wanted) != 253 || len(rows) != len(wanted) { // 70 of level 1 and 183 of level 2
		t.Errorf("%d requirements and %d rows, not 253", len(wanted), len(rows))
	}
	said := fmt.Sprintf("Of %d: %d tested, %d reasoned, %d not applicable, %d not yet.", len(wanted), count["tested"], count["reasoned"], count["not applicable"], count["not yet"])
	if !strings.Contains(text, said) {
		t.Errorf("the page does not say: %s", said)
	}
	namesTests(t, text)
}
