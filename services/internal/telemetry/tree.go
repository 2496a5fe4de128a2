package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Tree shows the tamper-evident tree of a log: its leaves, how long ago its
// newest checkpoint said all there was, and whether log and tree agree. What
// state returns is asked at each scrape.
func (m *Metrics) Tree(log string, state func() (leaves int64, age time.Duration, agrees bool)) {
	describe := func(metric, help string) *prometheus.Desc {
		return prometheus.NewDesc(metric, help, nil, prometheus.Labels{"log": label(log)})
	}
	m.registry.MustRegister(&treeState{state: state,
		leaves: describe("kith_tree_leaves", "Events in the tamper-evident tree of a log."),
		age:    describe("kith_checkpoint_age_seconds", "Seconds since the newest checkpoint of a log was signed, or said all there was."),
		agrees: describe("kith_tree_agrees", "1 while a log agrees with its tree and its checkpoints, 0 once it does not: run kith verify."),
	})
}

type treeState struct {
	state               func() (int64, time.Duration, bool)
	leaves, age, agrees *prometheus.Desc
}

// Describe is prometheus.Collector's.
func (t *treeState) Describe(ch chan<- *prometheus.Desc) {
	ch <- t.leaves
	ch <- t.age
	ch <- t.agrees
}

// Collect is prometheus.Collector's.
func (t *treeState) Collect(ch chan<- prometheus.Metric) {
	leaves, age, agrees := t.state()
	good := 0.0
	if agrees {
		good = 1
	}
	ch <- prometheus.MustNewConstMetric(t.leaves, prometheus.GaugeValue, float64(leaves))
	ch <- prometheus.MustNewConstMetric(t.age, prometheus.GaugeValue, age.Seconds())
	ch <- prometheus.MustNewConstMetric(t.agrees, prometheus.GaugeValue, good)
}
