package policy

import (
	"fmt"
	"slices"

	"github.com/cedar-policy/cedar-go"

	"kith/events"
)

// Explanation is a decision with all that spoke to it, for those who write and
// answer for policies. It is not for the reader: it says what would do.
type Explanation struct {
	Act     Act      `json:"act"`
	Allow   bool     `json:"allow"`
	Review  bool     `json:"review"` // a person judges
	Reason  string   `json:"reason"`
	Permits []Policy `json:"permits"` // that spoke for it
	Forbids []Policy `json:"forbids"` // that spoke against it; an invariant is one
	Nearly  []Near   `json:"nearly"`  // what one change would turn round
}

// Near is one thing that might be otherwise, with which the answer would be the
// opposite.
type Near struct {
	If      string   `json:"if"`
	Allow   bool     `json:"allow"`
	Review  bool     `json:"review"`
	By      []string `json:"by,omitempty"` // the policies that decide then
	Because string   `json:"because"`
}

// Explain decides a request and says why, both ways.
func (s *Set) Explain(r Request) Explanation {
	n := s.Session()
	d := n.Decide(r)
	e := Explanation{Act: r.Act, Allow: d.Allow, Review: d.Review, Reason: d.Reason, Permits: []Policy{}, Forbids: []Policy{}, Nearly: []Near{}}
	if inv, holds := invariant(r); holds {
		e.Forbids = append(e.Forbids, Policy{ID: inv.Grounds[0].Policy, Basis: inv.Grounds[0].Basis, Because: inv.Reason})
	}
	for _, p := range s.rules[r.Act] {
		if !n.speaks(p, r) {
			continue
		}
		if p.Permits {
			e.Permits = append(e.Permits, p.Policy)
		} else {
			e.Forbids = append(e.Forbids, p.Policy)
		}
	}
	for _, alt := range alternatives() {
		other := r
		alt.apply(&other)
		if other == r {
			continue
		}
		if then := n.Brief(other); then.Allow != d.Allow || then.Review != d.Review {
			then = n.Decide(other)
			e.Nearly = append(e.Nearly, Near{If: alt.says, Allow: then.Allow, Review: then.Review, By: named(then), Because: then.Reason})
		}
	}
	return e
}

// speaks reports whether a policy, by itself, has something to say to a request.
func (n *Session) speaks(p rule, r Request) bool {
	q := n.asks.put(r)
	_, diag := cedar.Authorize(rules{p}, &n.asks, q)
	return len(diag.Reasons) > 0
}

func named(d Decision) (ids []string) {
	for _, g := range d.Grounds {
		ids = append(ids, g.Policy)
	}
	return ids
}

// alternative is one thing that might be otherwise, in words that follow "if".
type alternative struct {
	says  string
	apply func(*Request)
}

// alternatives are all the single changes of which each may turn a decision round.
func alternatives() []alternative {
	as := slices.Concat(
		each("the purpose were %s", []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning, events.PurposeAudit},
			func(r *Request, v events.Purpose) { r.Purpose = v }),
		each("the reader’s role were %s", []events.ReaderRole{events.RoleDSL, events.RolePractitioner, events.RoleSocialWorker, events.RoleChair, events.RoleGovernance},
			func(r *Request, v events.ReaderRole) { r.Reader.Role = v }),
		each("its label were %s", []events.Label{events.Involvement, events.Core, events.Sensitive},
			func(r *Request, v events.Label) { r.Thing.Label = v }),
		each("its lawful basis were %s", []events.Article6{events.PublicTask, events.ByConsent},
			func(r *Request, v events.Article6) { r.Thing.Basis = v }),
		each("the consent it rests on stood as %s", []Standing{InForce, Withdrawn, Expired, WithOthers, NotGiven},
			func(r *Request, v Standing) { r.Thing.Consent = v }))
	tie := func(says string, of func(*Request) *bool) {
		as = append(as, alternative{says, func(r *Request) { at := of(r); *at = !*at }})
	}
	tie("it were the other way round whether the reader works for the authority", func(r *Request) *bool { return &r.Reader.Authority })
	tie("it were the other way round whether the reader’s agency knows the child", func(r *Request) *bool { return &r.Ties.Holds })
	tie("it were the other way round whether there is a concern for the child", func(r *Request) *bool { return &r.Ties.Concern })
	tie("it were the other way round whether the reader takes part in an open strategy discussion", func(r *Request) *bool { return &r.Ties.Attending })
	tie("it were the other way round whether the reader’s agency is invited to one", func(r *Request) *bool { return &r.Ties.Invited })
	tie("it were the other way round whether the reader prepares a copy of the record", func(r *Request) *bool { return &r.Ties.Copying })
	tie("it were the other way round whether paragraph 18 is stated in full", func(r *Request) *bool { return &r.Thing.Paragraph18 })
	tie("it were the other way round whether it says something about somebody else", func(r *Request) *bool { return &r.Thing.ThirdParty })
	tie("it were the other way round whether a young person objects", func(r *Request) *bool { return &r.Thing.Objected })
	tie("it were the other way round whether it stays with its originator", func(r *Request) *bool { return &r.Thing.Guarded })
	return as
}

func each[T ~string](says string, vs []T, set func(*Request, T)) (as []alternative) {
	for _, v := range vs {
		as = append(as, alternative{fmt.Sprintf(says, v), func(r *Request) { set(r, v) }})
	}
	return as
}
