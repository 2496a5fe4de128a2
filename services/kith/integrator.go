package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"kith/events"
	"kith/events/bus"
)

// asAgency is the flags by which the integrator's tools know who they are: an
// agency of a demonstration, or one with a credentials file of its own.
type asAgency struct {
	demo, as           *string
	url, creds, agency *string
	verifier           *string
}

func (c *call) asAgency() asAgency {
	return asAgency{
		demo:     c.flags.String("demo", "demo-data/demo.json", "what kith demo wrote"),
		as:       c.flags.String("as", "", "agency of the demonstration: police, health, education or socialcare"),
		url:      c.flags.String("url", "", "address of NATS, where there is no demonstration"),
		creds:    c.flags.String("creds", "", "credentials file of your agency"),
		agency:   c.flags.String("agency", "", "id of your agency"),
		verifier: c.flags.String("verifier", "", "the hub's public key, kith-hub+…; receipts are verified with it"),
	}
}

// actor is who a tool acts for.
type actor struct {
	link             bus.Link
	source, verifier string
}

// who reads the flags. Whoever gives neither is told how.
func (f asAgency) who(c *call) (actor, error) {
	if *f.creds != "" || *f.url != "" {
		if *f.creds == "" || *f.url == "" || *f.agency == "" {
			return actor{}, c.wrong("-url, -creds and -agency go together")
		}
		return actor{link: bus.Link{URL: *f.url, Creds: *f.creds, Agency: events.AgencyID(*f.agency)}, verifier: *f.verifier}, nil
	}
	text, err := os.ReadFile(*f.demo)
	if err != nil {
		return actor{}, c.wrong("there is no %s: run kith demo beside, or name -demo; or -url, -creds and -agency", *f.demo)
	}
	var d demoFile
	if err := json.Unmarshal(text, &d); err != nil {
		return actor{}, fmt.Errorf("%s is not what kith demo writes", *f.demo)
	}
	u, ok := d.NATS[*f.as]
	if !ok {
		return actor{}, c.wrong("-as must be one of %s", strings.Join(slices.Sorted(maps.Keys(d.NATS)), ", "))
	}
	return actor{bus.Link{URL: u.URL, Creds: u.Creds, Agency: events.AgencyID(u.Agency)}, u.Source, cmp.Or(*f.verifier, d.Verifier)}, nil
}

// mixed reads flags that may also stand after arguments: kith publish FILE -json.
func (c *call) mixed() (args []string, err error) {
	for {
		if err := c.parse(); err != nil {
			return nil, err
		}
		rest := c.flags.Args()
		if len(rest) == 0 {
			return args, nil
		}
		args, c.args = append(args, rest[0]), rest[1:]
	}
}

// input reads a file, or standard input for "-".
func input(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// eventsIn are the CloudEvents of a file: one, or a JSON list of them.
func eventsIn(raw []byte) ([]bus.Message, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return []bus.Message{{Header: map[string][]string{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}, Body: raw}}, nil
	}
	ms, err := bus.FromHTTP(map[string][]string{"Content-Type": {"application/cloudevents-batch+json"}}, raw)
	if bad, ok := errors.AsType[*bus.Malformed](err); ok {
		return nil, bad
	}
	return ms, err
}
