package gateway

import "kith/events"

// signatory: who may be one of two that lift a restriction, or look at it again.
// Schools' leads are not among them.
func signatory(_ *Gateway, r events.Reader) bool { return r.Role != events.RoleDSL }

// breaking: whom an open strategy discussion would show something.
func breaking(_ *Gateway, r events.Reader) bool {
	return r.Role != events.RoleGovernance && r.Role != events.RoleDSL
}
