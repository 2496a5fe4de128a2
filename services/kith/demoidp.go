package main

import (
	"fmt"
	"os"
	"path/filepath"

	"kith/events"
	"kith/services/kith/idp"
	"kith/services/signin"
)

// demoIssuer is the demonstration's identity provider in addresses.
const demoIssuer = "demonstration"

// at is where browsers reach the demonstration.
func (d *demonstration) at() string {
	s, _ := d.address.Load().(string)
	return s
}

// provide starts the demonstration's identity provider, and says how people sign
// in with it.
func (d *demonstration) provide(dir string) (s SignIn, err error) {
	var ps []idp.Person
	s.ByToken = true
	for _, p := range personas() {
		ps = append(ps, idp.Person{ID: "person-" + p.name, Name: p.title,
			Claims: map[string]any{"agency": string(p.reader.Agency), "role": string(p.reader.Role)}})
	}
	if d.idp, err = idp.Start("127.0.0.1:0", ps); err != nil {
		return s, err
	}
	secret := filepath.Join(dir, "idp.secret")
	if err := os.WriteFile(secret, []byte(d.idp.Secret()), 0o600); err != nil {
		return s, fmt.Errorf("identity provider: %w", err)
	}
	i := signin.Issuer{ID: demoIssuer, Name: "the demonstration’s identity provider", Issuer: d.idp.Issuer, ClientID: idp.ClientID,
		SecretFile: secret, Claims: signin.Claims{Agency: "agency", Role: "role"},
		Agencies: map[string]events.AgencyID{}, Roles: map[string]events.ReaderRole{}}
	for _, p := range personas() {
		i.Agencies[string(p.reader.Agency)], i.Roles[string(p.reader.Role)] = p.reader.Agency, p.reader.Role
	}
	s.Issuers = []signin.Issuer{i}
	return s, nil
}
