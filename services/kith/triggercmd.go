package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
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
	old := c.flags.String("supersedes", "", "id of an earlier event of yours that this one puts right or withdraws")
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
	e, err := sampleEvent(t, cmp.Or(*source, "urn:kith:agency:yours"), cmp.Or(*id, "sample-"+strings.ToLower(rand.Text())), *old, time.Now())
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

// sampleEvent wraps the golden example of a type in a CloudEvent, as if it had
// been written down yesterday.
func sampleEvent(t events.Type, source, id, supersedes string, now time.Time) (string, error) {
	data, ok := events.Example(t)
	path, known := schemas.For(string(t))
	if !ok || !known {
		return "", fmt.Errorf("there is no example of %s", t)
	}
	var about struct{ OccurredAt, RecordedAt time.Time }
	if err := json.Unmarshal(data, &about); err != nil {
		return "", err
	}
	days := int(now.AddDate(0, 0, -1).Sub(about.RecordedAt).Hours() / 24)
	data = moved(data, days)
	e := event.New()
	e.SetID(id)
	e.SetSource(source)
	e.SetType(string(t))
	e.SetTime(about.OccurredAt.UTC().AddDate(0, 0, days))
	e.SetDataContentType("application/json")
	e.SetDataSchema(schemas.Base + path)
	e.DataEncoded = data
	if strings.HasSuffix(string(t), ".withdrawal.v1") {
		supersedes = cmp.Or(supersedes, "id-of-the-event-to-withdraw")
	}
	if supersedes != "" {
		e.SetExtension("supersedes", supersedes)
	}
	m, err := bus.Structured(e)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = json.Indent(&out, m.Body, "", "  ")
	return out.String(), err
}

var dated = regexp.MustCompile(`"(\w+)":\s*"(\d{4}-\d{2}-\d{2})[T"]`)

// moved puts every day in an example some days later, dates of birth excepted: by
// the clock of whoever tries it an example of the future would be refused, and one
// of long ago stands where nobody looks.
func moved(data []byte, days int) []byte {
	var b []byte
	last := 0
	for _, at := range dated.FindAllSubmatchIndex(data, -1) {
		name, day := string(data[at[2]:at[3]]), string(data[at[4]:at[5]])
		d, err := time.Parse(time.DateOnly, day)
		if err != nil || name == "dateOfBirth" {
			continue
		}
		b = append(append(b, data[last:at[4]]...), d.AddDate(0, 0, days).Format(time.DateOnly)...)
		last = at[5]
	}
	return append(b, data[last:]...)
}
