package main

import (
	"context"
	"fmt"
	"log"
	"path/filepath"
	"slices"
	"time"

	"kith/events"
	"kith/events/bus"
	"kith/gateway"
	"kith/services/internal/telemetry"
)

// runHub runs the hub of a partnership until it is interrupted.
func runHub(ctx context.Context, c *call) error {
	if len(c.args) > 0 {
		switch verb := c.args[0]; verb {
		case "approve":
			return approveAgency(ctx, c.inner())
		case "agencies":
			return listAgencies(ctx, c.inner())
		case "revoke":
			return revokeAgency(ctx, c.inner())
		case "bar", "unbar":
			return barActor(ctx, c.inner(), verb == "bar")
		case "sign-out":
			return signOutAll(ctx, c.inner())
		}
	}
	file := c.flags.String("config", "", "the hub's configuration; docs/configuration.md explains it")
	if err := c.parse(); err != nil {
		return err
	}
	if *file == "" {
		return c.wrong("-config is needed, for example: kith hub -config deploy/config/hub.json")
	}
	conf, err := loadHub(*file)
	if err != nil {
		return err
	}
	tel, err := telemetry.Start(ctx, "kith-hub")
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx))
	return serveHub(ctx, c, conf, tel)
}

func serveHub(ctx context.Context, c *call, conf HubConfig, tel *telemetry.Telemetry) error {
	release, err := claim(conf.Data)
	if err != nil {
		return err
	}
	defer release()
	p, nats, err := conf.partnership(tel.ErrorLog())
	if err != nil {
		return err
	}
	if nats != nil {
		defer nats.Shutdown()
	}
	h, err := openHub(ctx, p, tel)
	if err != nil {
		return err
	}
	defer h.close()
	sites := []site{{addr: conf.Addr, handler: tel.HTTP(h.routes())}, {addr: conf.AdminAddr, handler: tel.Admin()}}
	if conf.Programs != "" {
		sites = append(sites, site{conf.Programs, tel.HTTP(h.routes()), true})
	}
	s, err := listen(tel.ErrorLog(), conf.TLS, sites...)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(c.out, "kith hub: serving on %s, metrics on %s\nreceipts are signed with %s\n%s\n", s.addrs[0], s.addrs[1], h.signer.Verifier(), h.cosigning())
	return s.wait(ctx)
}

// partnership turns the configuration into what a hub is told, and starts the
// hub's own NATS if it names no other.
func (c HubConfig) partnership(log *log.Logger) (partnership, *bus.Server, error) {
	p := partnership{dir: c.Data, keys: c.Keys, store: c.Store, agencies: c.Agencies, authority: c.Authority, tls: c.TLS.ByProxy || c.TLS.CertFile != "", limits: c.Limits,
		checkpointEvery: time.Duration(c.CheckpointSeconds) * time.Second, witnesses: c.Witnesses, quorum: c.Quorum,
		hooks: c.Webhooks, origin: c.Origin, signIn: c.SignIn, pendingFor: time.Duration(c.ErasureDays) * 24 * time.Hour, retentionRules: c.RetentionRules}
	var err error
	if p.staff, err = loadStaff(c.Staff); err != nil {
		return p, nil, err
	}
	if p.register, err = openRegister(c.Data); err != nil {
		return p, nil, err
	}
	if p.barred, err = openBarred(c.Data); err != nil {
		return p, nil, err
	}
	if p.policies, err = c.policies(); err != nil {
		return p, nil, err
	}
	p.agencies, p.natsDir = p.register.with(c.Agencies), natsFolder(c)
	standing := p.register.standing(p.agencies)
	url := c.NATS.URL
	creds := func(id events.AgencyID) string { return filepath.Join(c.NATS.CredsDir, "hub-"+string(id)+".creds") }
	door := func(id events.AgencyID) string { return filepath.Join(c.NATS.CredsDir, string(id)+".creds") }
	var own *bus.Server
	if url == "" {
		sealed, err := c.TLS.config(log)
		if err != nil {
			return p, nil, err
		}
		if own, err = bus.Start(bus.Options{Dir: filepath.Join(c.Data, "nats"), Listen: c.NATS.Listen, Leaf: c.NATS.Leaf, Agencies: ids(standing), TLS: sealed}); err != nil {
			return p, nil, fmt.Errorf("start NATS: %w", err)
		}
		url, creds, door = own.URL(), own.HubCreds, own.Creds
		p.nats, p.ownServer = own, true
	}
	for _, a := range standing {
		p.hubLinks = append(p.hubLinks, c.TLS.nats(bus.Link{URL: url, Creds: creds(a.ID), Agency: a.ID, Server: own}))
		if slices.Contains(c.Doors, a.ID) {
			p.doorLinks = append(p.doorLinks, c.TLS.nats(bus.Link{URL: url, Creds: door(a.ID), Agency: a.ID, Server: own}))
		}
	}
	p.persons = map[events.Account]string{}
	for _, u := range c.Users {
		p.persons[events.Account{Actor: u.Actor, Agency: u.Agency}] = u.Person
		p.users = append(p.users, gateway.User{Name: u.Name, Reader: p.reader(u), Token: u.TokenSHA256, Cert: u.CertSHA256})
	}
	return p, own, nil
}

func (p partnership) reader(u User) events.Reader {
	return events.Reader{Actor: u.Actor, Agency: u.Agency, Kind: p.agency(u.Agency).Kind, Role: u.Role}
}

func ids(as []events.Agency) []events.AgencyID {
	var ids []events.AgencyID
	for _, a := range as {
		ids = append(ids, a.ID)
	}
	return ids
}
