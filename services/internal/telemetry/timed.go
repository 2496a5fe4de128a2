package telemetry

import (
	"context"
	"time"

	"kith/events/store"
)

// Timed returns a log whose appends are timed.
func (m *Metrics) Timed(l store.Log) store.Log { return timed{l, m} }

type timed struct {
	store.Log
	metrics *Metrics
}

func (t timed) Append(ctx context.Context, ws ...store.Write) ([]store.Appended, error) {
	from := time.Now()
	at, err := t.Log.Append(ctx, ws...)
	if err == nil {
		t.metrics.Appended(time.Since(from))
	}
	return at, err
}
