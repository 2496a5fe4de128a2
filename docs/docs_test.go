// Package docs_test keeps what is written here true, as far as a program can.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pages are all Markdown files of the repository.
func pages(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "demo-data") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, ".md") {
			names = append(names, p)
		}
		return nil
	})
	if err != nil || len(names) < 10 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	return names
}

// A page begins with its title, and holds no mark of a merge that nobody settled.
func TestPagesAreWhole(t *testing.T) {
	marks := regexp.MustCompile(`(?m)^(<{7} |={7}$|>{7} )`)
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# ") || marks.Match(text) {
			t.Errorf("%s: has lines that do not belong there", page)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			at := filepath.Join(filepath.Dir(page), target)
			if target == "" {
				at = page
			}
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s: %s is not there", page, m[1])
			} else if heading != "" && !slices.Contains(headings(t, at), heading) {
				t.Errorf("%s: %s has no heading #%s", page, target, heading)
			}
		}
	}
}

var (
	headingLine = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchor = regexp.MustCompile(`[^a-z0-9 -]`)
)

func headings(t *testing.T, page string) (anchors []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range headingLine.FindAllStringSubmatch(string(text), -1) {
		anchors = append(anchors, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return anchors
}

func TestDecisionsAreListed(t *testing.T) {
	index := read(t, "docs/decisions/README.md")
	files, err := filepath.Glob("decisions/0*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if !strings.Contains(index, "("+filepath.Base(f)+")") {
			t.Errorf("decisions/README.md does not list %s", f)
		}
		for _, part := range []string{"**Context.**", "**Decision.**", "**Rejected.**", "**Consequences.**"} {
			if !strings.Contains(read(t, "docs/"+f), part) {
				t.Errorf("%s has no %s", f, part)
			}
		}
	}
}

var citation = regexp.MustCompile("`([a-z0-9/_]+)` (Test\\w+|Fuzz\\w+)")

// namesTests holds that each test that a text names is there, and counts them.
func namesTests(t *testing.T, text string) (n int) {
	t.Helper()
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		n++
		files, err := filepath.Glob(filepath.Join(root, m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(files, func(f string) bool {
			text, err := os.ReadFile(f)
			return err == nil && strings.Contains(string(text), "func "+m[2]+"(")
		}) {
			t.Errorf("there is no test %s in %s", m[2], m[1])
		}
	}
	return n
}

// A control is worth its test: each row of the threat model names at least one,
// those named are there, and no threat stands there twice.
func TestThreatModelNamesTests(t *testing.T) {
	text := read(t, "docs/threat-model.md")
	_, table, found := strings.Cut(text, "\n## Controls\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows, seen := 0, map[string]bool{}
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| threat ") || strings.HasPrefix(line, "| ---") {
			continue
		}
		rows++
		if threat := strings.Split(line, " | ")[0]; seen[threat] {
			t.Errorf("twice: %s", threat)
		} else {
			seen[threat] = true
		}
		if !citation.MatchString(line) {
			t.Errorf("a control without a test: %s", line)
		}
	}
	if n := namesTests(t, text); !found || rows < 50 || n < rows {
		t.Errorf("%d rows, %d tests", rows, n)
	}
}

// Every field of the two configuration files is explained.
func TestConfigurationIsComplete(t *testing.T) {
	page := read(t, "docs/configuration.md")
	tags := regexp.MustCompile(`json:"(\w+)`).FindAllStringSubmatch(read(t, "services/kith/config.go")+read(t, "services/kith/webhooks.go"), -1)
	if len(tags) < 10 {
		t.Fatal(tags)
	}
	for _, m := range tags {
		if !regexp.MustCompile("`(nats\\.|store\\.)?"+m[1]+"`").MatchString(page) && m[1] != "nats" && m[1] != "store" {
			t.Errorf("configuration.md does not explain %s", m[1])
		}
	}
}
