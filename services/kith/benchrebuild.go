package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// rebuilt fills a record, builds its read models and then rebuilds them as kith
// rebuild does: beside those that serve, compared with them, switched.
func (b benchmark) rebuilt(dir string) error {
	hub := filepath.Join(dir, "hub")
	children := max(1, b.events/10)
	last, err := fill(b.ctx, hub, b.events, children)
	if err != nil {
		return fmt.Errorf("fill the log: %w", err)
	}
	for _, turn := range []struct{ metric, what string }{
		{"build_events_per_second", "all read models built from nothing"},
		{"events_per_second", "all read models rebuilt, compared and switched"},
	} {
		from := time.Now()
		err := rebuildOrder{}.onFiles(b.ctx, partnership{dir: hub}, func(l rebuildLine) error {
			if o := l.Outcome; o != nil && (!o.Same && !o.New || o.Parked > 0) {
				return fmt.Errorf("read model %s differs, or %d events are parked", o.Model, o.Parked)
			}
			return nil
		})
		if err != nil {
			return err
		}
		cond := conditions("what", fmt.Sprintf("%s, %d events, %d children", turn.what, last, children), "events", fmt.Sprint(last), "children", fmt.Sprint(children))
		if err := b.print(measurement{"rebuild", turn.metric, float64(last) / time.Since(from).Seconds(), "1/s", cond}); err != nil {
			return err
		}
	}
	return nil
}
