package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"kith/events"
	"kith/events/bus"
	"kith/gateway"
	"kith/services/internal/telemetry"
	"kith/services/kith/idp"
)

// demoFile is what demo.json holds: how to reach the demonstration. It exists in
// demo mode only.
type demoFile struct {
	URL      string              `json:"url"`
	Admin    string              `json:"admin"` // metrics
	Tokens   map[string]string   `json:"tokens"`
	NATS     map[string]natsUser `json:"nats"`
	Verifier string              `json:"verifier"` // the public key that receipts are signed with
}

type natsUser struct {
	URL    string `json:"url"`
	Creds  string `json:"creds"` // path of a credentials file
	Agency string `json:"agency"`
	Source string `json:"source"` // the CloudEvents source it must publish under
}

// demo runs everything in one process until it is interrupted.
func demo(ctx context.Context, c *call) error {
	addr := c.flags.String("addr", "127.0.0.1:8080", "address of the pages and the API; loopback only")
	dir := c.flags.String("data", "demo-data", "folder for everything the demonstration keeps")
	if err := c.parse(); err != nil {
		return err
	}
	if !loopback(*addr) {
		return c.wrong("-addr must be a loopback address, for example 127.0.0.1:8080: anybody can sign in to a demonstration")
	}
	tel, err := telemetry.Start(ctx, "kith-demo")
	if err != nil {
		return err
	}
	defer tel.Shutdown(context.WithoutCancel(ctx))
	tel.Quiet()
	release, err := claim(*dir)
	if err != nil {
		return err
	}
	defer release()
	d, err := openDemo(ctx, *dir, *addr, tel, func(s string) { fmt.Fprintln(c.err, s) })
	if err != nil {
		return err
	}
	defer d.close()
	fmt.Fprintf(c.out, "Kith is running: %s\n  sign in as any persona, or use the tokens in %s\n  stop it with Ctrl-C\n",
		d.file.URL, filepath.Join(*dir, "demo.json"))
	<-ctx.Done()
	return nil
}

// loopback reports whether addr can only be reached from this machine.
func loopback(addr string) bool { return bus.Loopback(addr) }

// demonstration is a hub, its agencies and the bus between them.
type demonstration struct {
	file    demoFile
	nats    *bus.Server
	hub     *hub
	servers *servers

	cosigners map[events.AgencyID]*cosigner

	idp     *idp.Provider
	address atomic.Value // where browsers reach the hub: a string, once it listens

	release func() // the hub's folder
}

// openDemo starts everything, publishes the families' histories if they are not
// there yet, and writes demo.json when it can be used.
func openDemo(ctx context.Context, dir, addr string, tel *telemetry.Telemetry, say func(string)) (*demonstration, error) {
	say("starting NATS, the hub and five agencies in " + dir)
	d, err := openNorthshire(ctx, dir, tel)
	if err != nil {
		return nil, err
	}
	err = d.publishFamilies(ctx, dir, say)
	if err == nil {
		err = d.serve(addr, tel)
	}
	if err == nil {
		err = d.write(dir)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// openNorthshire starts the partnership, changed where it has to be, without any
// history and without pages.
func openNorthshire(ctx context.Context, dir string, tel *telemetry.Telemetry, change ...func(*partnership)) (*demonstration, error) {
	agencies := northshire()
	nats, err := bus.Start(bus.Options{Dir: filepath.Join(dir, "nats"), Agencies: ids(agencies), Log: tel.Log})
	if err != nil {
		return nil, fmt.Errorf("start NATS: %w", err)
	}
	d := &demonstration{nats: nats}
	d.file = demoFile{Tokens: tokens(dir), NATS: d.natsUsers()}
	p := partnership{dir: filepath.Join(dir, "hub"), agencies: agencies, authority: authority, users: users(d.file.Tokens), demo: true, address: d.at}
	if p.signIn, err = d.provide(dir); err != nil {
		d.close()
		return nil, err
	}
	for _, a := range agencies {
		p.hubLinks = append(p.hubLinks, bus.Link{URL: nats.URL(), Creds: nats.HubCreds(a.ID), Agency: a.ID})
		p.doorLinks = append(p.doorLinks, bus.Link{URL: nats.URL(), Creds: nats.Creds(a.ID), Agency: a.ID})
	}
	for _, c := range change {
		c(&p)
	}
	if p.witnesses, err = d.witnessKeys(dir); err == nil {
		d.release, err = claim(p.dir)
	}
	if err == nil {
		d.hub, err = openHub(ctx, p, tel)
	}
	if err == nil {
		err = d.cosign(ctx, tel)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	d.file.Verifier = d.hub.signer.Verifier()
	return d, nil
}

func (d *demonstration) natsUsers() map[string]natsUser {
	us := map[string]natsUser{}
	for name, id := range natsNames() {
		creds, err := filepath.Abs(d.nats.Creds(id))
		if err != nil {
			creds = d.nats.Creds(id)
		}
		us[name] = natsUser{URL: d.nats.URL(), Creds: creds, Agency: string(id), Source: "urn:kith:agency:" + string(id)}
	}
	return us
}

// tokens are those of the last run in this folder, so that scripts and open
// pages go on working, or new ones.
func tokens(dir string) map[string]string {
	var last demoFile
	if b, err := os.ReadFile(filepath.Join(dir, "demo.json")); err == nil {
		_ = json.Unmarshal(b, &last) // what cannot be read is made anew
	}
	ts := map[string]string{}
	for _, p := range personas() {
		if ts[p.name] = last.Tokens[p.name]; ts[p.name] == "" {
			ts[p.name] = rand.Text()
		}
	}
	return ts
}

func users(tokens map[string]string) []gateway.User {
	var us []gateway.User
	for _, p := range personas() {
		us = append(us, gateway.User{Name: p.title, About: p.about, Persona: p.name, Reader: p.reader,
			Token: gateway.HashToken(tokens[p.name])})
	}
	return us
}

// serve opens the addresses; the pages answer from now on.
func (d *demonstration) serve(addr string, tel *telemetry.Telemetry) (err error) {
	d.servers, err = listen(tel.ErrorLog(), TLS{}, site{addr: addr, handler: tel.HTTP(d.hub.routes())}, site{addr: "127.0.0.1:0", handler: tel.Admin()})
	if err == nil {
		d.file.URL, d.file.Admin = "http://"+d.servers.addrs[0], "http://"+d.servers.addrs[1]
		d.address.Store(d.file.URL)
		d.idp.SendTo(d.file.URL + "/sign-in/" + demoIssuer + "/back")
	}
	return err
}

func (d *demonstration) write(dir string) error {
	b, err := json.MarshalIndent(d.file, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "demo.json")
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name) // whoever waits for it never reads half
}

func (d *demonstration) close() {
	d.servers.close()
	d.idp.Close()
	if d.hub != nil {
		d.hub.close()
	}
	if d.release != nil {
		d.release()
	}
	for _, c := range d.cosigners {
		c.close()
	}
	d.nats.Shutdown()
}
