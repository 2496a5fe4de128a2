package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
)

// perStream is how many events a stream of this benchmark holds: a child's, as
// one agency knows it.
const perStream = 10

// stream grows a log and measures it at 100,000 events, at each ten times more,
// and at its end: reads of one stream of ten events, and appends.
func (b benchmark) stream(dir string) (err error) {
	l, err := sqlitelog.Open(b.ctx, filepath.Join(dir, "events.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	first := map[string]float64{}
	size := 0
	for target := min(100_000, b.events); ; target = min(target*10, b.events) {
		if size, err = b.grow(l, size, target); err != nil {
			return err
		}
		now, err := b.measure(l, size)
		if err != nil {
			return err
		}
		if len(first) == 0 {
			first = now
		}
		if size >= b.events {
			return b.grown(first, now, size)
		}
	}
}

// grow fills the log, many events in each transaction.
func (b benchmark) grow(l *sqlitelog.Log, size, target int) (int, error) {
	const streams = 200
	data := make([]byte, eventBytes)
	for size < target {
		ws := make([]store.Write, streams)
		for i := range ws {
			ws[i] = benchWrite(size/perStream+i, 0, perStream, data)
		}
		if _, err := l.Append(b.ctx, ws...); err != nil {
			return size, err
		}
		size += streams * perStream
	}
	return size, nil
}

// measure reads streams from all over the log and appends to new ones, one after
// the other, and prints percentiles of both.
func (b benchmark) measure(l *sqlitelog.Log, size int) (map[string]float64, error) {
	reads, appends := newTimes(), newTimes()
	for i := range b.reads {
		from := time.Now()
		n := 0
		for _, err := range l.Read(b.ctx, store.Stream(fmt.Sprint("subject-", rand.IntN(size/perStream))), 0) {
			if err != nil {
				return nil, err
			}
			n++
		}
		if n != perStream {
			return nil, fmt.Errorf("read %d events of %d", n, perStream)
		}
		reads.add(time.Since(from))
		from = time.Now()
		if _, err := l.Append(b.ctx, benchWrite(-1-i, size, 1, make([]byte, eventBytes))); err != nil {
			return nil, err
		}
		appends.add(time.Since(from))
	}
	cond := conditions("what", fmt.Sprintf("ten events of one stream out of %d; one appender, one event at a time", size), "events", fmt.Sprint(size))
	if err := b.latencies("stream", "read_", reads.all, cond); err != nil {
		return nil, err
	}
	if err := b.latencies("stream", "append_", appends.all, cond); err != nil {
		return nil, err
	}
	return map[string]float64{"read_p50": percentile(reads.all, 0.50), "read_p99": percentile(reads.all, 0.99),
		"append_p50": percentile(appends.all, 0.50), "append_p99": percentile(appends.all, 0.99)}, nil
}

func (b benchmark) grown(first, now map[string]float64, size int) error {
	for _, m := range []string{"read_p50", "read_p99", "append_p50", "append_p99"} {
		cond := conditions("what", fmt.Sprintf("%s with %d events against 100,000", m, size), "events", fmt.Sprint(size))
		if err := b.print(measurement{"stream", m + "_ratio_to_100k", now[m] / first[m], "x", cond}); err != nil {
			return err
		}
	}
	return nil
}
