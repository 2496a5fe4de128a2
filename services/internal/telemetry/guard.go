package telemetry

import (
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// guard stands before an exporter, so that no library's span can leave with an
// attribute that is not on the list, whoever set it.
type guard struct{ sdktrace.SpanExporter }

func (g guard) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	out := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		out[i] = guarded{s}
	}
	return g.SpanExporter.ExportSpans(ctx, out)
}

// guarded is a span without what may be personal.
type guarded struct{ sdktrace.ReadOnlySpan }

func (g guarded) Attributes() []attribute.KeyValue { return allowed(g.ReadOnlySpan.Attributes()) }

// Status keeps the code. Its description is the text of an error.
func (g guarded) Status() sdktrace.Status {
	return sdktrace.Status{Code: g.ReadOnlySpan.Status().Code}
}

func (g guarded) Events() []sdktrace.Event {
	es := slices.Clone(g.ReadOnlySpan.Events())
	for i := range es {
		es[i].Attributes = allowed(es[i].Attributes)
	}
	return es
}

func (g guarded) Links() []sdktrace.Link {
	ls := slices.Clone(g.ReadOnlySpan.Links())
	for i := range ls {
		ls[i].Attributes = allowed(ls[i].Attributes)
		ls[i].SpanContext = bare(ls[i].SpanContext)
	}
	return ls
}

func (g guarded) SpanContext() trace.SpanContext { return bare(g.ReadOnlySpan.SpanContext()) }
func (g guarded) Parent() trace.SpanContext      { return bare(g.ReadOnlySpan.Parent()) }

// bare drops the trace state: whoever calls us may write there what they like.
func bare(c trace.SpanContext) trace.SpanContext { return c.WithTraceState(trace.TraceState{}) }

func allowed(kvs []attribute.KeyValue) []attribute.KeyValue {
	out := slices.Clone(kvs)
	for i, kv := range out {
		long := kv.Value.Type() == attribute.STRING && len(kv.Value.AsString()) > tooLong
		if long || !spanKeys(string(kv.Key)) {
			out[i].Value = attribute.StringValue(withheld)
		}
	}
	return out
}

// Spans keeps spans as they would have left the process.
type Spans struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

// All returns the spans that ended so far, in order.
func (s *Spans) All() []sdktrace.ReadOnlySpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}

// ExportSpans keeps spans.
func (s *Spans) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, spans...)
	return nil
}

// Shutdown does nothing: what was kept can still be read.
func (s *Spans) Shutdown(context.Context) error { return nil }
