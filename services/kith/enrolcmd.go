package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kith/events"
	"kith/events/bus"
)

// enrolled begins the line that an agency gives to the hub's operator.
const enrolled = "kith-agency"

// initAgency makes an agency's key and a configuration, and prints the line that
// the hub's operator has to approve. What is there already is kept.
func initAgency(_ context.Context, c *call) error {
	dir := c.flags.String("dir", ".", "folder for the key, the creds file and the configuration")
	id := c.flags.String("id", "", "the agency's id, as the hub's operator has it")
	kind := c.flags.String("kind", "", "police, health, education or socialcare")
	name := c.flags.String("name", "", "what the agency is called; its id if left out")
	url := c.flags.String("nats", "", "the address of the hub's NATS")
	verifier := c.flags.String("verifier", "", "the hub's verifier key")
	if err := c.parse(); err != nil {
		return err
	}
	if !knownID(events.AgencyID(*id)) || !knownKind(events.AgencyKind(*kind)) || *url == "" || c.flags.NArg() > 0 {
		return c.wrong("-id, -kind and -nats are needed, for example: kith agency init -id northshire-police -kind police -nats tls://nats.example:4222")
	}
	a := agencyOf(events.AgencyID(*id), events.AgencyKind(*kind), cmp.Or(*name, *id), events.Contact{})
	key, err := bus.UserKey(keyIn(*dir))
	if err != nil {
		return err
	}
	path, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]any{"agency": a, "data": filepath.Join(path, "data"), "verifier": *verifier,
		"nats": AgencyNATS{URL: *url, Creds: filepath.Join(path, "agency.creds")}}, "", "  ")
	if err != nil {
		return err
	}
	config := filepath.Join(*dir, "agency.json")
	if err := writeNewFile(config, append(text, '\n')); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	conf, err := loadAgency(config)
	if err != nil {
		return err
	}
	if conf.Agency.ID != a.ID {
		return errors.New("the configuration that is there is another agency's: name another -dir")
	}
	fmt.Fprintf(c.err, "the key and agency.json are in %s; give this line to the hub's operator:\n", *dir)
	_, err = fmt.Fprintf(c.out, "%s+%s+%s\n", enrolled, a.ID, key)
	return err
}

func keyIn(dir string) string { return filepath.Join(dir, "keys", "agency.nk") }

// joinAgency makes the creds file of the agency's own key and what was approved.
func joinAgency(_ context.Context, c *call) error {
	dir := c.flags.String("dir", ".", "the folder that kith agency init wrote")
	if err := c.parse(); err != nil {
		return err
	}
	if c.flags.NArg() != 1 {
		return c.wrong("name the file with the token that the hub's operator gave you, or - for the standard input")
	}
	conf, err := loadAgency(filepath.Join(*dir, "agency.json"))
	if err != nil {
		return err
	}
	token, err := input(c.flags.Arg(0))
	if err != nil {
		return err
	}
	l := bus.Link{Creds: conf.NATS.Creds, Agency: conf.Agency.ID}
	if err := bus.Join(l, keyIn(*dir), strings.TrimSpace(string(token))); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "wrote %s; kith doctor -config %s says whether all is in order\n", l.Creds, filepath.Join(*dir, "agency.json"))
	return nil
}

// approveAgency signs the token for the line of an agency. The hub may be running.
func approveAgency(_ context.Context, c *call) error {
	config := c.flags.String("config", "", "the hub's configuration")
	nats := c.flags.String("nats", "", "instead: the folder that kith nats-config wrote; of a demonstration, demo-data/nats")
	if err := c.parse(); err != nil {
		return err
	}
	if c.flags.NArg() != 1 || (*config == "") == (*nats == "") {
		return c.wrong("give -config or -nats, and the line that kith agency init printed")
	}
	id, key, ok := enrolment(c.flags.Arg(0))
	if !ok {
		return c.wrong("that is no line of kith agency init: it begins with %s+", enrolled)
	}
	if *config != "" {
		conf, err := loadHub(*config)
		if err != nil {
			return err
		}
		*nats = natsFolder(conf)
	}
	if _, err := os.Stat(*nats); err != nil {
		return fmt.Errorf("there are no keys of NATS: %w", err)
	}
	token, err := bus.Approve(*nats, id, key)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "approved %s; give this token to the agency, it holds no secret:\n", id)
	_, err = fmt.Fprintln(c.out, token)
	return err
}

// enrolment reads the line of an agency.
func enrolment(line string) (id events.AgencyID, key string, ok bool) {
	parts := strings.Split(strings.TrimSpace(line), "+")
	if len(parts) != 3 || parts[0] != enrolled {
		return "", "", false
	}
	return events.AgencyID(parts[1]), parts[2], true
}

// natsFolder is where the keys of NATS lie: in the hub's folder, or where kith
// nats-config wrote them beside the creds files.
func natsFolder(c HubConfig) string {
	if c.NATS.URL == "" {
		return filepath.Join(c.Data, "nats")
	}
	return filepath.Dir(filepath.Clean(c.NATS.CredsDir))
}
