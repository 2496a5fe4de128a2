package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeTour runs the commands of the README's tour, as they stand there,
// on a demonstration, and looks for what the README says they print.
func TestReadmeTour(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: the tour needs %s, which is not on this machine", tool)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	dir := t.TempDir()
	if err := os.Symlink(w.dir, filepath.Join(dir, "demo-data")); err != nil {
		t.Fatal(err)
	}
	script := "set -eu -o pipefail\n"
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllSubmatch(readme, -1) {
		script += string(m[1])
	}
	script = strings.ReplaceAll(script, "http://127.0.0.1:8080", w.file.URL)
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := regexp.MustCompile(`\n+`).Split(strings.TrimSpace(string(out)), -1)
	if len(lines) != 6 {
		t.Fatalf("the tour prints %d lines, want 6", len(lines))
	}
	for i, want := range []string{`"note":"kith receipt v1`, `"rationale":"An unexplained burn`, `"matches":[{"child":`,
		`"agency":"northshire-police"`, "There is no such record", "There is no such record"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d lacks %s: %s", i+1, want, lines[i])
		}
	}
	if !strings.Contains(lines[3], "NP-TOUR-1") {
		t.Error("the view lacks what the police handed in on the tour")
	}
	if lines[4] != lines[5] {
		t.Error("hidden and absent differ")
	}
	for _, name := range []string{"decided.json", "receipt.json"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(b), "kith receipt v1") {
			t.Errorf("%s holds no receipt: %s %v", name, b, err)
		}
	}
}
