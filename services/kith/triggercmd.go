package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events"
	"kith/events/bus"
	"kith/schemas"
)

// trigger prints a valid event of a type, about invented people, to begin with.
func trigger(_ context.Context, c *call) error {
	flags := c.asAgency()
	source := c.flags.String("source", "", "your source; that of the demonstration's agency with -as")
	id := c.flags.String("id", "", "id of the event; a new one if not given")
	args, err := c.mixed()
	if err != nil {
		return err
	}
	if len(args) != 1 {
		return c.wrong("name a type:\n  %s", strings.Join(factTypes(), "\n  "))
	}
	t := fullType(args[0])
	if t == "" {
		return c.wrong("%q is none of the types:\n  %s", args[0], strings.Join(factTypes(), "\n  "))
	}
	if *source == "" && *flags.as != "" {
		who, err := flags.who(c)
		if err != nil {
			return err
		}
		*source = who.source
	}
	e, err := sampleEvent(t, cmp.Or(*source, "urn:kith:agency:yours"), cmp.Or(*id, "sample-"+strings.ToLower(rand.Text())))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, e)
	return err
}

func factTypes() []string {
	var ts []string
	for t := range events.FactTypes() {
		ts = append(ts, string(t))
	}
	slices.Sort(ts)
	return ts
}

// fullType completes police.missing-episode to the newest version of its type.
func fullType(s string) events.Type {
	var found events.Type
	for _, t := range factTypes() {
		if t == s || strings.HasPrefix(t, "uk.kith."+s+".v") {
			found = events.Type(t)
		}
	}
	return found
}

// sampleEvent wraps the golden example of a type in a CloudEvent.
func sampleEvent(t events.Type, source, id string) (string, error) {
	data, ok := events.Example(t)
	path, known := schemas.For(string(t))
	if !ok || !known {
		return "", fmt.Errorf("there is no example of %s", t)
	}
	var about struct{ OccurredAt time.Time }
	if err := json.Unmarshal(data, &about); err != nil {
		return "", err
	}
	e := event.New()
	e.SetID(id)
	e.SetSource(source)
	e.SetType(string(t))
	e.SetTime(about.OccurredAt.UTC())
	e.SetDataContentType("application/json")
	e.SetDataSchema(schemas.Base + path)
	e.DataEncoded = data
	m, err := bus.Structured(e)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = json.Indent(&out, m.Body, "", "  ")
	return out.String(), err
}
