package lock_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"kith/services/internal/lock"
)

// TestMain is also the other process: it takes the lock, says so, and keeps it
// until it is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("KITH_TEST_LOCK"); path != "" {
		if _, err := lock.New(path).Lock(context.Background()); err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString("held\n")
		time.Sleep(time.Minute)
		return
	}
	os.Exit(m.Run())
}

// TestOneAtATime counts in a file, reading and writing it without any care, with
// several handles of the same lock.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	counter := filepath.Join(dir, "counter")
	if err := os.WriteFile(counter, []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
	const handles, callers, times = 3, 2, 40
	var wg sync.WaitGroup
	for range handles {
		f := lock.New(filepath.Join(dir, "sub", "lock"))
		for range callers {
			wg.Go(func() {
				for range times {
					unlock, err := f.Lock(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					b, _ := os.ReadFile(counter)
					n, _ := strconv.Atoi(string(b))
					_ = os.WriteFile(counter, []byte(strconv.Itoa(n+1)), 0o600)
					unlock()
					unlock() // again does nothing
				}
			})
		}
	}
	wg.Wait()
	if b, _ := os.ReadFile(counter); string(b) != strconv.Itoa(handles*callers*times) {
		t.Errorf("counted %s, not %d: two had the lock at once", b, handles*callers*times)
	}
}

func TestTry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	a, b := lock.New(path), lock.New(path)
	unlock, err := a.Try()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*lock.File{a, b} {
		if _, err := f.Try(); !errors.Is(err, lock.ErrHeld) {
			t.Errorf("a second time: %v", err)
		}
	}
	unlock()
	if unlock, err = b.Try(); err != nil {
		t.Fatalf("after it was released: %v", err)
	}
	unlock()
}

// TestWaitingEnds gives up waiting, for the other handle and for one's own; the
// lock is nobody's afterwards.
func TestWaitingEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	a, b := lock.New(path), lock.New(path)
	unlock, err := a.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*lock.File{"own": a, "another's": b, "another's, while that still waits": b} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := f.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	unlock()
	for _, f := range []*lock.File{b, a} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		unlock, err := f.Lock(ctx)
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		cancel()
	}
}

// TestNobodyStarves has one handle take the lock again and again: the other must
// get it too, and often.
func TestNobodyStarves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	greedy, patient := lock.New(path), lock.New(path)
	const turns = 200
	var mine, theirs int
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			unlock, err := greedy.Lock(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			theirs++
			time.Sleep(time.Millisecond)
			unlock()
		}
	})
	for range turns {
		unlock, err := patient.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mine++
		time.Sleep(time.Millisecond)
		unlock()
	}
	close(stop)
	wg.Wait()
	t.Logf("%d turns of one, %d of the other meanwhile", mine, theirs)
	if theirs > 10*turns || theirs < turns/10 {
		t.Errorf("%d turns of one, %d of the other", mine, theirs)
	}
}

// TestADeadProcessHoldsNothing kills the process that has the lock.
func TestADeadProcessHoldsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), "KITH_TEST_LOCK="+path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "held\n" {
		t.Fatalf("%q, %v", said, err)
	}
	f := lock.New(path)
	if _, err := f.Try(); !errors.Is(err, lock.ErrHeld) {
		t.Fatalf("while the other process has it: %v", err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	unlock, err := f.Lock(ctx)
	if err != nil {
		t.Fatalf("after it was killed: %v", err)
	}
	unlock()
}
