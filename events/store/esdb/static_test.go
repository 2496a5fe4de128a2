package esdb_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestTheTestsFitInOneFile: what is carried to a machine that has a database
// needs nothing else there, neither libraries nor the sources.
func TestTheTestsFitInOneFile(t *testing.T) {
	if _, err := os.Stat("static_test.go"); err != nil || runtime.GOOS != "linux" {
		t.Skip("NOT RUN: this is the carried file itself, or not Linux")
	}
	path := filepath.Join(t.TempDir(), "esdb.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	libs, err := f.ImportedLibraries()
	if err != nil || len(libs) != 0 {
		t.Errorf("needs %v, %v", libs, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("needs a dynamic linker")
		}
	}
	run := exec.CommandContext(t.Context(), path, "-test.run", "^TestContract/append|RealServer|OneFile", "-test.v")
	run.Dir, run.Env = t.TempDir(), []string{"TMPDIR=" + t.TempDir()}
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "NOT RUN: no real EventStoreDB") || !strings.Contains(string(out), "append_keeps_order") {
		t.Errorf("elsewhere: %v\n%s", err, out)
	}
}
