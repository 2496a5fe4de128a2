package edge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
)

// of is a notice of a record in one of its versions, about a child.
func of(record string, number int64, id, says string) events.Notice {
	return events.Notice{ID: id, Version: events.Version{Record: record, Number: number, At: "/revision"}, Report: events.Report{
		Shared: events.Shared{Label: events.Core, Contact: events.Contact{Team: "Attendance office"}},
		About: []events.Person{
			{LocalID: "P-1", Role: events.RoleChild, Name: events.Name{Given: "Wren", Family: "Testerly"}, Identifiers: events.Identifiers{UPN: "B801200005001"}},
			{LocalID: "P-2", Role: events.RoleParent, Name: events.Name{Given: "Ash", Family: "Testerly"}},
		},
		Fact: events.OffRoll{On: "2026-11-20", Reason: says},
	}}
}

// took is what the hub was given: each event and what it supersedes.
func (h *hub) took() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, b := range h.bodies {
		e, err := bus.Decode(bus.Message{Body: []byte(b)})
		if err != nil {
			all = append(all, err.Error())
			continue
		}
		all = append(all, e.ID()+"<"+old(e))
	}
	return strings.Join(all, " ")
}

func old(e event.Event) string { s, _ := e.Extensions()[supersedes].(string); return s }

// submit hands in notices and tells for each event whether it was accepted.
func submit(t *testing.T, e *Edge, ns ...events.Notice) string {
	t.Helper()
	as, err := e.Submit(within(t), ns...)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Invalid {
		return f.At[0].Pointer
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, a := range as {
		if a.Receipt != nil {
			all = append(all, a.Receipt.ID)
		} else {
			all = append(all, "no")
		}
	}
	return strings.Join(all, " ")
}

// A record that is sent again under a newer revision supersedes what it said
// before, and however often any of them is handed in again, it is what it was.
func TestNumberedVersions(t *testing.T) {
	h := startHub(t)
	path := box(t)
	e := h.open(t, path)
	one, two, three := of("a", 1, "a", "one"), of("a", 2, "a:2", "two"), of("a", 3, "a:3", "three")
	for range 2 {
		for i, n := range []events.Notice{one, three, one, three} {
			if got, want := submit(t, e, n), []string{"a", "a:3"}[i%2]; got != want {
				t.Errorf("%s: %s", want, got)
			}
		}
		if got := submit(t, e, two); got != "/revision" {
			t.Errorf("an older one after a newer one: %s", got)
		}
		if err := e.Close(); err != nil { // it is known after a start, too
			t.Fatal(err)
		}
		e = h.open(t, path)
	}
	if got := submit(t, e, of("b", 1, "b", "one"), of("b", 2, "b:2", "two"), of("c", 2, "c:2", "first that is known")); got != "b b:2 c:2" {
		t.Errorf("in one file: %s", got)
	}
	if got := h.took(); got != "a< a:3<a b< b:2<b c:2<" && got != "a< a:3<a b< c:2< b:2<b" {
		t.Errorf("the hub was given %s", got)
	}
}

// Of a record without revisions the one handed in last stands, also if it says
// again what an earlier one said.
func TestUnnumberedVersions(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	for _, c := range []struct{ says, want string }{
		{"one", "r"}, {"one", "r"}, {"two", "r:2"}, {"two", "r:2"}, {"one", "r:3"}, {"one", "r:3"},
	} {
		if got := submit(t, e, of("r", 0, "r", c.says)); got != c.want {
			t.Errorf("%s: %s, want %s", c.says, got, c.want)
		}
	}
	if got := h.took(); got != "r< r:2<r r:3<r:2" {
		t.Errorf("the hub was given %s", got)
	}
}

// Callers who hand in versions of a record at the same time make one chain.
func TestVersionsAtOnce(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := e.Submit(within(t), of("r", 0, "r", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	before := map[string]bool{}
	for s := range strings.FieldsSeq(h.took()) {
		_, old, _ := strings.Cut(s, "<")
		if before[old] {
			t.Errorf("two supersede %q", old)
		}
		before[old] = true
	}
	if len(before) != 20 {
		t.Errorf("%d of 20 were taken", len(before))
	}
}

// If the one between is refused, the next supersedes what that would have, also if
// it is about somebody else.
func TestVersionAfterOneThatWasRefused(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	submit(t, e, of("r", 1, "r", "one"))
	h.set(true)
	three := of("r", 3, "r:3", "three")
	three.Report.About = []events.Person{{LocalID: "P-9", Role: events.RoleChild}}
	if err := e.Put(within(t), of("r", 2, "refuse-r:2", "two"), three); err != nil {
		t.Fatal(err)
	}
	h.set(false)
	eventually(t, "all is answered", func() bool { n, err := e.Depth(context.Background()); return n == 0 && err == nil })
	if got := h.took(); got != "r< r:3<r" {
		t.Errorf("the hub was given %s", got)
	}
	if got := submit(t, e, three); got != "r:3" {
		t.Errorf("handed in again: %s", got)
	}
	if got := h.took(); got != "r< r:3<r" {
		t.Errorf("handed in again, the hub was given %s", got)
	}
	b := openBox(t, e)
	if left, err := b.Refused(within(t)); err != nil || len(left) != 0 {
		t.Errorf("still to put right: %+v %v", left, err)
	}
}

// A record that was entered in error withdraws what it said, of each of the names
// under which it said something, once; what never was said cannot be withdrawn.
func TestEnteredInError(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	void := func(records ...string) events.Notice {
		return events.Notice{ID: "void", Void: records, Version: events.Version{At: "/status"}}
	}
	if got := submit(t, e, void("f#on", "f#off")); got != "/status" {
		t.Errorf("never said: %s", got)
	}
	submit(t, e, of("f#on", 1, "one", "one"))
	submit(t, e, of("f#on", 2, "two", "two"))
	submit(t, e, of("f#off", 3, "off", "off"))
	for range 2 {
		if got := submit(t, e, void("f#on", "f#off")); got != "withdrawal:two withdrawal:off" {
			t.Errorf("withdrawn: %s", got)
		}
	}
	if got := h.took(); got != "one< two<one off< withdrawal:two<two withdrawal:off<off" {
		t.Errorf("the hub was given %s", got)
	}
	if got := submit(t, e, of("f#on", 4, "three", "three")); got != "three" {
		t.Errorf("true after all: %s", got)
	}
	if got := h.took(); !strings.HasSuffix(got, " three<") {
		t.Errorf("the hub was given %s", got)
	}
}

// What waits can be withdrawn too; it reaches the hub first.
func TestEnteredInErrorBeforeItWasSent(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	h.set(true)
	if err := e.Put(within(t), of("f", 1, "one", "one"), events.Notice{ID: "void", Void: []string{"f"}}); err != nil {
		t.Fatal(err)
	}
	h.set(false)
	eventually(t, "all is answered", func() bool { n, err := e.Depth(context.Background()); return n == 0 && err == nil })
	if got := h.took(); got != "one< withdrawal:one<one" {
		t.Errorf("the hub was given %s", got)
	}
}

func openBox(t *testing.T, e *Edge) *Box {
	t.Helper()
	var at string
	if err := e.box.Read.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&at); err != nil {
		t.Fatal(err)
	}
	b, err := OpenBox(within(t), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}
