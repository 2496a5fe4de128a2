package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
)

// ingest publishes events as four agencies' systems would over NATS, and times
// each from its publication to its receipt and until it can be read. Before that
// every child was heard of once. At a given rate
// a late answer does not slow the offer, so waiting is counted, not hidden.
// Without a rate it finds out what can be sustained: a number of senders, each
// of which publishes again as soon as it holds its receipt.
func (b benchmark) ingest(d *demonstration) error {
	d.hub.closeEdges() // these agencies have systems of their own
	l := &ingestion{benchmark: b}
	defer l.close()
	if err := l.connect(d); err != nil {
		return err
	}
	if err := l.meet(d.hub); err != nil {
		return err
	}
	var watching sync.WaitGroup
	watching.Go(func() { l.look(d.hub) })
	start := time.Now()
	what := l.offer(start)
	took := time.Since(start)
	close(l.watch)
	watching.Wait()
	return l.report(what, took, time.Since(start))
}

// ingestion is one run of the ingest benchmark.
type ingestion struct {
	benchmark
	agencies         []events.Agency
	links            []*bus.Agency
	first, sent      int // number of the first event that is timed; how many are
	receipt, visible *times
	watch            chan awaited
}

// awaited is an event whose receipt is held and that is not seen yet.
type awaited struct {
	position store.Position
	from     time.Time
}

// senders is how many publish at the same time where no rate is given: as many
// as a few busy agencies have under way.
const senders = 1024

func (l *ingestion) connect(d *demonstration) error {
	for _, a := range northshire()[:4] {
		link, err := bus.Connect(l.ctx, bus.Link{URL: d.nats.URL(), Creds: d.nats.Creds(a.ID), Agency: a.ID})
		if err != nil {
			return err
		}
		l.agencies, l.links = append(l.agencies, a), append(l.links, link)
	}
	return nil
}

func (l *ingestion) close() {
	for _, link := range l.links {
		link.Close()
	}
}

// benchChildren is how many children the agencies report on.
const benchChildren = 500

// meet has every agency report every child once.
func (l *ingestion) meet(h *hub) error {
	l.first = benchChildren * len(l.agencies)
	l.begin()
	var watching sync.WaitGroup
	watching.Go(func() { l.look(h) })
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := s; i < l.first; i += senders {
				l.send(i)
			}
		})
	}
	wg.Wait()
	close(l.watch)
	watching.Wait()
	if n := len(l.visible.all); n < l.first {
		return fmt.Errorf("%d of the first %d events had no receipt or were not seen", l.first-n, l.first)
	}
	l.begin()
	return nil
}

func (l *ingestion) begin() {
	l.receipt, l.visible, l.watch = newTimes(), newTimes(), make(chan awaited, 1<<16)
}

func (l *ingestion) offer(start time.Time) string {
	if l.rate > 0 {
		l.steadily(start)
		return fmt.Sprintf("%d events offered at %d/s", l.sent, l.rate)
	}
	l.flatOut(start.Add(time.Duration(l.seconds) * time.Second))
	return fmt.Sprintf("%d events by %d senders, each publishing again when it holds its receipt", l.sent, senders)
}

func (l *ingestion) steadily(start time.Time) {
	var wg sync.WaitGroup
	for i := range l.rate * l.seconds {
		time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(l.rate))))
		wg.Go(func() { l.send(l.first + i) })
		l.sent++
	}
	wg.Wait()
}

func (l *ingestion) flatOut(until time.Time) {
	var wg sync.WaitGroup
	counts := make([]int, senders)
	for s := range senders {
		wg.Go(func() {
			for ; time.Now().Before(until); counts[s]++ {
				l.send(l.first + s + senders*counts[s])
			}
		})
	}
	wg.Wait()
	for _, n := range counts {
		l.sent += n
	}
}

// send publishes the i-th event and has it looked for once its receipt is held.
func (l *ingestion) send(i int) {
	from := time.Now()
	a, err := l.publish(i)
	if err != nil || a.Receipt == nil {
		return
	}
	l.receipt.add(time.Since(from))
	l.watch <- awaited{position(a), from}
}

// look waits for the newest of what was received, over and over. What lies
// before it can be read by then too, or could a moment earlier.
func (l *ingestion) look(h *hub) {
	for a := range l.watch {
		as := []awaited{a}
		newest := a.position
		for range len(l.watch) {
			a := <-l.watch
			as, newest = append(as, a), max(newest, a.position)
		}
		if h.caughtUp(l.ctx, newest) != nil {
			continue
		}
		now := time.Now()
		for _, a := range as {
			l.visible.add(now.Sub(a.from))
		}
	}
}

// report prints the rate over the whole time until the last event could be read.
func (l *ingestion) report(what string, offered, took time.Duration) error {
	cond := conditions("what", what+", four agencies, 500 children", "offered_per_second", fmt.Sprintf("%.0f", float64(l.sent)/offered.Seconds()))
	if n := len(l.visible.all); n < l.sent {
		return fmt.Errorf("%d of %d events had no receipt or were not seen", l.sent-n, l.sent)
	}
	err := l.print(measurement{"ingest", "events_per_second", float64(l.sent) / took.Seconds(), "1/s", cond})
	if err == nil {
		err = l.latencies("ingest", "receipt_", l.receipt.all, cond)
	}
	if err == nil {
		err = l.latencies("ingest", "visible_", l.visible.all, cond)
	}
	return err
}

const benchPolice events.AgencyID = "northshire-police"

// publish sends the i-th event: the agencies take turns, and the children.
func (l *ingestion) publish(i int) (bus.Answer, error) {
	n := len(l.agencies)
	a := l.agencies[i%n]
	notice := benchNotice(i/n%benchChildren, i)
	notice.Report.Fact = benchFact(a.Kind, notice.Report.Fact)
	e, err := bus.NewEvent(a.Source, notice)
	if err != nil {
		return bus.Answer{}, err
	}
	m, err := bus.Structured(e)
	if err != nil {
		return bus.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(l.ctx, time.Minute)
	defer cancel()
	return l.links[i%n].Send(ctx, m)
}

// benchFact is what an agency of a kind reports; the police report what they do.
func benchFact(k events.AgencyKind, police events.Fact) events.Fact {
	switch k {
	case events.KindHealth:
		return events.PractitionerConcern{Practitioner: "health visitor", ChildSeen: true,
			Concern: "The child was quiet and stayed close to the door. Weight has not gone up since the last visit six weeks ago."}
	case events.KindEducation:
		return events.AttendanceFall{From: "2026-09-07", To: "2026-10-23", Percent: 78, PercentBefore: 94, Unauthorised: 11,
			Circumstances: "Late on most Mondays. Comes with an older sibling, who says that nobody was up."}
	case events.KindSocialCare:
		return events.InvolvementChanged{Service: "child in need", Team: "Assessment team", Since: "2026-01-05"}
	default:
		return police
	}
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

func newTimes() *times { return &times{} }

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
