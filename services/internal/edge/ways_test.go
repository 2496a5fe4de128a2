package edge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

// lines is a door of which each line of a record is the id of a notice.
var lines = Door{Path: "/lines", Translate: func(raw []byte) (ns []events.Notice, err error) {
	for id := range strings.FieldsSeq(string(raw)) {
		if id == "bad" {
			return nil, &fault.Error{Kind: fault.Invalid, Text: "no", At: []fault.Place{{Pointer: "/0", Detail: "Give a date."}}}
		}
		ns = append(ns, notice(id))
	}
	return ns, nil
}}

func leave(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// found reads the result beside a file that was dealt with.
func found(dir, name string) (r result, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, name+resultEnd))
	_, there := os.Stat(filepath.Join(dir, name))
	return r, err == nil && there == nil && json.Unmarshal(text, &r) == nil
}

func TestWatch(t *testing.T) {
	h := startHub(t)
	e, dir := h.open(t, box(t)), t.TempDir()
	leave(t, dir, "a.csv", "1 2")
	leave(t, dir, "b.csv", "3 bad")
	leave(t, dir, "c.csv", "4 refuse-5")
	leave(t, dir, "d.csv.part", "6")
	leave(t, dir, "e.csv", strings.Repeat("7 ", maxRecord))
	if err := e.Watch(t.Context(), dir, lines); err != nil {
		t.Fatal(err)
	}
	done, refused := filepath.Join(dir, "done"), filepath.Join(dir, "refused")
	for _, c := range []struct {
		in, name           string
		receipts, problems int
	}{{done, "a.csv", 2, 0}, {refused, "b.csv", 0, 1}, {refused, "c.csv", 1, 1}, {refused, "e.csv", 0, 1}} {
		eventually(t, c.name, func() bool {
			r, ok := found(c.in, c.name)
			return ok && len(r.Receipts) == c.receipts && len(r.Problems) == c.problems
		})
		if _, err := os.Stat(filepath.Join(dir, c.name)); err == nil {
			t.Errorf("%s is still there", c.name)
		}
	}
	leave(t, dir, "a.csv", "8") // the name of one before
	eventually(t, "the second of a name", func() bool { _, ok := found(done, "a-2.csv"); return ok })
	if _, err := os.Stat(filepath.Join(dir, "d.csv.part")); err != nil {
		t.Error("took what was not whole")
	}
}

// TestWatchWhileTheHubIsAway: the file stays, also over a restart, and is taken once.
func TestWatchWhileTheHubIsAway(t *testing.T) {
	h := startHub(t)
	h.set(true)
	path, dir := box(t), t.TempDir()
	e := h.open(t, path)
	e.patience = 100 * time.Millisecond
	leave(t, dir, "a.csv", "1 2")
	if err := e.Watch(t.Context(), dir, lines); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is kept", func() bool { n, _ := e.Depth(t.Context()); return n == 2 })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.csv")); err != nil {
		t.Fatal("the file went before it was answered")
	}
	h.set(false)
	if err := h.open(t, path).Watch(t.Context(), dir, lines); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is done", func() bool { r, ok := found(filepath.Join(dir, "done"), "a.csv"); return ok && len(r.Receipts) == 2 })
	if got := slices.Compact(h.ids()); fmt.Sprint(got) != "[1 2]" { // it may be sent twice
		t.Errorf("the hub was given %v", got)
	}
}

func TestPoll(t *testing.T) {
	h := startHub(t)
	path := box(t)
	e := h.open(t, path)
	var asked, whole atomic.Int32
	var body atomic.Value
	body.Store("1 2")
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		tag := fmt.Sprintf("%q", body.Load())
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		whole.Add(1)
		w.Header().Set("ETag", tag)
		fmt.Fprint(w, body.Load())
	}))
	t.Cleanup(source.Close)
	token := filepath.Join(t.TempDir(), "token")
	leave(t, filepath.Dir(token), "token", "secret\n")
	e.Poll(t.Context(), Source{URL: source.URL, Every: 10 * time.Millisecond, TokenFile: token}, lines)
	eventually(t, "both are there, and it is asked again", func() bool { return len(h.ids()) == 2 && asked.Load() > 5 })
	if whole.Load() != 1 {
		t.Errorf("read %d times what did not change", whole.Load())
	}
	body.Store("2 bad")
	eventually(t, "what cannot be translated is kept", func() bool { return len(unread(t, path)) == 1 })
	body.Store("2 3")
	eventually(t, "and what comes after it is taken", func() bool { return len(h.ids()) == 3 })
	if u := unread(t, path); len(u) != 1 || string(u[0].Body) != "2 bad" || u[0].Door != "/lines" || u[0].Places[0].Pointer != "/0" {
		t.Errorf("%+v", u)
	}
	body.Store("[]")
	before := asked.Load()
	eventually(t, "nothing is nothing", func() bool { return asked.Load() > before+3 })
	if n := len(unread(t, path)); n != 1 {
		t.Errorf("%d records are kept", n)
	}
}

// TestPollBacksOff: a source that fails is not pestered, and learns no more of the
// token than is meant for it.
func TestPollBacksOff(t *testing.T) {
	h := startHub(t)
	e := h.open(t, box(t))
	var asked, astray atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { astray.Add(1) }))
	t.Cleanup(elsewhere.Close)
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	}))
	t.Cleanup(source.Close)
	e.Poll(t.Context(), Source{URL: source.URL, Every: time.Second}, lines)
	eventually(t, "it is asked", func() bool { return asked.Load() == 1 })
	time.Sleep(1500 * time.Millisecond)
	if asked.Load() > 1 || astray.Load() > 0 {
		t.Errorf("asked %d times, and %d times elsewhere", asked.Load(), astray.Load())
	}
}

func unread(t *testing.T, path string) []Unread {
	t.Helper()
	b, err := OpenBox(within(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	all, err := b.Unread(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestUnreadIsKeptOnce however often it is posted, before the sender is answered.
func TestUnreadIsKeptOnce(t *testing.T) {
	h := startHub(t)
	path := box(t)
	door := h.open(t, path).Handler(map[string]func([]byte) ([]events.Notice, error){lines.Path: lines.Translate})
	for range 2 {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest("POST", "/lines", strings.NewReader("bad")))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"pointer":"/0"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	u := unread(t, path)
	if len(u) != 1 {
		t.Fatalf("%+v", u)
	}
	b, err := OpenBox(within(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	if err := b.DropUnread(within(t), u[0].Number); err != nil || len(unread(t, path)) != 0 {
		t.Errorf("not dropped: %v", err)
	}
}
