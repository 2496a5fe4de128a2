package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/services/fault"
	"kith/services/intake"
)

// verdict is what would become of one event or record.
type verdict struct {
	File     string             `json:"file"`
	Event    int                `json:"event"` // its number in the file, from 1
	Type     string             `json:"type,omitempty"`
	Good     bool               `json:"good"`
	Problems []events.Complaint `json:"problems,omitempty"`
}

var errNotGood = errors.New("the hub would not accept all of it")

// validateFiles says offline what the hub, or a door, would say about files.
func validateFiles(_ context.Context, c *call) error {
	kind := c.flags.String("kind", "", "kind of your agency: police, health, education or socialcare; that of the type if not given")
	source := c.flags.String("source", "", "your source; any if not given")
	independent := c.flags.Bool("independent", false, "your agency is registered as no public authority: docs/lawful-basis.md says what that opens")
	at := c.flags.String("door", "", "the files are native records of this door, for example /encompass; -kind is needed with it")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	files, err := c.mixed()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return c.wrong("name files, for example: kith validate event.json; - is standard input")
	}
	k := events.AgencyKind(*kind)
	if *kind != "" && !knownKind(k) || *at != "" && *kind == "" {
		return c.wrong("-kind must be police, health, education or socialcare")
	}
	v := validator{kind: k, source: *source}
	if *independent {
		v.body = events.IndependentBody
	}
	if *at != "" {
		if v.door = doors(k)[*at]; v.door == nil {
			return c.wrong("-door must be one of %s", strings.Join(slices.Sorted(maps.Keys(doors(k))), ", "))
		}
	}
	good := true
	for _, file := range files {
		raw, err := input(file)
		if err != nil {
			return err
		}
		for i, r := range v.judge(raw) {
			r.File, r.Event = file, i+1
			good = good && r.Good
			if err := r.print(c, *asJSON); err != nil {
				return err
			}
		}
	}
	if !good {
		return errNotGood
	}
	return nil
}

// validator knows for whom it judges.
type validator struct {
	kind   events.AgencyKind
	source string
	body   events.Body
	door   translator
}

func (v validator) judge(raw []byte) []verdict {
	if v.door != nil {
		return v.record(raw)
	}
	ms, err := eventsIn(raw)
	if err != nil {
		return []verdict{unreadable(err)}
	}
	var all []verdict
	for _, m := range ms {
		all = append(all, v.event(m))
	}
	return all
}

func unreadable(err error) verdict {
	if bad, ok := errors.AsType[*bus.Malformed](err); ok {
		return verdict{Problems: bad.Problems}
	}
	return verdict{Problems: []events.Complaint{{Code: intake.Malformed, Detail: "must be one CloudEvent in JSON, or a list of them"}}}
}

func (v validator) event(m bus.Message) verdict {
	var r verdict
	kind, source := v.kind, v.source
	if e, err := bus.Decode(m); err == nil {
		r.Type, source = e.Type(), cmp.Or(v.source, e.Source())
		if f := events.AgencyKind(events.Type(e.Type()).Family()); kind == "" && knownKind(f) {
			kind = f
		}
	}
	if kind == "" {
		kind = events.KindHealth // the only one that may send what is not ours
	}
	r.Problems = intake.CheckMessage(events.Agency{Kind: kind, Source: source, Body: v.body}, m, foreign, time.Now())
	r.Good = len(r.Problems) == 0
	return r
}

// record judges a native record, and then each event that comes of it.
func (v validator) record(raw []byte) []verdict {
	ns, err := v.door(raw)
	if err == nil {
		err = onlyAtEdge(ns)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		r := verdict{}
		for _, p := range f.At {
			r.Problems = append(r.Problems, events.Complaint{Code: string(f.Kind), Pointer: p.Pointer, Detail: p.Detail})
		}
		if len(f.At) == 0 {
			r.Problems = []events.Complaint{{Code: string(f.Kind), Detail: f.Text}}
		}
		return []verdict{r}
	}
	all := []verdict{}
	for _, n := range ns {
		e, err := bus.NewEvent("urn:kith:agency:yours", n)
		if err != nil {
			return []verdict{unreadable(err)}
		}
		m, err := bus.Structured(e)
		if err != nil {
			return []verdict{unreadable(err)}
		}
		all = append(all, v.event(m))
	}
	return all
}

func (r verdict) print(c *call, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(c.out).Encode(r)
	}
	if r.Good {
		_, err := fmt.Fprintf(c.out, "%s: event %d is good, %s\n", r.File, r.Event, r.Type)
		return err
	}
	fmt.Fprintf(c.out, "%s: event %d would be refused\n", r.File, r.Event)
	for _, p := range r.Problems {
		fmt.Fprintf(c.out, "  %-14s %s  %s\n", p.Code, at(fault.Place{Pointer: p.Pointer}), p.Detail)
	}
	return nil
}
