package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
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
	listen := c.flags.String("listen", "127.0.0.1:4222", "where the server listens; off this machine -cert and -key are needed")
	cert := c.flags.String("cert", "", "file of the server's certificate, in PEM, where the server finds it")
	key := c.flags.String("key", "", "file of its private key")
	private := c.flags.Bool("private", false, "without TLS although others reach it: only a private network, for example of containers, leads there")
	keep := c.flags.String("store", "", "where the server keeps its data; beside the configuration if not given")
	leaf := c.flags.String("leaf", "", "where leaf nodes of agencies connect, for example 0.0.0.0:7422; nowhere if not given")
	leafOf := c.flags.String("leaf-of", "", "at an agency: write the configuration of a leaf node of this hub instead, for example tls://hub.example:7422")
	creds := c.flags.String("creds", "", "with -leaf-of: the agency's creds file")
	ca := c.flags.String("ca", "", "with -leaf-of: file of the certificates that vouch for the hub; those of this machine if not given")
	if err := c.parse(); err != nil {
		return err
	}
	if *leafOf != "" && *out != "" && *creds != "" {
		return leafConfig(c, *out, cmp.Or(given(c, "listen"), "127.0.0.1:4222"), *leafOf, *creds, *ca)
	}
	if *out == "" || *list == "" || *leafOf != "" {
		return c.wrong("-out and -agencies are needed, for example: kith nats-config -out nats -agencies police,health; at an agency -out, -leaf-of and -creds")
	}
	if (*cert == "") != (*key == "") {
		return c.wrong("-cert and -key go together")
	}
	var ids []events.AgencyID
	for id := range strings.SplitSeq(*list, ",") {
		if !knownID(events.AgencyID(id)) {
			return c.wrong("an agency's id is a-z, 0-9 and hyphens; %q is not", id)
		}
		ids = append(ids, events.AgencyID(id))
	}
	conf := filepath.Join(*out, "nats-server.conf")
	if err := bus.WriteServerConfig(conf, bus.Options{Dir: *out, Listen: *listen, Agencies: ids, Store: *keep, Leaf: *leaf, CertFile: *cert, KeyFile: *key, Private: *private}); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	fmt.Fprintf(c.out, "wrote %s and creds for %d agencies\n", conf, len(ids))
	return nil
}

// leafConfig writes what a NATS server at an agency needs to be a leaf node.
func leafConfig(c *call, out, listen, hub, creds, ca string) error {
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	conf := filepath.Join(out, "nats-leaf.conf")
	if err := bus.WriteLeafConfig(conf, listen, hub, creds, ca); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "wrote %s; clients on this machine connect to nats://%s\n", conf, listen)
	return nil
}

// given is the text of a flag that stands on the command line.
func given(c *call, name string) (text string) {
	c.flags.Visit(func(f *flag.Flag) {
		if f.Name == name {
			text = f.Value.String()
		}
	})
	return text
}
