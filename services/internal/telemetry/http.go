package telemetry

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// HTTP serves next inside a span that continues the caller's trace, counts the
// answer under the pattern of its route, and turns a panic into a bare 500.
//
// The pattern is what a ServeMux writes into the request, so a handler between
// here and the mux must pass on the request it was given, not a copy.
func (t *Telemetry) HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := time.Now()
		ctx := t.Propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.Tracer.Start(ctx, method(r), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r, out := r.WithContext(ctx), &answer{ResponseWriter: w}
		t.serve(next, out, r)

		route := pattern(r)
		span.SetName(route)
		span.SetAttributes(attribute.String("http.request.method", method(r)),
			attribute.String("http.route", route), attribute.Int("http.response.status_code", out.code()))
		if out.code() >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		t.Metrics.requested(route, out.code(), time.Since(from))
	})
}

// serve answers 500 where next panics. What it panicked with is not told, not
// even to the log: it can hold anything that next had in hand.
func (t *Telemetry) serve(next http.Handler, out *answer, r *http.Request) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler {
			panic(p)
		}
		t.Log.ErrorContext(r.Context(), "handler panicked", "route", pattern(r), "panic", fmt.Sprintf("%T", p), "at", origin())
		if out.status == 0 {
			out.Header().Set("Content-Type", "application/problem+json")
			out.WriteHeader(http.StatusInternalServerError)
			io.WriteString(out, `{"type":"about:blank","title":"Internal Server Error","status":500}`)
		}
	}()
	next.ServeHTTP(out, r)
}

// origin is the place in our code that panicked: the first frame outside the
// runtime, after recover's own.
func origin() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for {
		f, more := frames.Next()
		if !more || len(f.Function) < 8 || f.Function[:8] != "runtime." {
			return f.Function + ":" + strconv.Itoa(f.Line)
		}
	}
}

// pattern is the route as the program wrote it, never the path that was asked for.
func pattern(r *http.Request) string {
	if r.Pattern == "" {
		return "other"
	}
	return r.Pattern
}

// method is a method we know; a caller may send any word.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "OTHER"
}

// answer remembers the status of a response.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach flush and deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}
