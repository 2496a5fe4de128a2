package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kith/events"
	"kith/services/fault"
	"kith/services/internal/edge"
)

// standing is what an agency's outbox holds that somebody may have to see to.
type standing struct {
	edge.Waiting
	Refused  []edge.Refused  `json:"refused"`
	Unread   []edge.Unread   `json:"unread"`
	Accepted []edge.Accepted `json:"accepted"` // the last of what stands
}

// outbox shows an agency what waits, what the hub refused, what could not be
// translated and what the hub accepted last, and lets somebody put it right or take
// it back.
func outbox(ctx context.Context, c *call) error {
	data := c.flags.String("data", "", "the agency's folder, as its configuration names it")
	asJSON := c.flags.Bool("json", false, "as JSON")
	verb := ""
	if len(c.args) > 0 && !strings.HasPrefix(c.args[0], "-") {
		verb, c.args = c.args[0], c.args[1:]
	}
	last := c.flags.Int("last", 20, "how many of those that the hub accepted list shows, the newest first")
	reason := c.flags.String("reason", "", "why an event is withdrawn: "+strings.Join(reasons(), ", "))
	note := c.flags.String("note", "", "file with more of why, or - for standard input; never on the command line, which others can read")
	args, err := c.mixed()
	if err != nil {
		return err
	}
	if *data == "" || verb == "" {
		return c.wrong("say what to do and where, for example: kith outbox list -data data")
	}
	b, err := edge.OpenBox(ctx, filepath.Join(*data, "outbox.db"))
	if err != nil {
		return err
	}
	defer b.Close()
	switch {
	case verb == "list" && len(args) == 0:
		return listOutbox(ctx, c, b, *last, *asJSON)
	case verb == "show" && len(args) == 1:
		return showKept(ctx, c, b, args[0])
	case verb == "correct" && len(args) == 2:
		return correct(ctx, c, b, args[0], args[1])
	case verb == "withdraw" && len(args) == 1:
		return withdraw(ctx, c, b, args[0], *reason, *note)
	case verb == "drop" && len(args) == 1:
		return dropKept(ctx, b, args[0])
	}
	return c.wrong("kith outbox list, show NUMBER, correct NUMBER FILE, correct ID FILE, withdraw ID -reason CODE or drop NUMBER")
}

func stand(ctx context.Context, b *edge.Box, last int) (s standing, err error) {
	if s.Waiting, err = b.Waiting(ctx); err != nil {
		return s, err
	}
	if s.Refused, err = b.Refused(ctx); err != nil {
		return s, err
	}
	if s.Unread, err = b.Unread(ctx); err != nil {
		return s, err
	}
	s.Accepted, err = b.Accepted(ctx, last)
	return s, err
}

// listOutbox shows no content: what was said about whom is for show.
func listOutbox(ctx context.Context, c *call, b *edge.Box, last int, asJSON bool) error {
	s, err := stand(ctx, b, last)
	if err != nil {
		return err
	}
	for i := range s.Refused {
		s.Refused[i].Body = nil
	}
	for i := range s.Unread {
		s.Unread[i].Body = nil
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(s)
	}
	fmt.Fprintf(c.out, "%d events wait for the hub's answer%s\n", s.Depth, since(s.Oldest))
	for _, r := range s.Refused {
		fmt.Fprintf(c.out, "e%d  refused by the hub, handed in %s%s\n", r.Number, r.KeptAt.Format(time.RFC3339), corrected(r))
		complaints(c, r.Problems)
	}
	for _, u := range s.Unread {
		fmt.Fprintf(c.out, "r%d  could not be translated by %s, handed in %s\n", u.Number, u.Door, u.KeptAt.Format(time.RFC3339))
		for _, p := range u.Places {
			fmt.Fprintf(c.out, "      %s  %s\n", at(p), p.Detail)
		}
	}
	if len(s.Refused)+len(s.Unread) > 0 {
		fmt.Fprintf(c.out, "see one: kith outbox show -data … NUMBER; put an event right: kith outbox correct -data … NUMBER FILE; a record: hand it in again, corrected, and drop it here\n")
	}
	for _, a := range s.Accepted {
		fmt.Fprintf(c.out, "%s  accepted %s at position %d, %s, digest %s\n", a.ID, a.At.Format(time.RFC3339), a.Position, a.Type, a.Digest)
	}
	if len(s.Accepted) > 0 {
		fmt.Fprintf(c.out, "what an accepted event said is not kept here; put one right: kith outbox correct -data … ID FILE; take one back: kith outbox withdraw -data … ID -reason CODE\n")
	}
	return nil
}

func at(p fault.Place) string {
	if p.Pointer == "" {
		return "as a whole"
	}
	return p.Pointer
}

func since(t *time.Time) string {
	if t == nil {
		return ""
	}
	return ", the oldest since " + t.Format(time.RFC3339)
}

func corrected(r edge.Refused) string {
	if r.Corrected {
		return "; another was sent in its place and waits"
	}
	return ""
}

func complaints(c *call, ps []events.Complaint) {
	for _, p := range ps {
		fmt.Fprintf(c.out, "      %s  %s\n", at(fault.Place{Pointer: p.Pointer}), p.Detail)
	}
}

// showKept prints an event or record as it is, to be put right in a file.
func showKept(ctx context.Context, c *call, b *edge.Box, number string) error {
	s, err := stand(ctx, b, 0)
	if err != nil {
		return err
	}
	for _, r := range s.Refused {
		if number == fmt.Sprint("e", r.Number) {
			_, err := fmt.Fprintln(c.out, string(r.Body))
			return err
		}
	}
	for _, u := range s.Unread {
		if number == fmt.Sprint("r", u.Number) {
			_, err := c.out.Write(u.Body)
			return err
		}
	}
	return fmt.Errorf("there is no %s; kith outbox list shows what there is", number)
}

func dropKept(ctx context.Context, b *edge.Box, number string) error {
	if n, ok := numberIn("e", number); ok {
		return b.Drop(ctx, n)
	}
	if n, ok := numberIn("r", number); ok {
		return b.DropUnread(ctx, n)
	}
	return fmt.Errorf("%s is no number of an event, e1, or of a record, r1", number)
}

func numberIn(kind, s string) (int64, bool) {
	rest, ok := strings.CutPrefix(s, kind)
	n, err := strconv.ParseInt(rest, 10, 64)
	return n, ok && err == nil
}
