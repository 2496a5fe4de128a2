package edge

import (
	"context"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
)

// An event that was accepted is corrected and withdrawn by its id, though its text
// is not kept.
func TestMendWhatWasAccepted(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	submit(t, e, of("r", 1, "r", "one"), of("", 0, "s", "other"))
	b := openBox(t, e)
	if all, err := b.Accepted(within(t), 9); err != nil || len(all) != 2 || all[0].Digest == "" || all[0].Position != 7 {
		t.Fatalf("%+v %v", all, err)
	}
	better := h.bodies[0]
	named := strings.Replace(better, `"id":"r"`, `"id":"r-better"`, 1)
	for want, err := range map[error]error{
		errNewID:       b.Replace(within(t), "r", []byte(better)),
		errOthers:      b.Replace(within(t), "r", []byte(strings.Replace(named, "P-2", "P-3", 1))),
		errNotStanding: b.Replace(within(t), "never", []byte(named)),
	} {
		if err != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if err := b.Replace(within(t), "r", []byte("{")); err == nil {
		t.Error("took what is no event")
	}
	if err := b.Replace(within(t), "r", []byte(named)); err != nil {
		t.Fatal(err)
	}
	if err := b.Withdraw(within(t), "r", events.Withdrawn{Reason: events.NotTrue}, time.Now()); err != errNotStanding {
		t.Errorf("withdrawn although superseded: %v", err)
	}
	if err := b.Withdraw(within(t), "s", events.Withdrawn{Reason: events.NotTrue, Note: "Another child."}, time.Now()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is answered", func() bool { n, err := e.Depth(context.Background()); return n == 0 && err == nil })
	if got := h.took(); got != "r< s< r-better<r withdrawal:s<s" {
		t.Errorf("the hub was given %s", got)
	}
	if got := submit(t, e, of("r", 2, "r:2", "two")); got != "r:2" || !strings.HasSuffix(h.took(), " r:2<r-better") {
		t.Errorf("a newer revision supersedes what was corrected by hand: %s, %s", got, h.took())
	}
	withdrawn(t, h.bodies[3])
	if all, err := b.Accepted(within(t), 9); err != nil || len(all) != 1 || all[0].ID != "r:2" {
		t.Errorf("what stands: %+v %v", all, err)
	}
}

// withdrawn is about the same people and holds no more of them than it must.
func withdrawn(t *testing.T, body string) {
	t.Helper()
	e, err := bus.Decode(bus.Message{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := events.DecodeReport(events.Type(e.Type()), e.Data())
	if err != nil {
		t.Fatal(err)
	}
	w, ok := r.Fact.(events.EducationWithdrawal)
	if !ok || w.Reason != events.NotTrue || w.Note != "Another child." || r.Contact.Team != "Attendance office" {
		t.Errorf("%s: a withdrawal that says something else", e.Type())
	}
	if len(r.About) != 2 || r.About[0].LocalID != "P-1" || r.About[0].Identifiers.UPN == "" || r.About[1].LocalID != "P-2" || r.About[1].Role != events.RoleParent {
		t.Error("it is about other people")
	}
	if strings.Contains(body, "Testerly") {
		t.Error("it names somebody whom a number tells")
	}
}

// Whom an event was about is known as long as it stands, and no longer; that it was
// withdrawn stays known.
func TestSlipIsKeptWhileItStands(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	submit(t, e, of("r", 1, "r", "one"), of("r", 2, "r:2", "two"), of("s", 1, "s", "one"), of("v", 1, "v", "one"))
	submit(t, e, events.Notice{ID: "void", Void: []string{"v"}, Version: events.Version{At: "/status"}})
	if err := e.box.forget(within(t), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var kept, slips string
	err := e.box.Read.QueryRow(`SELECT group_concat(event, ' '), (SELECT group_concat(event, ' ') FROM outbox WHERE slip IS NOT NULL) FROM outbox`).Scan(&kept, &slips)
	if err != nil || kept != "r:2 s withdrawal:v" || slips != "r:2 s" {
		t.Errorf("kept %q, with slips %q, %v", kept, slips, err)
	}
}
