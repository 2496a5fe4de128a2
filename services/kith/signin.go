package main

import (
	"time"

	"kith/services/signin"
)

// openSignIn reads the identity providers; none of them is asked yet.
func (h *hub) openSignIn() (*signin.SignIn, error) {
	if len(h.signIn.Issuers)+len(h.signIn.Machines) == 0 {
		return nil, nil
	}
	if h.address == nil {
		h.address = func() string { return h.signIn.Address }
	}
	return signin.New(signin.Config{Issuers: h.signIn.Issuers, Machines: h.signIn.Machines, Address: h.address,
		Pseudonym: h.record.keys.Pseudonym, Agency: h.agency, Now: time.Now})
}
