package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts and times. Its labels come from small closed sets: never an
// agency's text, a person, or anything that grows with the number of children.
type Metrics struct {
	registry  *prometheus.Registry
	accepted  *prometheus.CounterVec
	refused   *prometheus.CounterVec
	throttled *prometheus.CounterVec
	decided   *prometheus.CounterVec
	requests  *prometheus.CounterVec
	took      *prometheus.HistogramVec
	appended  prometheus.Histogram
}

func newMetrics() *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		accepted:  counter("kith_events_accepted_total", "Events accepted with a receipt.", "kind"),
		refused:   counter("kith_events_refused_total", "Events refused, by the first reason given.", "kind", "code"),
		throttled: counter("kith_throttled_seconds_total", "Time that events of agencies waited because they came faster than was agreed.", "kind"),
		decided:   counter("kith_disclosure_decisions_total", "Requests to see a child's data, by what became of them.", "outcome"),
		requests:  counter("kith_http_requests_total", "HTTP requests answered.", "route", "status"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kith_http_request_seconds", Help: "Time to answer an HTTP request.",
			Buckets: prometheus.DefBuckets,
		}, []string{"route"}),
		appended: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kith_append_seconds", Help: "Time until an append was on stable storage.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	m.registry.MustRegister(m.accepted, m.refused, m.throttled, m.decided, m.requests, m.took, m.appended,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Accepted counts an event of an agency of this kind that got its receipt.
func (m *Metrics) Accepted(kind string) { m.accepted.WithLabelValues(label(kind)).Inc() }

// Refused counts an event of an agency of this kind that was refused.
func (m *Metrics) Refused(kind, code string) {
	m.refused.WithLabelValues(label(kind), label(code)).Inc()
}

// Throttled adds how long an event of an agency of this kind waited for its quota.
func (m *Metrics) Throttled(kind string, d time.Duration) {
	m.throttled.WithLabelValues(label(kind)).Add(d.Seconds())
}

// Decided counts one request to see a child's data by what became of it.
func (m *Metrics) Decided(outcome string) { m.decided.WithLabelValues(label(outcome)).Inc() }

// Appended times one append to an event log.
func (m *Metrics) Appended(took time.Duration) { m.appended.Observe(took.Seconds()) }

// requested counts an answer. The route is a pattern of the program.
func (m *Metrics) requested(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

// Outbox shows how many records of an agency wait for their receipt, and for how
// long the oldest has waited. Both are asked at each scrape.
func (m *Metrics) Outbox(depth func() int, oldest func() time.Duration) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kith_outbox_depth", Help: "Records that wait for the hub's receipt or refusal.",
	}, func() float64 { return float64(depth()) }))
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kith_outbox_oldest_seconds", Help: "For how long the oldest of them has waited.",
	}, func() float64 { return oldest().Seconds() }))
}

// label lets through what looks like a word of the program's own, so that what
// somebody sent cannot become the name of a time series.
func label(v string) string {
	if v == "" || len(v) > 40 {
		return "other"
	}
	for i := range len(v) {
		if c := v[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return "other"
		}
	}
	return v
}
