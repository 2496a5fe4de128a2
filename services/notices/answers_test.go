package notices

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	"kith/services/internal/sqlite"
)

func (w *world) accept(a events.AgencyID, digest string) {
	w.append(store.Stream("intake-"+string(a)+".m"+strconv.Itoa(w.n)), events.EventAccepted{Agency: a, Digest: digest})
}

// refuse keeps a message, and notes its id, as intake does.
func (w *world) refuse(a events.AgencyID, digest string) {
	w.append(store.Stream("intake-"+string(a)+".m"+strconv.Itoa(w.n)), events.EventRefused{Agency: a})
	w.append(store.Stream("intake-"+string(a)+".refused"), events.EventRefused{Agency: a, Digest: digest, Problems: []events.Complaint{{Code: "schema"}}})
}

// idsOf are the ids under which messages go out, and who reads every page the ids of
// all of them.
func idsOf(a events.AgencyID, ms []events.Told) (ids []string) {
	for _, m := range ms {
		ids = append(ids, bus.TellEvent(a, m).ID())
	}
	return ids
}

func (w *world) readsAll(in *Inbox, a events.AgencyID, mark events.InboxMark) (all []events.Told) {
	w.t.Helper()
	last, err := w.store.Last(w.t.Context())
	if err == nil {
		err = in.Wait(w.t.Context(), last)
	}
	for err == nil {
		ctx, stop := context.WithTimeout(w.t.Context(), time.Millisecond)
		var ms []events.Told
		ms, err = in.All(ctx, a, mark)
		stop()
		if len(ms) == 0 {
			break
		}
		for _, m := range ms {
			all, mark = append(all, m), mark.Past(m)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// Whoever asks for the answers gets each once, among the messages, in the order of
// the log, page after page; whoever does not gets none. Built anew they are the
// same, and so is each mark.
func TestAnswersAmongMessages(t *testing.T) {
	w := newWorld(t)
	in, end := w.open(filepath.Join(t.TempDir(), "inbox.db"))
	defer end()
	var want []string
	for i := range 250 {
		switch n := strconv.Itoa(i); {
		case i%50 == 7:
			w.convene("d" + n)
			want = append(want, fmt.Sprintf("told-school-%d", i/50+1))
		case i%3 == 0:
			w.refuse("school", "r"+n)
			want = append(want, "r"+n+"-refused")
		default:
			w.accept("school", "a"+n)
			want = append(want, "a"+n)
		}
		w.accept("police", "p"+strconv.Itoa(i))
	}
	all := w.readsAll(in, "school", events.InboxMark{})
	if got := idsOf("school", all); !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
	ms, err := in.After(t.Context(), "school", 0)
	if err != nil || len(ms) != 5 || slices.ContainsFunc(ms, events.Told.Answer) {
		t.Errorf("without the answers: %+v, %v", ms, err)
	}
	for i := range 120 { // more than a page, and an answer after them
		w.convene("e" + strconv.Itoa(i))
		want = append(want, fmt.Sprintf("told-school-%d", i+6))
	}
	w.accept("school", "last")
	want = append(want, "last")
	if all = w.readsAll(in, "school", events.InboxMark{}); !slices.Equal(idsOf("school", all), want) {
		t.Fatalf("got  %v\nwant %v", idsOf("school", all), want)
	}
	anew, stop := w.open(filepath.Join(t.TempDir(), "inbox.db"))
	defer stop()
	for _, read := range []int{0, 1, 99, 100, 101, 240, 250} {
		var mark events.InboxMark
		for _, m := range all[:read] {
			mark = mark.Past(m)
		}
		again, err := events.ParseInboxMark(mark.String())
		if got := idsOf("school", w.readsAll(anew, "school", again)); err != nil || !slices.Equal(got, want[read:]) {
			t.Errorf("after %s: %v, %v", mark, got, err)
		}
	}
}

// Who waits for an answer is woken by one of its own; the answers of others, of
// which there are hundreds a second, wake nobody who does not ask for them.
func TestWaitsForAnAnswer(t *testing.T) {
	w := newWorld(t)
	in, end := w.open(filepath.Join(t.TempDir(), "inbox.db"))
	defer end()
	moved, hospital := in.next(), in.nextAnswer("hospital")
	got := make(chan []events.Told, 1)
	go func() {
		ms, _ := in.All(t.Context(), "school", events.InboxMark{})
		got <- ms
	}()
	time.Sleep(20 * time.Millisecond)
	w.accept("school", "a")
	select {
	case ms := <-got:
		if len(ms) != 1 || ms[0].Digest != "a" {
			t.Errorf("%+v", ms)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nobody woke it")
	}
	select {
	case <-moved:
		t.Error("an answer wakes those who wait for messages")
	case <-hospital:
		t.Error("an answer wakes another agency")
	default:
	}
}

// A file of an earlier build is built anew: the answers of before are in it, and
// the messages have the numbers that they had.
func TestAnEarlierFile(t *testing.T) {
	w := newWorld(t)
	w.accept("school", "a")
	w.convene("d")
	path := filepath.Join(t.TempDir(), "inbox.db")
	db, err := sqlite.Open(t.Context(), path, sqlite.Rebuildable)
	if err == nil {
		err = db.Migrate(t.Context(), schema, recallSchema)
	}
	if err == nil {
		_, err = db.Write.Exec(`CREATE TABLE position (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT; INSERT INTO position VALUES ('inbox', 2);
			INSERT INTO told VALUES ('school', 1, 'd', 'uk.kith.hub.discussion-invitation.v1', 0, 'c1', '', '{}')`)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	in, end := w.open(path)
	defer end()
	if got := idsOf("school", w.readsAll(in, "school", events.InboxMark{})); !slices.Equal(got, []string{"a", "told-school-1"}) {
		t.Error(got)
	}
}

// A webhook that is to have the answers brings each once, in order; it begins 90
// days ago, goes on where it was, and brings none where it was not asked to.
func TestHookWithAnswers(t *testing.T) {
	b, school, police := newBench(t), newReceiver(t), newReceiver(t)
	with, without := school.hook(t, "school"), police.hook(t, "police")
	with.Answers = true
	b.accept("school", "a1")
	b.refuse("school", "b")
	b.accept("police", "p")
	b.convene("d")
	x, end := b.hooks(with, without)
	school.until(t, 3)
	school.rejects.Store("b")
	b.accept("school", "b") // the very bytes that were refused
	b.accept("school", "c")
	b.until("a failure", func() bool { return b.status(x, "school").Failures > 1 })
	if s := b.status(x, "school"); s.Waiting != 2 || s.Oldest == nil || s.Answered == 0 || s.Delivered != 1 {
		t.Errorf("%+v", s)
	}
	end()
	school.rejects.Store("")
	x, end = b.hooks(with, without)
	defer end()
	school.until(t, 5)
	b.until("nothing waits", func() bool { return b.status(x, "school").Waiting+b.status(x, "police").Waiting == 0 })
	if got := school.took(); !slices.Equal(slices.Compact(got), []string{"a1", "b-refused", "told-school-1", "b", "c"}) {
		t.Errorf("the school got %v", got)
	}
	if got := police.took(); !slices.Equal(got, []string{"told-police-1"}) {
		t.Errorf("the police got %v", got)
	}
	b.written.Range(func(k, _ any) bool {
		if !strings.HasSuffix(k.(string), "1") {
			t.Errorf("an answer is in the ledger: %v", k)
		}
		return true
	})
}

// What is older than 90 days is not sent when a webhook begins.
func TestOldAnswersAreNotSent(t *testing.T) {
	b, school := newBench(t), newReceiver(t)
	for i := range 300 {
		b.accept("school", "a"+strconv.Itoa(i))
	}
	b.readsAll(b.in, "school", events.InboxMark{})
	b.ahead.Store(int64(kept + time.Hour))
	h := school.hook(t, "school")
	h.Answers = true
	x, end := b.hooks(h)
	defer end()
	b.until("it began", func() bool { return b.status(x, "school").Answered > 0 })
	time.Sleep(50 * time.Millisecond)
	if got := school.took(); len(got) != 0 {
		t.Errorf("sent %v", got)
	}
}
