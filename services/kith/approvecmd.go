package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"kith/events"
	"kith/events/bus"
)

// approveAgency takes in the agency of a line, and prints what is for it: the token
// and, below it, the hub's verifier. The hub may be running.
func approveAgency(ctx context.Context, c *call) error {
	config := c.flags.String("config", "", "the hub's configuration")
	nats := c.flags.String("nats", "", "instead: the folder that kith nats-config wrote; of a demonstration, demo-data/nats. The token does not expire then")
	days := c.flags.Int("days", tokenDays, "for how many days the token is valid; a running kith agency has it renewed before")
	asJSON := c.flags.Bool("json", false, "print one JSON object")
	args, err := c.mixed()
	if err != nil {
		return err
	}
	if len(args) != 1 || (*config == "") == (*nats == "") || *days < 1 || *days > 3650 {
		return c.wrong("give -config or -nats, and the line that kith agency init printed; -days between 1 and 3650")
	}
	e, ok := readEnrolment(args[0])
	if !ok {
		return c.wrong("that is no line of kith agency init: it begins with %s+", enrolled)
	}
	var out approval
	if *config != "" {
		out, err = approveAt(ctx, *config, args[0], e, *days)
	} else {
		out, err = approveIn(*nats, e)
	}
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(out)
	}
	fmt.Fprintf(c.err, "approved %s; give this to the agency, it holds no secret:\n", e.id)
	_, err = fmt.Fprintln(c.out, strings.TrimSpace(out.Token+"\n"+out.Verifier))
	return err
}

func approveAt(ctx context.Context, config, line string, e enrolment, days int) (out approval, err error) {
	conf, err := loadHub(config)
	if err != nil {
		return out, err
	}
	err = atHub(ctx, conf, "POST", url.Values{"line": {line}, "days": {strconv.Itoa(days)}}, &out, func(p partnership) error {
		signer, err := openSigner(ctx, p.keysDir())
		if err != nil {
			return err
		}
		out, _, err = p.approve(e, days, time.Now())
		out.Verifier = signer.Verifier()
		return err
	})
	return out, err
}

func approveIn(dir string, e enrolment) (approval, error) {
	if _, err := os.Stat(dir); err != nil {
		return approval{}, fmt.Errorf("there are no keys of NATS: %w", err)
	}
	token, err := bus.Approve(dir, e.id, e.key, time.Time{})
	return approval{Agency: e.id, Kind: e.kind, Token: token}, err
}

// revokeAgency puts an agency out, at once if the hub runs.
func revokeAgency(ctx context.Context, c *call) error {
	config := c.flags.String("config", "", "the hub's configuration")
	asJSON := c.flags.Bool("json", false, "print one JSON object")
	args, err := c.mixed()
	if err != nil {
		return err
	}
	if len(args) != 1 || *config == "" {
		return c.wrong("give -config and the id of an agency")
	}
	conf, err := loadHub(*config)
	if err != nil {
		return err
	}
	id := events.AgencyID(args[0])
	err = atHub(ctx, conf, "DELETE", url.Values{"agency": {args[0]}}, nil, func(p partnership) error {
		if err := p.revoke(id, time.Now()); err != nil {
			return err
		}
		return bus.PutAside(p.natsDir, id)
	})
	if err != nil {
		return err
	}
	if *asJSON {
		err = json.NewEncoder(c.out).Encode(map[string]any{"revoked": id, "reloadNATS": conf.NATS.URL != ""})
	} else {
		_, err = fmt.Fprintf(c.out, "revoked %s; what it sent stays, and what reaches the hub from it is refused\n", id)
	}
	if conf.NATS.URL != "" {
		fmt.Fprintln(c.err, "NATS is a server of its own: run kith nats-config without this agency and reload it, or it still lets the agency connect")
	}
	return err
}

// enlisted is an agency as kith hub agencies shows it.
type enlisted struct {
	registered
	State string        `json:"state"` // configured, approved, revoked
	Types []events.Type `json:"types"` // what it may publish
}

// listAgencies shows who is in the partnership. The register is whole at any
// moment, so that the hub need not be asked.
func listAgencies(_ context.Context, c *call) error {
	config := c.flags.String("config", "", "the hub's configuration")
	asJSON := c.flags.Bool("json", false, "one JSON object a line")
	if err := c.parse(); err != nil {
		return err
	}
	if *config == "" || c.flags.NArg() > 0 {
		return c.wrong("-config is needed")
	}
	conf, err := loadHub(*config)
	if err != nil {
		return err
	}
	r, err := openRegister(conf.Data)
	if err != nil {
		return err
	}
	for _, a := range r.with(conf.Agencies) {
		l := listing(r, a)
		if *asJSON {
			err = json.NewEncoder(c.out).Encode(l)
		} else {
			_, err = fmt.Fprintf(c.out, "%s  %s  %s  %s  %s\n  approved %s, token expires %s, revoked %s\n  %s\n", l.ID, l.State, l.Kind, l.Name, l.Source,
				day(l.Approved), day(l.Expires), day(l.Revoked), joinTypes(l.Types))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func listing(r *register, a events.Agency) enlisted {
	l := enlisted{State: "configured"}
	if e, ok := r.of(a.ID); ok {
		l.registered, l.State = e, "approved"
		if !e.Revoked.IsZero() {
			l.State = "revoked"
		}
	}
	l.Agency = a
	for t := range events.FactTypes() {
		if t.Family() == string(a.Kind) && l.State != "revoked" {
			l.Types = append(l.Types, t)
		}
	}
	return l
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func joinTypes(ts []events.Type) string {
	var names []string
	for _, t := range ts {
		names = append(names, string(t))
	}
	return strings.Join(names, " ")
}
