package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"kith/services/internal/edge"
)

// lost tells an agency what a hub that was restored does not know any more.
func lost(ctx context.Context, c *call) error {
	data := c.flags.String("data", "", "the agency's folder, as its configuration names it")
	after := c.flags.Uint64("after", 0, "the position to which the hub was restored, as kith restore said")
	forget := c.flags.Bool("forget", false, "let go of these receipts, so that the same records can be handed in again")
	asJSON := c.flags.Bool("json", false, "one receipt a line, as JSON")
	if err := c.parse(); err != nil {
		return err
	}
	if *data == "" || *after == 0 {
		return c.wrong("-data and -after are needed, for example: kith lost -data data -after 41230")
	}
	rs, err := edge.Lost(ctx, filepath.Join(*data, "outbox.db"), *after, *forget)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if *asJSON {
			if err := json.NewEncoder(c.out).Encode(r); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.out, "%d %s %s\n", r.Position, r.Type, r.ID)
	}
	if !*asJSON {
		fmt.Fprintf(c.out, "%d receipts are for events that the hub does not hold any more\n", len(rs))
	}
	return nil
}
