package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Witnessed says how well one of the hub's logs is witnessed by the agencies.
type Witnessed struct {
	Size     int64         // entries in the newest checkpoint that a quorum cosigned
	Age      time.Duration // since a quorum did; zero while there is nothing to cosign
	Agreeing int           // agencies that cosigned when they were last asked
	Refusing int           // agencies that found it not to go with what they hold
	Silent   int           // agencies that did not answer, or not so that it could be used
}

// Witnessed shows how well a log is witnessed. Read is called at each scrape.
func (m *Metrics) Witnessed(log string, read func() Witnessed) {
	of := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, nil, prometheus.Labels{"log": label(log)})
	}
	m.registry.MustRegister(&witnessed{read: read,
		size: of("kith_witnessed_entries", "Entries in the newest checkpoint that a quorum of agencies cosigned."),
		age:  of("kith_witnessed_age_seconds", "Seconds since a quorum of agencies cosigned a checkpoint, or since the hub started; 0 while there is nothing to cosign."),
		agencies: prometheus.NewDesc("kith_witnesses", "Agencies that cosign, by what they did when they were last asked.",
			[]string{"outcome"}, prometheus.Labels{"log": label(log)}),
	})
}

type witnessed struct {
	read                func() Witnessed
	size, age, agencies *prometheus.Desc
}

func (w *witnessed) Describe(ch chan<- *prometheus.Desc) {
	ch <- w.size
	ch <- w.age
	ch <- w.agencies
}

func (w *witnessed) Collect(ch chan<- prometheus.Metric) {
	now := w.read()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(w.size, float64(now.Size))
	gauge(w.age, now.Age.Seconds())
	gauge(w.agencies, float64(now.Agreeing), "agreeing")
	gauge(w.agencies, float64(now.Refusing), "refusing")
	gauge(w.agencies, float64(now.Silent), "silent")
}

// WitnessConflicts shows, at an agency, how often the hub signed what does not
// go with what it showed before. It should be zero for ever.
func (m *Metrics) WitnessConflicts(count func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kith_witness_conflicts", Help: "Checkpoints that the hub signed and that do not go with what it showed before.",
	}, func() float64 { return float64(count()) }))
}
