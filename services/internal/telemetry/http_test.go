package telemetry

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, method, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestHTTP(t *testing.T) {
	var log bytes.Buffer
	tel, spans := StartForTest("kith-test", &log)
	var inside trace.SpanContext
	mux := http.NewServeMux()
	mux.HandleFunc("GET /children/{child}", func(w http.ResponseWriter, r *http.Request) {
		inside = trace.SpanContextFromContext(r.Context())
		io.WriteString(w, "seen")
	})
	mux.HandleFunc("GET /panic/{child}", func(_ http.ResponseWriter, r *http.Request) {
		panic(errors.New(r.PathValue("child")))
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("flush: %v", err)
		}
	})
	web, admin := serve(t, tel.HTTP(mux)), serve(t, tel.Admin())

	const traceID = "0af7651916cd43dd8448eb211c80319c"
	if code, body := ask(t, "GET", web.URL+"/children/"+canary, "traceparent", "00-"+traceID+"-b7ad6b7169203331-01"); code != 200 || body != "seen" {
		t.Errorf("%d %q", code, body)
	}
	if inside.TraceID().String() != traceID {
		t.Errorf("the handler runs in trace %s, want the caller's", inside.TraceID())
	}
	if code, body := ask(t, "GET", web.URL+"/panic/"+canary); code != 500 || strings.Contains(body, canary) {
		t.Errorf("%d %q", code, body)
	}
	ask(t, "GET", web.URL+"/stream")
	if code, _ := ask(t, "BREW", web.URL+"/"+canary); code != 404 {
		t.Errorf("no such page: %d", code)
	}
	_, metrics := ask(t, "GET", admin.URL+"/metrics")
	for _, want := range []string{
		`kith_http_requests_total{route="GET /children/{child}",status="200"} 1`,
		`kith_http_requests_total{route="GET /panic/{child}",status="500"} 1`,
		`kith_http_requests_total{route="other",status="404"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if code, _ := ask(t, "GET", admin.URL+"/livez"); code != 200 {
		t.Errorf("livez: %d", code)
	}
	for i, want := range []struct {
		name   string
		status codes.Code
	}{{"GET /children/{child}", codes.Unset}, {"GET /panic/{child}", codes.Error}, {"GET /stream", codes.Unset}, {"other", codes.Unset}} {
		if s := spans.All()[i]; s.Name() != want.name || s.Status().Code != want.status {
			t.Errorf("span %d: %s %v", i, s.Name(), s.Status())
		}
	}
	if s := log.String(); !strings.Contains(s, "*errors.errorString") || !strings.Contains(s, "TestHTTP") {
		t.Errorf("the log does not say what panicked and where: %s", s)
	}
	if strings.Contains(metrics+log.String(), canary) {
		t.Error("personal data left in metrics or log")
	}
}

// The seconds are the age of the oldest event that was not seen, also if nobody
// scraped while the projection fell behind.
func TestLag(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		at, last        uint64
		waits           time.Duration
		err             error
		events, seconds float64
	}{
		{5, 5, 0, nil, 0, 0},
		{5, 8, 10 * time.Second, nil, 3, 10},
		{9, 10, time.Hour, nil, 1, 3600},
		{9, 10, -time.Second, nil, 1, 0}, // a clock that was set back
		{9, 10, 0, errors.New("no log"), 1, 0},
	} {
		l := &lag{now: func() time.Time { return now }, p: Projection{
			At: func() uint64 { return tc.at }, Last: func() uint64 { return tc.last },
			Oldest: func() (time.Time, error) { return now.Add(-tc.waits), tc.err }}}
		if e, s, err := l.measure(); e != tc.events || tc.err == nil && s != tc.seconds || !errors.Is(err, tc.err) {
			t.Errorf("%+v: %v events, %v s, %v", tc, e, s, err)
		}
	}
}
