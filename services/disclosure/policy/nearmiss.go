package policy

import "kith/events"

// change is one thing that might have been otherwise, and what to say if that
// alone stood in the way.
type change struct {
	reason string
	apply  func(*Request)
}

// changes are tried in order. What is said does not name the purpose or role
// that would have done: nobody should learn from a refusal which one to claim.
func changes() []change {
	purpose := func(p events.Purpose) change {
		return change{"The purpose you gave does not allow it.", func(r *Request) { r.Purpose = p }}
	}
	attending := func(r *Request) { r.Ties.TookPart, r.Ties.Attending = true, true }
	const discussion = "It is for those who take part in an open strategy discussion."
	const role = "Your role does not allow it."
	return []change{
		purpose(events.PurposeSection47), purpose(events.PurposeSection17),
		purpose(events.PurposeEarlyHelp), purpose(events.PurposeCarePlanning),
		{discussion, attending},
		{discussion, func(r *Request) { attending(r); r.Purpose = events.PurposeSection47 }},
		{"It is more sensitive than what you may see.", func(r *Request) { r.Thing.Label = events.Core }},
		{"The lawful basis that its agency stated does not allow it.", func(r *Request) { r.Thing.Basis = events.PublicTask }},
		{role, func(r *Request) { r.Reader.Role = events.RolePractitioner }},
		{role, func(r *Request) { r.Reader.Role = events.RoleChair }},
		{"It is for the local authority.", func(r *Request) { r.Reader.Role, r.Reader.Authority = events.RoleChair, true }},
	}
}

// nearMiss explains a request that no policy permits.
func (n *Session) nearMiss(r Request) string {
	for _, c := range changes() {
		other := r
		c.apply(&other)
		if other == r {
			continue
		}
		if n.evaluate(other).Allow {
			return c.reason
		}
	}
	return "No policy permits it."
}
