package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Projection is how a read model stands. Its functions are called at each scrape.
type Projection struct {
	At, Last func() uint64                  // where it stands, and where its log ends
	Oldest   func() (time.Time, error)      // when the first event that it has not seen was recorded; zero if it has seen all
	Parked   func() (events int, err error) // that it could not take
}

// Projection shows how far a projection is behind its log, in events and in
// seconds, and what it could not take. A figure that cannot be had is left out.
func (m *Metrics) Projection(name string, p Projection) {
	m.registry.MustRegister(&lag{p: p, now: time.Now,
		events:  describeLag("kith_projection_lag_events", "Events recorded that a projection has not seen.", name),
		seconds: describeLag("kith_projection_lag_seconds", "Age of the oldest event recorded that a projection has not seen.", name),
		parked:  describeLag("kith_projection_parked", "Events that a projection could not take and has set aside.", name),
	})
}

func describeLag(metric, help, projection string) *prometheus.Desc {
	return prometheus.NewDesc(metric, help, nil, prometheus.Labels{"projection": label(projection)})
}

type lag struct {
	p                       Projection
	now                     func() time.Time
	events, seconds, parked *prometheus.Desc
}

func (l *lag) Describe(ch chan<- *prometheus.Desc) {
	ch <- l.events
	ch <- l.seconds
	ch <- l.parked
}

func (l *lag) Collect(ch chan<- prometheus.Metric) {
	events, seconds, err := l.measure()
	ch <- prometheus.MustNewConstMetric(l.events, prometheus.GaugeValue, events)
	if err == nil {
		ch <- prometheus.MustNewConstMetric(l.seconds, prometheus.GaugeValue, seconds)
	}
	if n, err := l.p.Parked(); err == nil {
		ch <- prometheus.MustNewConstMetric(l.parked, prometheus.GaugeValue, float64(n))
	}
}

func (l *lag) measure() (events, seconds float64, err error) {
	last := l.p.Last() // before at, so that a projection is never seen ahead of its log
	at := l.p.At()
	if at >= last {
		return 0, 0, nil
	}
	oldest, err := l.p.Oldest()
	if err == nil && !oldest.IsZero() {
		seconds = max(0, l.now().Sub(oldest).Seconds())
	}
	return float64(last - at), seconds, err
}
