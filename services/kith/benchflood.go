package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"kith/events"
	"kith/events/bus"
)

// quotaOfFlood is how many events of the flooding agency are taken a second; it
// sends ten times as many.
const quotaOfFlood = 200

// flooded measures what three agencies notice when a fourth sends ten times its
// quota: from publication to receipt, in turns of peace, when it sends what was
// agreed, and flood. Who floods is
// a process of its own that steps back for others, for an agency is another
// machine: what it takes to make a flood is not the hub's. It ends when the last
// event of the flood has its receipt too.
func (b benchmark) flooded(dir string) error {
	d, err := openNorthshire(b.ctx, dir, b.tel, func(p *partnership) {
		p.limits.Of = map[events.AgencyID]bus.Limit{benchPolice: {EventsPerSecond: quotaOfFlood}}
	})
	if err != nil {
		return err
	}
	defer d.close()
	d.hub.closeEdges() // these agencies have systems of their own
	n := turns(b.seconds)
	b.seconds /= n
	f := &flood{ingestion: ingestion{benchmark: b}, turns: n}
	defer f.close()
	if err := f.connect(d); err != nil {
		return err
	}
	if err := f.meet(d.hub); err != nil {
		return err
	}
	if err := f.offerAll(dir); err != nil {
		return err
	}
	return f.report()
}

// flood is one run: the ingestion is that of those who keep to what was agreed.
type flood struct {
	ingestion
	police         *bus.Agency // hears the answers to what was poured
	url, creds     string
	turns          int
	poured         int          // in peace and in the flood
	flooded        int          // in the flood
	answered       atomic.Int64 // of what was poured
	within         int64        // of these, while it poured
	agreed, strong []time.Duration
	pouring        time.Duration
	drained        time.Duration
}

func (f *flood) connect(d *demonstration) error {
	if err := f.ingestion.connect(d); err != nil {
		return err
	}
	f.url, f.creds = d.nats.URL(), d.nats.Creds(benchPolice)
	for i, a := range f.agencies {
		if a.ID == benchPolice {
			f.police = f.links[i]
			f.agencies, f.links = append(f.agencies[:i:i], f.agencies[i+1:]...), append(f.links[:i:i], f.links[i+1:]...)
			return nil
		}
	}
	return errors.New("the flooding agency is not there")
}

func (f *flood) close() {
	f.ingestion.close()
	if f.police != nil {
		f.police.Close()
	}
}

// turns is how often the agreed and the flood take turns, so that what else the
// machine does falls on both; a short run has one.
func turns(seconds int) int { return min(max(1, seconds/3), 3) }

func (f *flood) offerAll(dir string) error {
	ctx, stop := context.WithCancel(f.ctx)
	defer stop()
	var listening sync.WaitGroup
	defer listening.Wait()
	defer stop()
	listening.Go(func() {
		_ = f.police.Answers(ctx, "flood-"+filepath.Base(dir), func(as []bus.Answer) error { f.answered.Add(int64(len(as))); return nil })
	})
	for range f.turns {
		for _, phase := range []struct {
			times int
			of    *[]time.Duration
		}{{1, &f.agreed}, {10, &f.strong}} {
			took, err := f.beside(ctx, phase.times)
			if err == nil {
				err = f.drain(ctx)
			}
			if err != nil {
				return err
			}
			*phase.of = append(*phase.of, took...)
		}
	}
	return nil
}

// beside has the three agencies offer while the fourth sends so many times its quota.
func (f *flood) beside(ctx context.Context, times int) ([]time.Duration, error) {
	var pouring sync.WaitGroup
	var poured int
	var err error
	start, before := time.Now(), f.answered.Load()
	pouring.Go(func() { poured, err = f.pour(ctx, times) })
	took := f.offered()
	pouring.Wait()
	if times > 1 {
		f.pouring += time.Since(start)
		f.within += f.answered.Load() - before
		f.flooded += poured
	}
	f.poured += poured
	return took, err
}

// drain waits until all that was poured is answered.
func (f *flood) drain(ctx context.Context) error {
	start := time.Now()
	defer func() { f.drained += time.Since(start) }()
	for int(f.answered.Load()) < f.poured {
		if ctx.Err() != nil || time.Since(start) > time.Duration(f.poured/quotaOfFlood+60)*time.Second {
			return fmt.Errorf("%d of %d events of the flood have no receipt", f.poured-int(f.answered.Load()), f.poured)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// offered has the three agencies publish at their pace and returns how long each
// receipt took.
func (f *flood) offered() []time.Duration {
	f.begin()
	go func() {
		for range f.watch { // nobody looks at what was taken
		}
	}()
	before := f.sent
	f.steadily(time.Now())
	close(f.watch)
	f.first += f.sent - before
	return f.receipt.all
}

func (f *flood) report() error {
	want := f.turns * f.rate * f.seconds
	if len(f.agreed) != want || len(f.strong) != want {
		return fmt.Errorf("the others have %d and %d receipts, want %d", len(f.agreed), len(f.strong), want)
	}
	cond := conditions("what", fmt.Sprintf("three agencies offer %d/s; a fourth %d/s as agreed, or %d/s from a process of its own", f.rate, quotaOfFlood, 10*quotaOfFlood))
	err := f.latencies("flood", "agreed_receipt_", f.agreed, cond)
	if err == nil {
		err = f.latencies("flood", "flooded_receipt_", f.strong, cond)
	}
	for _, m := range []measurement{
		{"flood", "others_events", float64(2 * want), "1", cond},
		{"flood", "flood_events", float64(f.flooded), "1", cond},
		{"flood", "flood_taken_meanwhile", float64(f.within), "1", cond},
		{"flood", "flood_seconds", f.pouring.Seconds(), "s", cond},
		{"flood", "drained_after_seconds", f.drained.Seconds(), "s", cond},
		{"flood", "p50_ratio_to_agreed", percentile(f.strong, 0.5) / percentile(f.agreed, 0.5), "1", cond},
		{"flood", "p99_ratio_to_agreed", percentile(f.strong, 0.99) / percentile(f.agreed, 0.99), "1", cond},
	} {
		if err == nil {
			err = f.print(m)
		}
	}
	return err
}
