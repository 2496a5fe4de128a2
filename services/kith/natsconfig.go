package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"kith/events"
	"kith/events/bus"
)

// natsConfig writes what a NATS server of its own needs: its configuration, and
// a credentials file for each agency and for the hub in each agency's account.
func natsConfig(_ context.Context, c *call) error {
	out := c.flags.String("out", "", "folder to write to; keys that are there already are kept")
	list := c.flags.String("agencies", "", "ids of the agencies, with commas between them")
	listen := c.flags.String("listen", "0.0.0.0:4222", "where the server listens")
	keep := c.flags.String("store", "", "where the server keeps its data; beside the configuration if not given")
	if err := c.parse(); err != nil {
		return err
	}
	if *out == "" || *list == "" {
		return c.wrong("-out and -agencies are needed, for example: kith nats-config -out nats -agencies police,health")
	}
	var ids []events.AgencyID
	for id := range strings.SplitSeq(*list, ",") {
		if !knownID(events.AgencyID(id)) {
			return c.wrong("an agency's id is a-z, 0-9 and hyphens; %q is not", id)
		}
		ids = append(ids, events.AgencyID(id))
	}
	conf := filepath.Join(*out, "nats-server.conf")
	if err := bus.WriteServerConfig(conf, bus.Options{Dir: *out, Listen: *listen, Agencies: ids, Store: *keep}); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	fmt.Fprintf(c.out, "wrote %s and creds for %d agencies\n", conf, len(ids))
	return nil
}
