package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"kith/events/store"
	"kith/services/internal/telemetry"
)

// measurement is one line of what a benchmark prints with -json.
type measurement struct {
	Bench      string            `json:"bench"`
	Metric     string            `json:"metric"`
	Value      float64           `json:"value"`
	Unit       string            `json:"unit"`
	Conditions map[string]string `json:"conditions"`
}

// bench measures this machine. Everything is real: embedded NATS that syncs
// every message, SQLite that syncs every commit, HTTP on loopback.
func bench(ctx context.Context, c *call) error {
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	seconds := c.flags.Int("seconds", 15, "how long to offer events (ingest, flood), or to append in all turns of one contender (append)")
	rate := c.flags.Int("rate", 200, "events offered a second; 0: as many as can be sustained (ingest); not 0 (flood)")
	reads := c.flags.Int("reads", 500, "how many times to read each view (view), streams at each size (stream), or to ask of a hidden or absent child on each route (existence; 20000 for a figure)")
	events := c.flags.Int("events", 1_000_000, "how many events the log shall hold in the end (stream, rebuild, recover)")
	filled := c.flags.Int("filled", 0, "how many events of other children the log holds before (ingest, view)")
	profile := c.flags.String("cpuprofile", "", "file to write a CPU profile to")
	nats := c.flags.String("nats", "", "address of NATS (pour, which flood starts)")
	creds := c.flags.String("creds", "", "credentials file of who floods (pour)")
	from := c.flags.Int("from", 0, "number of the first event (pour)")
	dir := c.flags.String("dir", "", "folder on the disk to measure; a temporary one if none is named")
	if len(c.args) == 0 || strings.HasPrefix(c.args[0], "-") {
		if err := c.flags.Parse(c.args); err != nil {
			return err
		}
		return c.wrong("say what to measure: kith bench append, decide, decode, existence, flood, ingest, rebuild, recover, stream or view")
	}
	name := c.args[0]
	c.args = c.args[1:]
	if err := c.parse(); err != nil {
		return err
	}
	tel, err := telemetry.Start(ctx, "kith-bench")
	if err != nil {
		return err
	}
	b := benchmark{ctx: ctx, tel: tel, print: printer(c.out, *asJSON), seconds: *seconds, rate: *rate, reads: *reads, events: *events, filled: *filled}
	run := map[string]func(dir string) error{"append": b.append, "stream": b.stream, "rebuild": b.rebuilt, "recover": b.recovery, "flood": b.flooded, "decode": b.decode, "decide": b.decide,
		"ingest": b.onPartnership(b.ingest), "view": b.onPartnership(b.view), "existence": b.onPartnership(b.existence),
		"pour": func(string) error { return b.pours(c.out, *nats, *creds, *from) }}[name]
	if run == nil {
		return c.wrong("there is no benchmark %q: append, decide, decode, existence, flood, ingest, rebuild, recover, stream or view", name)
	}
	stop, err := profileTo(*profile)
	if err != nil {
		return err
	}
	defer stop()
	return b.in(*dir, run)
}

// profileTo writes a CPU profile until it is stopped, if a file is named.
func profileTo(name string) (stop func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

// benchmark is one run.
type benchmark struct {
	ctx           context.Context
	tel           *telemetry.Telemetry
	print         func(measurement) error
	seconds, rate int
	reads, events int
	filled        int
}

// in runs f in a folder of its own.
func (b benchmark) in(dir string, f func(dir string) error) error {
	dir, err := os.MkdirTemp(dir, "kith-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return f(dir)
}

// onPartnership runs f on a partnership that nobody else uses, over what it
// recorded before.
func (b benchmark) onPartnership(f func(*demonstration) error) func(dir string) error {
	return func(dir string) error {
		last, err := b.fill(filepath.Join(dir, "hub"))
		if err != nil {
			return fmt.Errorf("fill the log: %w", err)
		}
		d, err := openNorthshire(b.ctx, dir, b.tel)
		if err != nil {
			return err
		}
		defer d.close()
		for b.ctx.Err() == nil && d.hub.caughtUp(b.ctx, last) != nil { // it builds the read models
		}
		return f(d)
	}
}

// fill writes what was recorded before, if anything, about a hundredth as many children.
func (b benchmark) fill(dir string) (store.Position, error) {
	if b.filled == 0 {
		return 0, nil
	}
	return fill(b.ctx, dir, b.filled, max(1, b.filled/100))
}

// conditions are what a figure is worth nothing without.
func conditions(more ...string) map[string]string {
	m := map[string]string{
		"cpus": fmt.Sprint(runtime.GOMAXPROCS(0)), "os": runtime.GOOS + "/" + runtime.GOARCH, "go": runtime.Version(),
		"store": "SQLite, fsync before every acknowledgement", "bus": "embedded NATS, file storage, sync always",
	}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// printer writes measurements as JSON lines or as a table to read.
func printer(w io.Writer, asJSON bool) func(measurement) error {
	if asJSON {
		e := json.NewEncoder(w)
		return func(m measurement) error { return e.Encode(m) }
	}
	return func(m measurement) error {
		_, err := fmt.Fprintf(w, "%-8s %-20s %10.2f %-4s %s\n", m.Bench, m.Metric, m.Value, m.Unit, m.Conditions["what"])
		return err
	}
}

// latencies prints percentiles of a set of durations, in milliseconds. The prefix
// tells one set of a benchmark from another.
func (b benchmark) latencies(name, prefix string, ds []time.Duration, cond map[string]string) error {
	for _, p := range []struct {
		metric string
		of     float64
	}{{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1}} {
		if err := b.print(measurement{name, prefix + p.metric, percentile(ds, p.of), "ms", cond}); err != nil {
			return err
		}
	}
	return nil
}

// percentile is in milliseconds. It sorts what it is given.
func percentile(ds []time.Duration, of float64) float64 {
	slices.Sort(ds)
	at := max(0, int(of*float64(len(ds))+0.5)-1)
	return float64(ds[at]) / float64(time.Millisecond)
}
