package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/intake"
	"kith/services/kith/families"
)

// decode measures, on one core, what a record costs between its door and the
// log: the translation into an event of each door that the families' records
// come through, and what intake does with the event before it touches the store.
func (b benchmark) decode(string) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	steps, err := families.Load(time.Now().UTC())
	if err != nil {
		return err
	}
	kinds := map[events.AgencyID]events.Agency{}
	for _, a := range northshire() {
		kinds[a.ID] = a
	}
	seen := map[string]decoded{}
	for _, s := range steps {
		d, err := newDecoded(kinds[s.Agency], s)
		if err != nil {
			return err
		}
		if was, there := seen[d.name]; !there || d.off() < was.off() {
			seen[d.name] = d
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if err := b.decodeOne(seen[name]); err != nil {
			return err
		}
	}
	return b.kibibyte(slices.MinFunc(slices.Collect(maps.Values(seen)), func(a, b decoded) int { return cmp.Compare(a.off(), b.off()) }))
}

// decoded is one record, and the events that its door makes of it.
type decoded struct {
	name      string
	agency    events.Agency
	translate translator
	record    []byte
	notices   int
	bytes     int // of all its events
}

func newDecoded(a events.Agency, s families.Step) (decoded, error) {
	d := decoded{name: string(a.Kind) + "_" + strings.Trim(s.Door, "/"), agency: a, translate: doors(a.Kind)[s.Door], record: s.Record}
	ms, err := d.messages()
	for _, m := range ms {
		d.bytes += len(m.Body)
	}
	d.notices = len(ms)
	return d, err
}

// off is how far its events are from 1 KiB: of the records of a door the nearest
// is measured.
func (d decoded) off() int {
	n := d.bytes/max(d.notices, 1) - 1<<10
	return max(n, -n)
}

func (d decoded) messages() ([]bus.Message, error) {
	ns, err := d.translate(d.record)
	if err != nil {
		return nil, err
	}
	ms := make([]bus.Message, len(ns))
	for i, n := range ns {
		e, err := bus.NewEvent(d.agency.Source, n)
		if err == nil {
			ms[i], err = bus.Structured(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return ms, nil
}

var errRefused = errors.New("intake would refuse a record of the families")

// validate is what intake does before it touches the store.
func validate(k events.AgencyKind, m bus.Message) error {
	e, err := bus.Decode(m)
	if err == nil && len(intake.Check(k, events.Type(e.Type()), e.Data())) > 0 {
		err = errRefused
	}
	return err
}

func (b benchmark) decodeOne(d decoded) error {
	ms, err := d.messages()
	if err != nil {
		return err
	}
	all := func() error {
		for _, m := range ms {
			if err := validate(d.agency.Kind, m); err != nil {
				return err
			}
		}
		return nil
	}
	cond := conditions("what", fmt.Sprintf("%s: a record of %d bytes, %d events of %d bytes together", d.name, len(d.record), d.notices, d.bytes), "core", "one")
	return b.each(cond, map[string]func() error{
		d.name + "_translate": func() error { _, err := d.messages(); return err },
		d.name + "_validate":  all,
	})
}

// kibibyte measures the whole way of an event of about 1 KiB, the nearest that
// the families have: from the record to the event in the outbox, and from there
// to what would be stored.
func (b benchmark) kibibyte(d decoded) error {
	m, err := d.messages()
	if err != nil {
		return err
	}
	cond := conditions("what", fmt.Sprintf("%s: a record of %d bytes, an event of %d", d.name, len(d.record), d.bytes), "core", "one")
	return b.each(cond, map[string]func() error{
		"1KiB_translate": func() error { _, err := d.messages(); return err },
		"1KiB_validate":  func() error { return validate(d.agency.Kind, m[0]) },
		"1KiB_both": func() error {
			ms, err := d.messages()
			if err != nil {
				return err
			}
			return validate(d.agency.Kind, ms[0])
		},
	})
}

// each measures some things, by name: the median of rounds of a hundred.
func (b benchmark) each(cond map[string]string, do map[string]func() error) error {
	const rounds, times = 30, 100
	for _, name := range slices.Sorted(maps.Keys(do)) {
		took := make([]time.Duration, rounds)
		for r := range took {
			start := time.Now()
			for range times {
				if err := do[name](); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			took[r] = time.Since(start) / times
		}
		slices.Sort(took)
		us := float64(took[rounds/2]) / float64(time.Microsecond)
		if err := b.print(measurement{"decode", name, us, "us", cond}); err != nil {
			return err
		}
	}
	return nil
}
