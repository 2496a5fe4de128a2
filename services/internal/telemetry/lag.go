package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Projection shows how far a projection is behind its log: in events, and in
// seconds since it was last seen at the log's end. Both functions are called at
// each scrape; at is where the projection stands, last where the log ends.
func (m *Metrics) Projection(name string, at, last func() uint64) {
	m.registry.MustRegister(&lag{at: at, last: last, now: time.Now,
		events:  describeLag("kith_projection_lag_events", "Events recorded that a projection has not seen.", name),
		seconds: describeLag("kith_projection_lag_seconds", "Seconds since a projection was last seen at the end of the log.", name),
	})
}

func describeLag(metric, help, projection string) *prometheus.Desc {
	return prometheus.NewDesc(metric, help, nil, prometheus.Labels{"projection": label(projection)})
}

type lag struct {
	at, last        func() uint64
	now             func() time.Time
	events, seconds *prometheus.Desc

	mu     sync.Mutex
	caught time.Time // when it was last seen at the end
}

func (l *lag) Describe(ch chan<- *prometheus.Desc) {
	ch <- l.events
	ch <- l.seconds
}

func (l *lag) Collect(ch chan<- prometheus.Metric) {
	events, seconds := l.measure()
	ch <- prometheus.MustNewConstMetric(l.events, prometheus.GaugeValue, events)
	ch <- prometheus.MustNewConstMetric(l.seconds, prometheus.GaugeValue, seconds)
}

func (l *lag) measure() (events, seconds float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	last := l.last() // before at, so that a projection is never seen ahead of its log
	at := l.at()
	if at >= last || l.caught.IsZero() {
		l.caught = now
	}
	if at < last {
		events = float64(last - at)
	}
	return events, now.Sub(l.caught).Seconds()
}
