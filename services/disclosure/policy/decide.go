package policy

import (
	"slices"

	"github.com/cedar-policy/cedar-go"

	"kith/events"
)

// Decision is the answer to a request and why: it permits, it denies, or it leaves
// the answer to a person. When it is a refusal, Grounds are what forbade it; they
// are empty when nothing permitted it.
type Decision struct {
	Allow   bool
	Review  bool // a person has to judge: For and Grounds are the grounds both ways
	Grounds []events.Grounds
	For     []events.Grounds // of a review: what would permit it
	Reason  string           // a sentence for the person who asked
}

// Decide answers a request. Nothing is allowed unless a policy permits it; a
// forbid beats every permit and an invariant beats both. A policy that cannot
// be evaluated refuses, whether it would permit or forbid. What is permitted and
// forbidden by nothing but policies with @outcome("review") is a person's to judge;
// what they ruled is in the request, and holds as far as it goes: it takes the place
// of those policies and of no other.
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
	all := n.set.rules[r.Act]
	first := n.decided(all.judging(false), r)
	if !first.Allow {
		return first
	}
	second := n.decided(all.judging(true), r)
	switch {
	case len(second.Grounds) == 0 && second.Reason != "": // it could not be evaluated
		return second
	case len(second.Grounds) == 0 || r.Thing.Ruling == Share:
		return first
	case r.Thing.Ruling == Withhold:
		second.Reason = "Somebody looked at it and decided that it is not shared with you."
		return second
	}
	second.Review, second.For = true, first.Grounds
	return second
}

// decided is what some of the policies say.
func (n *Session) decided(rs rules, r Request) Decision {
	if len(rs) == 0 {
		return Decision{}
	}
	allow, diag := cedar.Authorize(rs, &n.asks, n.asks.put(r))
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
