package edge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"kith/events"
)

// aboutOne is a notice about one person of the school's.
func aboutOne(person, n int) events.Notice {
	x := notice(fmt.Sprintf("%d-%d", person, n))
	x.Report.About = []events.Person{{LocalID: fmt.Sprint("pupil-", person), Role: events.RoleChild}}
	return x
}

// TestOrderOfOnePerson: a hub that cannot take every third message just then,
// and takes what it is given side by side, still has what is about one person in
// the order in which the school handed it in.
func TestOrderOfOnePerson(t *testing.T) {
	h := startHub(t)
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(1, 2))
	h.fails = func() bool {
		mu.Lock()
		defer mu.Unlock()
		return chance.IntN(3) == 0
	}
	e := h.open(t, box(t))
	const people, each = 8, 6
	for n := range each {
		for p := range people {
			if err := e.Put(within(t), aboutOne(p, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "all is answered", func() bool { n, err := e.Depth(t.Context()); return n == 0 && err == nil })
	h.mu.Lock()
	defer h.mu.Unlock()
	last := map[string]int{}
	for _, id := range h.seen {
		p, rest, _ := strings.Cut(id, "-")
		var n int
		if _, err := fmt.Sscan(rest, &n); err != nil {
			t.Fatal(err)
		}
		if n < last[p] {
			t.Errorf("the hub had %s after %s-%d", id, p, last[p])
		}
		last[p] = max(last[p], n)
	}
	t.Logf("%d messages about %d people, %d attempts refused for the moment: each person's in order", people*each, people, h.failed)
	if h.failed == 0 {
		t.Error("the hub took all at once: the test shows nothing")
	}
}

var errNotNow = errors.New("not now")

// TestCorrection: what the hub refused is kept; the record handed in again, put
// right, says in whose place it comes, and settles it.
func TestCorrection(t *testing.T) {
	h := startHub(t)
	path := box(t)
	e := h.open(t, path)
	bad := notice("refuse-1")
	as, err := e.Submit(within(t), bad)
	if err != nil || as[0].Refusal == nil {
		t.Fatalf("%+v %v", as, err)
	}
	b, err := OpenBox(within(t), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	left, err := b.Refused(within(t))
	if err != nil || len(left) != 1 || left[0].ID != "refuse-1" || len(left[0].Problems) != 1 || !strings.Contains(string(left[0].Body), `"refuse-1"`) {
		t.Fatalf("%+v %v", left, err)
	}
	h.lenient = true
	good := bad
	good.Report.Fact = events.OffRoll{On: "2026-11-21", Reason: "moved"}
	for range 2 { // and again, by mistake
		as, err = e.Submit(within(t), good)
		if err != nil || as[0].Receipt == nil {
			t.Fatalf("%+v %v", as, err)
		}
	}
	if len(h.bodies) != 1 || !strings.Contains(h.bodies[0], `"supersedes":"refuse-1"`) {
		t.Errorf("the hub was given %q", h.bodies)
	}
	if left, err := b.Refused(within(t)); err != nil || len(left) != 0 {
		t.Errorf("%+v %v", left, err)
	}
}

// TestCorrectByHand puts a refused event right in a file.
func TestCorrectByHand(t *testing.T) {
	h := startHub(t)
	path := box(t)
	e := h.open(t, path)
	if _, err := e.Submit(within(t), notice("refuse-2"), notice("refuse-3")); err != nil {
		t.Fatal(err)
	}
	b, err := OpenBox(within(t), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	left, err := b.Refused(within(t))
	if err != nil || len(left) != 2 {
		t.Fatalf("%+v %v", left, err)
	}
	if err := b.Correct(within(t), left[0].Number, []byte("{")); err == nil {
		t.Error("took what is no event")
	}
	mended := strings.Replace(string(left[0].Body), "refuse-2", "mended-2", 1)
	if err := b.Correct(within(t), left[0].Number, []byte(mended)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is accepted", func() bool { return len(h.ids()) == 1 })
	if got := h.bodies[0]; !strings.Contains(got, `"supersedes":"refuse-2"`) || !strings.Contains(got, `"id":"mended-2"`) {
		t.Error(got)
	}
	if err := b.Drop(within(t), left[1].Number); err != nil {
		t.Fatal(err)
	}
	eventually(t, "none is left", func() bool { left, err := b.Refused(context.Background()); return len(left) == 0 && err == nil })
	if err := b.Drop(within(t), left[1].Number); err == nil {
		t.Error("dropped what is not there")
	}
}
