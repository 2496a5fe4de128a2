package follow

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kith/events/store"
)

// fresh is how long after it was recorded an event's arrival in a read model
// still belongs to the trace of what caused it. A model that is built anew
// touches no old trace.
const fresh = 10 * time.Second

// traced ends the traces of a batch's events where they become visible.
func (f *Follower) traced(b *batch) {
	now := time.Now()
	for _, e := range b.applied {
		if e.Cause.Trace == "" || now.Sub(e.At) > fresh {
			continue
		}
		ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": e.Cause.Trace})
		_, span := otel.Tracer("kith").Start(ctx, "project event", trace.WithTimestamp(b.began),
			trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(attribute.String("kith.projection", f.p.Name), attribute.Int64("kith.position", position(e))))
		span.End(trace.WithTimestamp(now))
	}
}

func position(e store.Event) int64 { return int64(e.Position) }
