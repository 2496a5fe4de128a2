package telemetry

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"kith/events/store"
)

// disk is a log whose appends fail when told to.
type disk struct {
	store.Log
	err error
}

func (d *disk) Append(context.Context, ...store.Write) ([]store.Appended, error) { return nil, d.err }

func TestMetrics(t *testing.T) {
	tel, _ := StartForTest("kith-test", io.Discard)
	m := tel.Metrics
	m.Accepted("police")
	m.Accepted(canary)
	m.Refused("health", "too-large")
	m.Refused("health", "Too Large "+canary)
	m.Decided("not-found")
	m.Outbox(func() int { return 7 }, func() time.Duration { return time.Minute })
	m.Projection("childview", Projection{At: func() uint64 { return 3 }, Last: func() uint64 { return 5 },
		Oldest: func() (time.Time, error) { return time.Now().Add(-time.Hour), nil }, Parked: func() (int, error) { return 4, nil }})
	m.Witnessed("events", func() Witnessed {
		return Witnessed{Size: 17, Age: 90 * time.Second, Agreeing: 2, Refusing: 1}
	})
	m.WitnessConflicts(func() int { return 3 })
	d := &disk{}
	timed := m.Timed(d)
	timed.Append(t.Context())
	d.err = errors.New("disk full")
	timed.Append(t.Context())

	_, body := ask(t, "GET", serve(t, tel.Admin()).URL+"/metrics")
	for _, want := range []string{
		`kith_events_accepted_total{kind="police"} 1`,
		`kith_events_accepted_total{kind="other"} 1`,
		`kith_events_refused_total{code="too-large",kind="health"} 1`,
		`kith_events_refused_total{code="other",kind="health"} 1`,
		`kith_disclosure_decisions_total{outcome="not-found"} 1`,
		`kith_outbox_depth 7`,
		`kith_outbox_oldest_seconds 60`,
		`kith_projection_lag_events{projection="childview"} 2`,
		`kith_projection_lag_seconds{projection="childview"} 3600.`,
		`kith_projection_parked{projection="childview"} 4`,
		`kith_append_seconds_count 1`,
		`kith_witnessed_entries{log="events"} 17`,
		`kith_witnessed_age_seconds{log="events"} 90`,
		`kith_witnesses{log="events",outcome="agreeing"} 2`,
		`kith_witnesses{log="events",outcome="refusing"} 1`,
		`kith_witnesses{log="events",outcome="silent"} 0`,
		`kith_witness_conflicts 3`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(body, "Zebedee") {
		t.Error("personal data left in metrics")
	}
}
