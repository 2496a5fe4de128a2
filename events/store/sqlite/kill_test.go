package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"kith/events/store"
	"kith/events/store/sqlite"
)

// victim, when set, makes the test binary the process that is killed.
const victim = "KITH_TEST_KILLED_LOG"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		appendForEver(path)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendForEver prints each place that was acknowledged.
func appendForEver(path string) {
	l, err := sqlite.Open(context.Background(), path)
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := make(chan string)
	for i := range 8 {
		go func() {
			s := store.Stream(fmt.Sprint("x-", i))
			for {
				w := write(s, store.Any, make([]byte, 2000))
				at, err := l.Append(context.Background(), w)
				if err != nil {
					return
				}
				lines <- fmt.Sprintf("%d %s %s", at[0].Position, s, w.Entries[0].ID)
			}
		}()
	}
	for s := range lines {
		_, _ = os.Stdout.WriteString(s + "\n")
	}
}

// TestKilled kills a process that appends, again and again, and looks whether
// everything it was told is durable is there.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	acknowledged := map[string]bool{}
	for round := range 4 {
		for _, line := range killed(t, path, 200+150*round) {
			acknowledged[line] = true
		}
	}
	l := open(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	last, err := l.Last(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var before store.Position
	for r, err := range l.Follow(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Position != before+1 {
			t.Errorf("%d follows %d", r.Position, before)
		}
		before = r.Position
		delete(acknowledged, fmt.Sprintf("%d %s %s", r.Position, r.Stream, r.ID))
		if r.Position == last {
			break
		}
	}
	for line := range acknowledged {
		t.Errorf("lost: %s", line)
	}
	t.Logf("%d events survived", last)
}

// killed runs the victim until it has printed n lines and returns these and
// what it managed to print before it died.
func killed(t *testing.T, path string, n int) []string {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), victim+"="+path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		if lines = append(lines, s.Text()); len(lines) == n {
			_ = c.Process.Kill()
		}
	}
	if err := c.Wait(); err == nil || len(lines) < n {
		t.Fatalf("ended by itself (%v) after %d lines: %q", err, len(lines), lines)
	}
	return lines
}
