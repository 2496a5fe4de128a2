package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"kith/events/bus"
)

// listenInbox shows what comes into an agency's inbox from now on.
func listenInbox(ctx context.Context, c *call) error { return watchInbox(ctx, c, false) }

// replay shows what the inbox holds, from its beginning to its end.
func replay(ctx context.Context, c *call) error { return watchInbox(ctx, c, true) }

func watchInbox(ctx context.Context, c *call, past bool) error {
	flags := c.asAgency()
	asJSON := c.flags.Bool("json", false, "each message as the CloudEvent that it is, one a line")
	rest, err := c.mixed()
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return c.wrong("there is nothing to name but flags")
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
	n := 0
	err = a.Watch(ctx, past, func(e event.Event) error { n++; return showMessage(c, e, *asJSON) })
	if err == nil && past && n == 0 && !*asJSON {
		fmt.Fprintln(c.out, "the inbox is empty")
	}
	return err
}

// showMessage prints one message of the inbox.
func showMessage(c *call, e event.Event, asJSON bool) error {
	if asJSON {
		m, err := bus.Structured(e)
		if err == nil {
			_, err = fmt.Fprintln(c.out, string(m.Body))
		}
		return err
	}
	if a, err := bus.AnswerOf(e); err == nil {
		showAnswer(c, a, false)
		return nil
	}
	fmt.Fprintf(c.out, "%s %s\n", e.Time().Format(time.RFC3339), e.Type())
	var data map[string]json.RawMessage
	if json.Unmarshal(e.Data(), &data) == nil {
		fmt.Fprintf(c.out, "  %s\n", e.Data())
	}
	return nil
}
