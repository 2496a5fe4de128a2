package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kith/events"
	"kith/events/bus"
	"kith/events/store"
	sqlitelog "kith/events/store/sqlite"
	"kith/services/internal/sqlite"
)

// contender is one way to put events of 1 KiB on stable storage. Its run goes on
// until a moment and answers how many were acknowledged.
type contender struct {
	name, what string
	run        func(ctx context.Context, dir string, until time.Time) (int, error)
}

// ours is the name of the log that everything else is compared with.
const ours = "kith"

const (
	appenders  = 64
	eventBytes = 1024
	rawRows    = 256
	rounds     = 3 // each contender has its turn in each, so that a slow minute of the disk strikes all
)

func contenders() []contender {
	return []contender{
		{ours, "the event log, 64 appenders, one event each", appendOurs},
		{"raw_sqlite", "SQLite, 256 rows in each transaction, the same table, nothing looked up", appendRaw},
		{"jetstream_single", "JetStream, sync always, 64 publishers, one message each", publishSingly},
		{"jetstream_batch", "JetStream, sync always, atomic batches of 256", publishBatches},
	}
}

// append compares the event log with what lies beneath and beside it.
func (b benchmark) append(dir string) error {
	cs := contenders()
	if pg, ok := findPostgreSQL(); ok {
		cs = append(cs, contender{"postgresql", "PostgreSQL " + pg.version + ", pgbench, 32 clients, one INSERT each", pg.run})
	} else {
		fmt.Fprintln(os.Stderr, "kith bench: PostgreSQL is not installed here, so there is nothing to compare with")
	}
	rates := map[string][]float64{}
	for range rounds {
		for _, c := range cs {
			r, err := b.turn(c, dir)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			rates[c.name] = append(rates[c.name], r)
		}
	}
	return b.appended(cs, rates)
}

func (b benchmark) turn(c contender, dir string) (float64, error) {
	dir, err := os.MkdirTemp(dir, c.name+"-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	n, err := c.run(b.ctx, dir, start.Add(time.Duration(b.seconds)*time.Second/rounds))
	return float64(n) / time.Since(start).Seconds(), err
}

// appended prints the middle one of each contender's turns, and what ours is to
// the others.
func (b benchmark) appended(cs []contender, rates map[string][]float64) error {
	middle := func(name string) float64 {
		rs := slices.Sorted(slices.Values(rates[name]))
		return rs[len(rs)/2]
	}
	for _, c := range cs {
		cond := conditions("what", c.what, "event_bytes", fmt.Sprint(eventBytes), "turns", fmt.Sprint(rates[c.name]))
		metric := "events_per_second"
		if c.name != ours {
			metric = c.name + "_" + metric
		}
		if err := b.print(measurement{"append", metric, middle(c.name), "1/s", cond}); err != nil {
			return err
		}
	}
	for _, c := range cs[1:] {
		cond := conditions("what", "the event log against: "+c.what)
		if err := b.print(measurement{"append", "ratio_to_" + c.name, middle(ours) / middle(c.name), "x", cond}); err != nil {
			return err
		}
	}
	return nil
}

// crowd has n at the same time do something until a moment, and counts.
func crowd(n int, until time.Time, do func(i int) error) (int, error) {
	var done atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, n)
	for w := range n {
		wg.Go(func() {
			for i := w; time.Now().Before(until) && errs[w] == nil; i += n {
				if errs[w] = do(i); errs[w] == nil {
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(done.Load()), errors.Join(errs...)
}

func appendOurs(ctx context.Context, dir string, until time.Time) (n int, err error) {
	l, err := sqlitelog.Open(ctx, filepath.Join(dir, "events.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	data := make([]byte, eventBytes)
	return crowd(appenders, until, func(i int) error {
		_, err := l.Append(ctx, benchWrite(i/10, i%10, 1, data))
		return err
	})
}

// benchWrite adds events to one of many streams.
func benchWrite(stream, from, events int, data []byte) store.Write {
	w := store.Write{Stream: store.Stream(fmt.Sprint("subject-", stream)), Expect: store.Any,
		Cause: store.Cause{By: "bench", For: "bench", Because: fmt.Sprint("bench-", stream, "-", from)}}
	for i := range events {
		w.Entries = append(w.Entries, store.Entry{ID: store.NewEventID(w.Stream, w.Cause.Because, "bench.v1", i), Type: "bench.v1", Data: data})
	}
	return w
}

// appendRaw is as fast as SQLite goes with the same table and indexes: the transaction
// that our committer makes of those who wait, without anybody waiting.
func appendRaw(ctx context.Context, dir string, until time.Time) (n int, err error) {
	db, err := sqlite.Open(ctx, filepath.Join(dir, "raw.db"), sqlite.Durable)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Migrate(ctx, `CREATE TABLE events (position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stream TEXT NOT NULL, revision INTEGER NOT NULL,
		type TEXT NOT NULL, at INTEGER NOT NULL, cause TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (stream, revision)) STRICT`)
	for err == nil && time.Now().Before(until) {
		if err = rawTransaction(ctx, db, n); err == nil {
			n += rawRows
		}
	}
	return n, err
}

func rawTransaction(ctx context.Context, db *sqlite.DB, from int) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	s, err := tx.PrepareContext(ctx, `INSERT INTO events VALUES (?, ?, ?, ?, 'bench.v1', ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer s.Close()
	data := make([]byte, eventBytes)
	for i := from; i < from+rawRows; i++ {
		id := uuid.New()
		if _, err := s.ExecContext(ctx, i+1, id[:], fmt.Sprint("subject-", i/10), i%10+1, time.Now().UnixNano(), `{"by":"bench","for":"bench","because":"bench"}`, data); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func publishSingly(ctx context.Context, dir string, until time.Time) (int, error) {
	return publishing(ctx, dir, appenders, 1, until)
}

func publishBatches(ctx context.Context, dir string, until time.Time) (int, error) {
	n, err := publishing(ctx, dir, 1, rawRows, until)
	return n * rawRows, err
}

// publishing publishes batches to a stream of an agency that nobody consumes.
func publishing(ctx context.Context, dir string, publishers, batch int, until time.Time) (int, error) {
	nats, err := bus.Start(bus.Options{Dir: dir, Agencies: []events.AgencyID{benchPolice}})
	if err != nil {
		return 0, err
	}
	defer nats.Shutdown()
	h, err := bus.ConnectHub(ctx, []bus.Link{{URL: nats.URL(), Creds: nats.HubCreds(benchPolice), Agency: benchPolice}})
	if err != nil {
		return 0, err
	}
	defer h.Close()
	a, err := bus.Connect(ctx, bus.Link{URL: nats.URL(), Creds: nats.Creds(benchPolice), Agency: benchPolice})
	if err != nil {
		return 0, err
	}
	defer a.Close()
	ms := make([]bus.Message, batch)
	for i := range ms {
		ms[i] = bus.Message{Header: map[string][]string{"Content-Type": {"application/cloudevents+json"}}, Body: make([]byte, eventBytes)}
	}
	return crowd(publishers, until, func(int) error { return a.Publish(ctx, ms...) })
}
