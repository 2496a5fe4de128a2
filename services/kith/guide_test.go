package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// guide is the commands of the guide's first section, one by one.
func guide(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/integrators.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Ten minutes to the first event\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(section, -1) {
		commands = append(commands, strings.Split(strings.TrimSpace(m[1]), "\n")...)
	}
	return commands
}

// TestGuide follows the integrators' guide, command by command as it stands
// there, in an empty folder. Of the clone only the program is made in it, from
// this very checkout, and the demonstration takes any free port.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: builds and runs the program; run without -short")
	}
	commands := guide(t)
	if len(commands) != 6 {
		t.Fatalf("the guide has %d commands, want 6: %q", len(commands), commands)
	}
	began := time.Now()
	dir := t.TempDir()
	sh := func(command string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	if !strings.HasPrefix(commands[0], "git clone $REPOSITORY kith && cd kith") || commands[1] != "make build" || commands[2] != "./kith demo" {
		t.Fatalf("%q", commands[:3])
	}
	build := exec.Command("make", "-C", "../..", "build", "KITH="+filepath.Join(dir, "kith"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	demo := exec.CommandContext(ctx, "./kith", "demo", "-addr", "127.0.0.1:0")
	demo.Dir = dir
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stop(); _ = demo.Wait() }()
	for wait := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "demo-data", "demo.json")); err == nil {
			break
		}
		if time.Since(wait) > time.Minute {
			t.Fatal("the demonstration did not start")
		}
	}
	sh(commands[3])
	if out := sh(commands[4]); !strings.Contains(out, "event 1 is good") {
		t.Error(out)
	}
	first := sh(commands[5])
	if !strings.HasPrefix(first, "accepted our-first-event at position ") || !strings.Contains(first, "its signature verified\nkith receipt v1\nagency northshire-police\n") {
		t.Error(first)
	}
	t.Logf("from the build to the first receipt: %.0f s", time.Since(began).Seconds())
	if again := sh(commands[5]); again != first {
		t.Errorf("another receipt: %s", again)
	}
	if out := sh("./kith replay -as police"); !strings.Contains(out, "accepted our-first-event") {
		t.Error("the inbox lacks the receipt")
	}
	sh(`sed -i 's/"circumstances": "/"circumstances": "Again. /' event.json`)
	if out := sh(commands[5] + " || test $? = 1"); !strings.Contains(out, "refused our-first-event\n      /id  names another event") {
		t.Error(out)
	}
}

// TestIntegratorsTools tries every type, and what is called wrongly.
func TestIntegratorsTools(t *testing.T) {
	dir := t.TempDir()
	for _, typ := range factTypes() {
		code, out, errs := runKith(t, "trigger", typ, "-source", "urn:kith:agency:northshire-police")
		file := filepath.Join(dir, typ)
		if err := os.WriteFile(file, []byte(out), 0o600); err != nil || code != 0 {
			t.Fatal(typ, code, errs, err)
		}
		if code, out, _ := runKith(t, "validate", file); code != 0 || !strings.HasSuffix(out, "event 1 is good, "+typ+"\n") {
			t.Errorf("%s: exit %d: %s", typ, code, out)
		}
		if code, out, _ := runKith(t, "validate", file, "-source", "urn:other", "-json"); code != 1 || !strings.Contains(out, `"code":"wrong-source"`) {
			t.Errorf("%s: exit %d: %s", typ, code, out)
		}
	}
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte(`[{"id":1}, 7]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		args string
		says string
	}{
		{0, "validate ../police/testdata/encompass.json -kind police -door /encompass", "event 1 is good, uk.kith.police.domestic-abuse-incident.v1"},
		{0, "validate ../education/testdata/extract-lines.csv -kind education -door /extracts", "event 2 is good"},
		{1, "validate ../police/testdata/encompass.json -kind police -door /missing-episodes", "would be refused"},
		{1, "validate " + bad, "would be refused"},
		{1, "validate no-such-file", "no such file"},
		{2, "validate", "name files"},
		{2, "validate x -door /encompass", "-kind must be"},
		{2, "validate x -kind police -door /x", "-door must be one of /encompass"},
		{2, "trigger", "uk.kith.police.missing-episode.v1"},
		{2, "trigger nothing.of-ours", "is none of the types"},
		{2, "publish x", "there is no demo-data/demo.json"},
		{2, "listen -url nats://127.0.0.1:1", "go together"},
	} {
		code, out, errs := runKith(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: exit %d, want %d: %s%s", c.args, code, c.code, out, errs)
		}
	}
}
