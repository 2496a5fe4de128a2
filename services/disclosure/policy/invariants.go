package policy

import "kith/events"

// invariantsVersion goes into the hash of the set: change it with this file.
const invariantsVersion = "invariants/2"

// guarded reports whether an item may never leave its agency through the hub,
// whatever a policy says: protected addresses and identities, police
// intelligence, legal privilege, and what its originator keeps control of. A
// label or caveat that this build does not know is guarded too.
func guarded(label events.Label, caveats []events.Caveat) bool {
	switch label {
	case events.Involvement, events.Core, events.Sensitive:
	default:
		return true
	}
	for _, c := range caveats {
		switch c {
		case events.NoGuardian, events.ThirdParty:
		default:
			return true
		}
	}
	return false
}

// invariant is the decision that no policy can loosen, if there is one.
func invariant(r Request) (Decision, bool) {
	if r.Ties.Barred && r.Act != ListConcerns { // lists are gone through one by one
		return Decision{
			Reason: "Nothing shows that you work with this child.", // as for one that is not there
			Grounds: []events.Grounds{{Policy: "invariant-barred",
				Basis: "UK GDPR Articles 5(1)(f) and 32: security; nobody reads of a child to whom they are related, nor of one that is kept from them"}},
		}, true
	}
	about := r.Act == See || r.Act == Know
	if about && r.Thing.Guarded && !r.Thing.Own {
		return Decision{
			Reason: "It does not leave the agency that recorded it.",
			Grounds: []events.Grounds{{Policy: "invariant-guarded",
				Basis: "UK GDPR Articles 5(1)(f) and 32: security; police intelligence and legal privilege stay with their originator"}},
		}, true
	}
	return Decision{}, false
}
