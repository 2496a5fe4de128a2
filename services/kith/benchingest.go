package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
)

// ingest offers events at a steady rate, as a police system would over NATS,
// and times each from its publication to its receipt and until it can be read.
// A late answer does not slow the offer, so waiting is counted, not hidden.
func (b benchmark) ingest(d *demonstration) error {
	link, err := bus.Connect(b.ctx, bus.Link{URL: d.nats.URL(), Creds: d.nats.Creds(benchPolice), Agency: benchPolice})
	if err != nil {
		return err
	}
	defer link.Close()
	n := b.rate * b.seconds
	receipt, visible := newTimes(n), newTimes(n)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(b.rate))))
		wg.Go(func() {
			at := time.Now()
			a, err := b.publish(link, i)
			if err != nil || a.Receipt == nil {
				return
			}
			receipt.add(time.Since(at))
			if d.hub.caughtUp(b.ctx, position(a)) == nil {
				visible.add(time.Since(at))
			}
		})
	}
	offered := time.Since(start)
	wg.Wait()
	return b.ingested(n, offered, time.Since(start), receipt, visible)
}

func (b benchmark) ingested(n int, offered, took time.Duration, receipt, visible *times) error {
	cond := conditions("what", fmt.Sprintf("%d events offered at %d/s", n, b.rate), "offered_per_second", fmt.Sprintf("%.0f", float64(n)/offered.Seconds()))
	if len(visible.all) < n {
		return fmt.Errorf("%d of %d events had no receipt or were not seen", n-len(visible.all), n)
	}
	err := b.print(measurement{"ingest", "events_per_second", float64(n) / took.Seconds(), "1/s", cond})
	if err == nil {
		err = b.latencies("ingest", "receipt_", receipt.all, cond)
	}
	if err == nil {
		err = b.latencies("ingest", "visible_", visible.all, cond)
	}
	return err
}

const benchPolice events.AgencyID = "northshire-police"

func (b benchmark) publish(link *bus.Agency, i int) (bus.Answer, error) {
	e, err := bus.NewEvent("urn:kith:agency:"+string(benchPolice), benchNotice(i%500, i))
	if err != nil {
		return bus.Answer{}, err
	}
	m, err := bus.Structured(e)
	if err != nil {
		return bus.Answer{}, err
	}
	return link.Send(b.ctx, m)
}

// benchNotice is the i-th report, about one of many invented children.
func benchNotice(child, i int) events.Notice {
	now := time.Now().UTC()
	return events.Notice{ID: fmt.Sprintf("bench-%d", i), Report: events.Report{
		Shared: events.Shared{
			OccurredAt: now.Add(-time.Hour), RecordedAt: now, Label: events.Core,
			Basis: events.Basis{Article6: events.PublicTask, Article9: events.SubstantialPublicInterest, Paragraph18: &events.Paragraph18{
				Ground: events.WouldPrejudiceSafety, Necessity: "A child was in a home where violence was reported.",
				Subject: events.SubjectUnder18, PolicyDocument: "Northshire Police APD 3"}},
			Informed: &events.Informed{Told: true},
			Voice:    &events.Voice{Words: "I went up to my room and put my music on.", HeardBy: "attending officer"},
			Contact:  events.Contact{Team: "Public protection desk", Phone: "01632 960101"},
		},
		About: []events.Person{{LocalID: fmt.Sprintf("nominal-%d", child), Role: events.RoleChild,
			Name: events.Name{Given: "Bench", Family: fmt.Sprintf("Child%d", child)}, DateOfBirth: "2015-04-01"}},
		Fact: events.DomesticAbuseIncident{PoliceReference: fmt.Sprintf("BENCH/%d", i), Place: "the family home",
			Presence: events.PresenceHeard, Circumstances: "Neighbours called after shouting was heard for some time. Officers attended and spoke to both adults."},
	}}
}

// times gathers durations from many goroutines.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

func newTimes(n int) *times { return &times{all: make([]time.Duration, 0, n)} }

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, d)
}

// discard is where a benchmark's reader puts what it was given.
func discard(r io.ReadCloser) error {
	defer r.Close()
	_, err := io.Copy(io.Discard, r)
	return err
}
