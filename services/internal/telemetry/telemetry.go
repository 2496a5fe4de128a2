// Package telemetry is everything a process says about itself: traces, logs,
// metrics. None of it may say anything about a person. What leaves is what a
// list in allow.go names; the rest leaves as the word "withheld".
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Telemetry is the telemetry of one process.
type Telemetry struct {
	Log        *slog.Logger
	Tracer     trace.Tracer
	Propagator propagation.TextMapPropagator // W3C traceparent; never baggage
	Metrics    *Metrics

	provider *sdktrace.TracerProvider // nil when traces go nowhere
}

// Start begins the telemetry of a service, logs to the standard error stream,
// and makes its tracer and propagator the ones that OpenTelemetry's own
// functions find. Only main calls it, once.
//
// Traces are sent by OTLP over HTTP if OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, and nowhere if not. The other
// standard variables (sampler, headers, timeout, resource) hold as well.
func Start(ctx context.Context, service string) (*Telemetry, error) {
	log := newLogger(os.Stderr, service)
	if !wanted(os.Getenv) {
		return begin(log, nil), nil
	}
	if err := speakable(os.Getenv); err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("start traces: %w", err)
	}
	about, err := describe(ctx, service)
	if err != nil {
		return nil, errors.Join(err, exporter.Shutdown(ctx))
	}
	return begin(log, sdktrace.NewTracerProvider(
		sdktrace.WithResource(about),
		sdktrace.WithBatcher(guard{exporter}),
	)), nil
}

// StartForTest is Start with every trace kept in memory and every log line
// written to log, so that a test can search what would have left the process.
func StartForTest(service string, log io.Writer) (*Telemetry, *Spans) {
	kept := &Spans{}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithSyncer(guard{kept}))
	return begin(newLogger(log, service), provider), kept
}

func begin(log *slog.Logger, provider *sdktrace.TracerProvider) *Telemetry {
	t := &Telemetry{Log: log, Propagator: propagation.TraceContext{}, Metrics: newMetrics(), provider: provider}
	var p trace.TracerProvider = noop.NewTracerProvider()
	if provider != nil {
		p = provider
	}
	t.Tracer = p.Tracer("kith")
	otel.SetTracerProvider(p)
	otel.SetTextMapPropagator(t.Propagator)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces not sent", "error", err) }))
	return t
}

// Shutdown sends the traces that wait and stops.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Admin serves /metrics and /livez, for an address that only operators reach.
func (t *Telemetry) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.Metrics.handler())
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux
}

func wanted(env func(string) string) bool {
	if env("OTEL_SDK_DISABLED") == "true" || env("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return env("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// speakable refuses a protocol that we would otherwise ignore in silence.
func speakable(env func(string) string) error {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if p := env(name); p != "" && p != "http/protobuf" {
			return fmt.Errorf("start traces: %s must be http/protobuf", name)
		}
	}
	return nil
}

func describe(ctx context.Context, service string) (*resource.Resource, error) {
	r, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", service)),
		resource.WithFromEnv(), // last, so that the operator's word wins
	)
	if err != nil {
		return nil, fmt.Errorf("describe this process: %w", err)
	}
	return r, nil
}
