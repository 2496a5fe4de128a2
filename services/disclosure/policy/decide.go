package policy

import (
	"slices"

	"github.com/cedar-policy/cedar-go"

	"kith/events"
)

// Decision is the answer to a request and why. When it is a refusal, Grounds
// are what forbade it; they are empty when nothing permitted it.
type Decision struct {
	Allow   bool
	Grounds []events.Grounds
	Reason  string // a sentence for the person who asked
}

// Decide answers a request. Nothing is allowed unless a policy permits it; a
// forbid beats every permit and an invariant beats both. A policy that cannot
// be evaluated refuses, whether it would permit or forbid.
func Decide(s *Set, r Request) Decision { return s.Session().Decide(r) }

// Session answers the many requests of one read: each distinct request is
// decided once. It is for one goroutine, and to be dropped after the read.
type Session struct {
	set  *Set
	asks question
	memo map[Request]Decision
}

// Session begins one.
func (s *Set) Session() *Session {
	return &Session{set: s, asks: newQuestion(), memo: map[Request]Decision{}}
}

// Decide is the function of that name.
func (n *Session) Decide(r Request) Decision {
	d := n.Brief(r)
	if d.Reason == "" { // nothing spoke to it
		d.Reason = n.nearMiss(r)
		n.memo[r] = d
	}
	return d
}

// Brief is Decide without a reason where no policy speaks to the request: to
// find that reason costs more than the decision, and often nobody may hear it.
func (n *Session) Brief(r Request) Decision {
	d, known := n.memo[r]
	if !known {
		if d, known = invariant(r); !known {
			d = n.evaluate(r)
		}
		n.memo[r] = d
	}
	return d
}

// evaluate gives no reason when no policy speaks to the request.
func (n *Session) evaluate(r Request) Decision {
	rs := n.set.rules[r.Act]
	q := n.asks.put(r)
	allow, diag := cedar.Authorize(rs, &n.asks, q)
	if len(diag.Errors) > 0 {
		return Decision{Reason: "A policy could not be evaluated: " + string(diag.Errors[0].PolicyID) + "."}
	}
	d := Decision{Allow: bool(allow)}
	for _, because := range diag.Reasons {
		p := rs[slices.IndexFunc(rs, func(r rule) bool { return r.ID == string(because.PolicyID) })]
		d.Grounds = append(d.Grounds, p.grounds())
		if d.Reason == "" {
			d.Reason = p.Because
		}
	}
	return d
}
