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
)

var errNotAccepted = errors.New("not all of it was accepted")

// publishFiles sends CloudEvents over NATS as an agency's own client would, and
// waits for the answer to each.
func publishFiles(ctx context.Context, c *call) error {
	flags := c.asAgency()
	asJSON := c.flags.Bool("json", false, "each answer as one JSON object a line")
	path := c.flags.String("door", "", "the files are native records of this door of your edge, for example /encompass; what comes of them is published")
	kind := c.flags.String("kind", "", "with -door: kind of your agency; with -as not needed")
	source := c.flags.String("source", "", "with -door: your source; urn:kith:agency: and your id if not given")
	wait := c.flags.Duration("wait", 15*time.Second, "how long to wait for an answer")
	files, err := c.mixed()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return c.wrong("name files, for example: kith publish -as police event.json; - is standard input")
	}
	who, err := flags.who(c)
	if err != nil {
		return err
	}
	read := eventsIn
	if *path != "" {
		d := recordDoor{kind: events.AgencyKind(cmp.Or(*kind, *flags.as)), source: cmp.Or(*source, who.source, "urn:kith:agency:"+string(who.link.Agency))}
		if d.translate = doors(d.kind)[*path]; d.translate == nil {
			return c.wrong("-door must be one of your kind's, and -kind given where -as is not; of %s: %s", cmp.Or(string(d.kind), "no kind"), strings.Join(slices.Sorted(maps.Keys(doors(d.kind))), ", "))
		}
		read = d.eventsOf
	}
	a, err := bus.Connect(ctx, who.link)
	if err != nil {
		return err
	}
	defer a.Close()
	p := publisher{a, who, *wait, *asJSON, c}
	all := true
	for _, file := range files {
		raw, err := input(file)
		if err != nil {
			return err
		}
		ms, err := read(raw)
		if bad, ok := errors.AsType[*fault.Error](err); ok && *path != "" {
			untranslated(c, file, bad)
			all = false
			continue
		}
		if err != nil {
			return err
		}
		for _, m := range ms {
			good, err := p.publish(ctx, m)
			if err != nil {
				return err
			}
			all = all && good
		}
	}
	if !all {
		return errNotAccepted
	}
	return nil
}

type publisher struct {
	*bus.Agency
	who    actor
	wait   time.Duration
	asJSON bool
	*call
}

// publish sends one event and shows the answer. An event that has none stays the
// sender's to keep and to send again.
func (p publisher) publish(ctx context.Context, m bus.Message) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	a, err := p.Send(ctx, m)
	if errors.Is(err, context.DeadlineExceeded) {
		return false, fmt.Errorf("no answer within %v: keep the event and send it again, which does no harm; is the hub running, and NATS at %s", p.wait, p.who.link.URL)
	}
	if err != nil {
		return false, err
	}
	if a.Receipt != nil && p.who.verifier != "" {
		if err := bus.Verify(p.who.verifier, *a.Receipt); err != nil {
			return false, err
		}
	}
	if p.asJSON {
		return a.Receipt != nil, json.NewEncoder(p.out).Encode(a)
	}
	showAnswer(p.call, a, p.who.verifier != "")
	return a.Receipt != nil, nil
}

func showAnswer(c *call, a bus.Answer, verified bool) {
	if a.Refusal != nil {
		fmt.Fprintf(c.out, "refused %s\n", a.Refusal.ID)
		complaints(c, a.Refusal.Problems)
		return
	}
	note := ""
	if verified {
		note = ", its signature verified"
	}
	fmt.Fprintf(c.out, "accepted %s at position %d%s\n%s", a.Receipt.ID, a.Receipt.Position, note, a.Receipt.Note)
}

// recordDoor makes events of native records, as an edge does.
type recordDoor struct {
	kind      events.AgencyKind
	source    string
	translate translator
}

func (d recordDoor) eventsOf(record []byte) ([]bus.Message, error) {
	ns, err := d.translate(record)
	if err == nil {
		err = onlyAtEdge(ns)
	}
	if err != nil {
		return nil, err
	}
	var ms []bus.Message
	for _, n := range ns {
		e, err := bus.NewEvent(d.source, n)
		if err != nil {
			return nil, err
		}
		m, err := bus.Structured(e)
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// onlyAtEdge refuses what only an outbox can make an event of.
func onlyAtEdge(ns []events.Notice) error {
	bad := &fault.Error{Kind: fault.Invalid, Text: "The record does not fit; see the places named."}
	for _, n := range ns {
		if len(n.Void) > 0 {
			bad.At = append(bad.At, fault.Place{Pointer: n.Version.At, Detail: "Hand this in at your edge: it withdraws what was entered in error, for its outbox knows what was said of it before."})
		}
	}
	if len(bad.At) == 0 {
		return nil
	}
	return bad
}

// untranslated says of a record, of which nothing was sent, what is wrong.
func untranslated(c *call, file string, bad *fault.Error) {
	fmt.Fprintf(c.err, "%s: nothing was sent: %s\n", file, bad.Text)
	for _, p := range bad.At {
		fmt.Fprintf(c.err, "  %s  %s\n", at(p), p.Detail)
	}
}
