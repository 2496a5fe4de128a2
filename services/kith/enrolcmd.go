package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

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
	asJSON := c.flags.Bool("json", false, "print one JSON object, whose line is for the operator")
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
	line := enrolment{a.ID, key, a.Kind, a.Name}.String()
	if *asJSON {
		return json.NewEncoder(c.out).Encode(map[string]any{"agency": a.ID, "kind": a.Kind, "source": a.Source, "key": key, "line": line, "config": config})
	}
	_, err = fmt.Fprintln(c.out, line)
	return err
}

func keyIn(dir string) string { return filepath.Join(dir, "keys", "agency.nk") }

// joinAgency makes the creds file of the agency's own key and what was approved, and
// writes the hub's verifier into the configuration.
func joinAgency(_ context.Context, c *call) error {
	dir := c.flags.String("dir", ".", "the folder that kith agency init wrote")
	asJSON := c.flags.Bool("json", false, "print one JSON object")
	args, err := c.mixed()
	if err != nil {
		return err
	}
	if len(args) != 1 {
		return c.wrong("name the file with what the hub's operator gave you, or - for the standard input")
	}
	config := filepath.Join(*dir, "agency.json")
	conf, err := loadAgency(config)
	if err != nil {
		return err
	}
	given, err := input(args[0])
	if err != nil {
		return err
	}
	token, verifier, _ := strings.Cut(strings.TrimSpace(string(given)), "\n")
	if verifier, err = trusted(conf.Verifier, strings.TrimSpace(verifier)); err != nil {
		return err
	}
	l := bus.Link{Creds: conf.NATS.Creds, Agency: conf.Agency.ID}
	if err := bus.Join(l, keyIn(*dir), strings.TrimSpace(token)); err != nil {
		return err
	}
	if err := setVerifier(config, verifier); err != nil {
		return err
	}
	if *asJSON {
		expires, err := bus.CredsExpire(l.Creds)
		if err != nil {
			return err
		}
		return json.NewEncoder(c.out).Encode(joined{l.Agency, l.Creds, expires, verifier})
	}
	fmt.Fprintf(c.out, "wrote %s; kith doctor -config %s says whether all is in order\n", l.Creds, config)
	return nil
}

// trusted is the verifier to go by. One that the configuration has came another
// way: where the two differ somebody has to find out why.
func trusted(had, given string) (string, error) {
	switch {
	case given != "" && !bus.ValidVerifier(given):
		return "", errors.New("below the token there is no verifier of a hub: it is one line and begins with kith-hub+")
	case had != "" && given != "" && had != given:
		return "", errors.New("the configuration has another verifier than what you were given: ask the hub's operator, by another way, which is right; if it is the new one, take the other out of the configuration")
	}
	return cmp.Or(had, given), nil
}

// setVerifier changes nothing else in a configuration.
func setVerifier(config, verifier string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return errors.New("the configuration is no JSON object")
	}
	now, err := json.Marshal(verifier)
	if err != nil || bytes.Equal(now, fields["verifier"]) {
		return err
	}
	fields["verifier"] = now
	if text, err = json.MarshalIndent(fields, "", "  "); err != nil {
		return err
	}
	return replaceFile(config, append(text, '\n'))
}

// joined is what kith agency join -json prints.
type joined struct {
	Agency   events.AgencyID `json:"agency"`
	Creds    string          `json:"creds"`
	Expires  time.Time       `json:"expires,omitzero"`
	Verifier string          `json:"verifier,omitempty"`
}

// enrolment is what the line of an agency says.
type enrolment struct {
	id   events.AgencyID
	key  string
	kind events.AgencyKind // this and the name are missing in lines of old
	name string
}

func (e enrolment) String() string {
	return strings.Join([]string{enrolled, string(e.id), e.key, string(e.kind), base64.RawURLEncoding.EncodeToString([]byte(e.name))}, "+")
}

// readEnrolment reads the line of an agency.
func readEnrolment(line string) (e enrolment, ok bool) {
	parts := strings.Split(strings.TrimSpace(line), "+")
	if len(parts) != 3 && len(parts) != 5 || parts[0] != enrolled {
		return e, false
	}
	e.id, e.key = events.AgencyID(parts[1]), parts[2]
	if len(parts) == 5 {
		name, err := base64.RawURLEncoding.DecodeString(parts[4])
		if err != nil || !utf8.Valid(name) || !knownKind(events.AgencyKind(parts[3])) {
			return e, false
		}
		e.kind, e.name = events.AgencyKind(parts[3]), string(name)
	}
	return e, true
}

// natsFolder is where the keys of NATS lie: in the hub's folder, or where kith
// nats-config wrote them beside the creds files.
func natsFolder(c HubConfig) string {
	if c.NATS.URL == "" {
		return filepath.Join(c.Data, "nats")
	}
	return filepath.Dir(filepath.Clean(c.NATS.CredsDir))
}
