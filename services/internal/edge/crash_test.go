package edge

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/events/bus"
)

// The child process of TestKill says on standard output what it was promised:
// "put" when a notice is kept, "answered" when its receipt is here.
const childEnv = "EDGE_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		child(strings.Split(args, "\n"))
	}
	os.Exit(m.Run())
}

func child(args []string) {
	a, err := bus.Connect(context.Background(), bus.Link{URL: args[0], Creds: args[1], Agency: school.ID})
	if err != nil {
		panic(err)
	}
	e, err := New(Config{Agency: school, Path: args[2], Link: a})
	if err != nil {
		panic(err)
	}
	for i := range 8 {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%s-%d-%d", args[3], i, n)
				if err := e.Put(context.Background(), notice(id)); err != nil {
					panic(err)
				}
				fmt.Println("put", id)
				as, err := e.Submit(context.Background(), notice(id))
				if err != nil {
					panic(err)
				}
				fmt.Println("answered", id, as[0].Digest)
			}
		}()
	}
	select {}
}

// Whenever the process is killed, nothing that it was promised is lost.
func TestKill(t *testing.T) {
	h := startHub(t)
	path := box(t)
	promised := map[string]bool{}
	answered := map[string]string{}
	for round := range 4 {
		for _, line := range runAndKill(t, h, path, round) {
			switch f := strings.Fields(line); {
			case len(f) == 2 && f[0] == "put":
				promised[f[1]] = true
			case len(f) == 3 && f[0] == "answered" && len(f[2]) == 64:
				answered[f[1]] = f[2]
			}
		}
	}
	if len(promised) < 40 || len(answered) < 20 {
		t.Fatalf("only %d promises and %d answers: the test shows nothing", len(promised), len(answered))
	}
	e := h.open(t, path)
	held, err := e.box.answers(within(t), slices.Collect(maps.Values(answered)))
	if err != nil || len(held) != len(answered) {
		t.Errorf("%d answers were seen, %d are held right after the crash %v", len(answered), len(held), err)
	}
	eventually(t, "all is answered", func() bool { n, err := e.Depth(t.Context()); return n == 0 && err == nil })
	ids := h.ids()
	for id := range promised {
		if _, ok := slices.BinarySearch(ids, id); !ok {
			t.Errorf("%s was promised and is lost", id)
		}
	}
}

// runAndKill returns the whole lines that the child wrote before kill -9.
func runAndKill(t *testing.T, h *hub, path string, round int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{h.URL(), h.Creds(school.ID), path, fmt.Sprint(round)}, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	after := 20 + rand.IntN(60)
	hang := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer hang.Stop()
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		if lines = append(lines, s.Text()); len(lines) == after {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait() // killed
	return lines
}
