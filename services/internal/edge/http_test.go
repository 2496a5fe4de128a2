package edge

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kith/events"
	"kith/services/fault"
)

func TestHandler(t *testing.T) {
	h := startHub(t)
	door := h.open(t, box(t)).Handler(map[string]func([]byte) ([]events.Notice, error){
		"/records": func(raw []byte) ([]events.Notice, error) {
			switch text := string(raw); text {
			case "bad":
				return nil, &fault.Error{Kind: fault.Invalid, Text: "The date is wrong.", At: []fault.Place{{Pointer: "/date", Detail: "must be YYYY-MM-DD"}}, Err: errors.New("SECRET")}
			case "panic":
				return nil, errors.New("SECRET")
			default:
				var ns []events.Notice
				for _, id := range strings.Fields(text) {
					ns = append(ns, notice(id))
				}
				return ns, nil
			}
		},
	})
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		holds                    []string
	}{
		{"receipts", "POST", "/records", "1 2", 202, []string{`{"receipts":[{"agency":"oakfield-school"`, `"id":"1"`, `"id":"2"`, `"note":"kith receipt v1\n`}},
		{"nothing to report", "POST", "/records", "", 202, []string{`{"receipts":[]}`}},
		{"refused in part", "POST", "/records", "3 refuse", 422, []string{`"status":422`, `"type":"https://kith.uk/problems/event-refused"`, `"errors":[{"pointer":"/data/about","detail":"must not be empty","code":"schema"}]`, `"receipts":[{`}},
		{"not translated", "POST", "/records", "bad", 400, []string{`"type":"https://kith.uk/problems/invalid"`, `"detail":"The date is wrong."`, `{"pointer":"/date","detail":"must be YYYY-MM-DD"}`}},
		{"our fault", "POST", "/records", "panic", 500, []string{`"type":"about:blank","title":"Something went wrong here"`}},
		{"too large", "POST", "/records", strings.Repeat("x", maxRecord+1), 413, []string{`"status":413`, `"type":"https://kith.uk/problems/too-large"`}},
		{"elsewhere", "POST", "/other", "1", 404, []string{`"detail":"Send records by POST to one of /records."`}},
		{"nowhere", "GET", "/", "", 404, []string{"/records"}},
		{"not by GET", "GET", "/records", "", 405, []string{`"detail":"Send records by POST to one of /records."`}},
		{"livez", "GET", "/livez", "", 200, []string{"ok"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			door.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
			got := w.Body.String()
			if w.Code != c.status || strings.Contains(got, "SECRET") {
				t.Fatalf("%d %s", w.Code, got)
			}
			for _, want := range c.holds {
				if !strings.Contains(got, want) {
					t.Errorf("%s is not in %s", want, got)
				}
			}
			if len(c.holds) > 0 && c.status >= 400 {
				isProblem(t, w)
			}
		})
	}
}

func isProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("not a whole problem: %s %v", w.Body, err)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" {
		t.Error(w.Header())
	}
}

func TestHandlerWhileTheHubIsAway(t *testing.T) {
	h := startHub(t)
	h.set(true)
	e := h.open(t, box(t))
	e.patience = 200 * time.Millisecond
	door := e.Handler(map[string]func([]byte) ([]events.Notice, error){"x": func(b []byte) ([]events.Notice, error) { return []events.Notice{notice("1")}, nil }})
	w := httptest.NewRecorder()
	door.ServeHTTP(w, httptest.NewRequest("POST", "/x", nil))
	if w.Code != 202 || strings.TrimSpace(w.Body.String()) != `{"receipts":[],"waiting":1}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	door.ServeHTTP(w, httptest.NewRequest("POST", "/x", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	isProblem(t, w)
}

func TestStatus(t *testing.T) {
	seen := map[int]fault.Kind{}
	for _, k := range []fault.Kind{fault.Invalid, fault.Hidden, fault.Refused, fault.Conflict, fault.Unsigned, fault.Unavailable, fault.Internal} {
		n, title := status(k)
		if title == "" || seen[n] != "" {
			t.Errorf("%s: %d as for %s", k, n, seen[n])
		}
		seen[n] = k
	}
}
