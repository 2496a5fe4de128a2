package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Webhooks says how the agencies' webhooks do.
type Webhooks struct {
	Delivering, Failing, Disabled int
	Oldest                        time.Duration // for how long the oldest message waits that none of the enabled delivered
}

// Webhooks shows how the webhooks do, and counts attempts by what became of them.
// Read is called at each scrape; whoever calls tried has made an attempt.
func (m *Metrics) Webhooks(read func() Webhooks) (tried func(kind, outcome string)) {
	attempts := counter("kith_webhook_attempts_total", "Requests to agencies' webhooks, by what became of them.", "kind", "outcome")
	m.registry.MustRegister(attempts, &webhooks{read: read,
		count:  prometheus.NewDesc("kith_webhooks", "Webhooks of agencies, by how they do.", []string{"outcome"}, nil),
		oldest: prometheus.NewDesc("kith_webhook_oldest_seconds", "For how long the oldest message has waited that an enabled webhook did not take.", nil, nil),
	})
	return func(kind, outcome string) { attempts.WithLabelValues(label(kind), label(outcome)).Inc() }
}

type webhooks struct {
	read          func() Webhooks
	count, oldest *prometheus.Desc
}

func (w *webhooks) Describe(ch chan<- *prometheus.Desc) {
	ch <- w.count
	ch <- w.oldest
}

func (w *webhooks) Collect(ch chan<- prometheus.Metric) {
	now := w.read()
	for outcome, n := range map[string]int{"delivering": now.Delivering, "failing": now.Failing, "disabled": now.Disabled} {
		ch <- prometheus.MustNewConstMetric(w.count, prometheus.GaugeValue, float64(n), outcome)
	}
	ch <- prometheus.MustNewConstMetric(w.oldest, prometheus.GaugeValue, now.Oldest.Seconds())
}
