package telemetry

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// canary stands for anything personal: if it is found, it leaked.
const canary = "Zebedee-4857773456"

// speak says the canary in every way that a span has.
func speak(t *testing.T) {
	t.Helper()
	state, err := trace.ParseTraceState("vendor=" + canary)
	if err != nil {
		t.Fatal(err)
	}
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true})
	ctx := trace.ContextWithSpanContext(t.Context(), parent)
	_, span := otel.Tracer("a library").Start(ctx, "process",
		trace.WithAttributes(attribute.String("url.path", canary), attribute.String("kith.code", strings.Repeat(canary, 20)), attribute.String("kith.kind", "police")),
		trace.WithLinks(trace.Link{SpanContext: parent, Attributes: []attribute.KeyValue{attribute.String("child", canary)}}))
	span.RecordError(errors.New(canary))
	span.SetStatus(codes.Error, canary)
	span.End()
}

func TestNothingPersonalLeavesInATrace(t *testing.T) {
	var sent bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(&sent, r.Body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")

	tel, err := Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	speak(t)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kith-test", "process", "police", "exception.type", withheld} {
		if !strings.Contains(sent.String(), want) {
			t.Errorf("the collector did not get %q", want)
		}
	}
	if strings.Contains(sent.String(), canary) {
		t.Error("the collector got personal data")
	}
}

func TestSpansKeptForTests(t *testing.T) {
	_, spans := StartForTest("kith-test", io.Discard)
	speak(t)
	all := spans.All()
	if len(all) != 1 {
		t.Fatalf("%d spans, want 1", len(all))
	}
	s := all[0]
	if s.Status().Description != "" || s.SpanContext().TraceState().Len() != 0 || s.Parent().TraceState().Len() != 0 || s.Links()[0].SpanContext.TraceState().Len() != 0 {
		t.Error("free text of a caller was kept")
	}
	got := map[attribute.Key]string{}
	for _, kv := range append(s.Attributes(), s.Links()[0].Attributes...) {
		got[kv.Key] = kv.Value.AsString()
	}
	for k, want := range map[attribute.Key]string{"url.path": withheld, "kith.code": withheld, "child": withheld, "kith.kind": "police"} {
		if got[k] != want {
			t.Errorf("%s = %q, want %q", k, got[k], want)
		}
	}
}

// With nowhere to send traces, a caller's trace still goes through to the next.
func TestWithoutACollector(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		t.Setenv(name, "")
	}
	tel, err := Start(t.Context(), "kith-test")
	if err != nil {
		t.Fatal(err)
	}
	in := propagation.MapCarrier{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	ctx, span := tel.Tracer.Start(tel.Propagator.Extract(t.Context(), in), "process")
	defer span.End()
	if span.IsRecording() {
		t.Error("a span is recorded that goes nowhere")
	}
	out := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, out)
	if out["traceparent"] != in["traceparent"] {
		t.Errorf("passed on %v, want %v", out, in)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhenTracesAreWanted(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, tc := range []struct {
		env        map[string]string
		wanted, ok bool
	}{
		{nil, false, true},
		{map[string]string{endpoint: "http://127.0.0.1:4318"}, true, true},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, true, true},
		{map[string]string{endpoint: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, false, true},
		{map[string]string{endpoint: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, false, true},
		{map[string]string{endpoint: "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, true, false},
	} {
		env := func(name string) string { return tc.env[name] }
		if got := wanted(env); got != tc.wanted {
			t.Errorf("%v: wanted = %v", tc.env, got)
		}
		if err := speakable(env); (err == nil) != tc.ok {
			t.Errorf("%v: %v", tc.env, err)
		}
	}
}
