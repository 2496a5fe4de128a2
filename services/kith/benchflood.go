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
// quota: from publication to receipt, first in peace, then in the flood. It ends
// when the last event of the flood has its receipt too.
func (b benchmark) flooded(dir string) error {
	d, err := openNorthshire(b.ctx, dir, b.tel, func(p *partnership) {
		p.limits.Of = map[events.AgencyID]bus.Limit{benchPolice: {EventsPerSecond: quotaOfFlood}}
	})
	if err != nil {
		return err
	}
	defer d.close()
	d.hub.closeEdges() // these agencies have systems of their own
	f := &flood{ingestion: ingestion{benchmark: b}}
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
	police        *bus.Agency
	poured        int
	answered      atomic.Int64 // of what was poured
	within        int64        // of these, while it poured
	quiet, strong *times       // receipts of the others, in peace and in the flood
	pouring       time.Duration
	drained       time.Duration
}

func (f *flood) connect(d *demonstration) error {
	if err := f.ingestion.connect(d); err != nil {
		return err
	}
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

// offerAll: the same offer twice, the second time while it pours.
func (f *flood) offerAll(dir string) error {
	ctx, stop := context.WithCancel(f.ctx)
	defer stop()
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() {
		_ = f.police.Answers(ctx, "flood-"+filepath.Base(dir), func(as []bus.Answer) error { f.answered.Add(int64(len(as))); return nil })
	})
	f.quiet = f.offered()
	var pouring sync.WaitGroup
	var err error
	start := time.Now()
	pouring.Go(func() { err = f.pour(start) })
	f.strong = f.offered()
	pouring.Wait()
	f.pouring, f.within = time.Since(start), f.answered.Load()
	for int(f.answered.Load()) < f.poured && err == nil {
		if time.Since(start) > f.pouring+time.Duration(f.poured/quotaOfFlood+60)*time.Second {
			err = fmt.Errorf("%d of %d events of the flood have no receipt", f.poured-int(f.answered.Load()), f.poured)
		}
		time.Sleep(10 * time.Millisecond)
	}
	f.drained = time.Since(start)
	stop()
	return err
}

// offered has the three agencies publish at their pace and returns how long each
// receipt took.
func (f *flood) offered() *times {
	f.begin()
	go func() {
		for range f.watch { // nobody looks at what was taken
		}
	}()
	f.steadily(time.Now())
	close(f.watch)
	f.first += f.sent
	return f.receipt
}

// pour publishes at ten times the quota, in batches, for as long as the others
// offer theirs.
func (f *flood) pour(start time.Time) error {
	const batches, size = 10, quotaOfFlood // a second
	for n := range f.seconds * batches {
		time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / batches)))
		ms := make([]bus.Message, size)
		for i := range ms {
			notice := benchNotice(f.poured%benchChildren, f.poured)
			notice.ID = fmt.Sprintf("flood-%d", f.poured)
			e, err := bus.NewEvent("urn:kith:agency:"+string(benchPolice), notice)
			if err == nil {
				ms[i], err = bus.Structured(e)
			}
			if err != nil {
				return err
			}
			f.poured++
		}
		if err := f.police.Publish(f.ctx, ms...); err != nil {
			return err
		}
	}
	return nil
}

func (f *flood) report() error {
	want := f.rate * f.seconds
	if len(f.quiet.all) != want || len(f.strong.all) != want {
		return fmt.Errorf("the others have %d and %d receipts, want %d", len(f.quiet.all), len(f.strong.all), want)
	}
	cond := conditions("what", fmt.Sprintf("three agencies offer %d/s, a fourth %d/s of which %d/s are taken", f.rate, 10*quotaOfFlood, quotaOfFlood))
	err := f.latencies("flood", "quiet_receipt_", f.quiet.all, cond)
	if err == nil {
		err = f.latencies("flood", "flooded_receipt_", f.strong.all, cond)
	}
	for _, m := range []measurement{
		{"flood", "others_events", float64(2 * want), "1", cond},
		{"flood", "flood_events", float64(f.poured), "1", cond},
		{"flood", "flood_taken_meanwhile", float64(f.within), "1", cond},
		{"flood", "flood_seconds", f.pouring.Seconds(), "s", cond},
		{"flood", "drained_after_seconds", f.drained.Seconds(), "s", cond},
		{"flood", "p50_ratio_to_quiet", percentile(f.strong.all, 0.5) / percentile(f.quiet.all, 0.5), "1", cond},
		{"flood", "p99_ratio_to_quiet", percentile(f.strong.all, 0.99) / percentile(f.quiet.all, 0.99), "1", cond},
	} {
		if err == nil {
			err = f.print(m)
		}
	}
	return err
}
