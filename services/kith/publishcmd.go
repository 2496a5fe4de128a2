package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kith/events/bus"
)

var errNotAccepted = errors.New("not all of it was accepted")

// publishFiles sends CloudEvents over NATS as an agency's own client would, and
// waits for the answer to each.
func publishFiles(ctx context.Context, c *call) error {
	flags := c.asAgency()
	asJSON := c.flags.Bool("json", false, "each answer as one JSON object a line")
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
		ms, err := eventsIn(raw)
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
