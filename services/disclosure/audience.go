package disclosure

import (
	"kith/events"
	"kith/services/disclosure/policy"
)

// Sight is how much of something somebody sees.
type Sight string

const (
	SeesContent     Sight = "content"
	SeesInvolvement Sight = "involvement" // that the agency is involved, and whom to call
	SeesNothing     Sight = "nothing"
)

// Onlooker is somebody who might look, with what usually ties them to a child.
type Onlooker struct {
	Who     string // in words
	Role    events.ReaderRole
	Purpose events.Purpose
	Sees    map[events.Label]Seen
}

// Seen is what an onlooker sees of an item with a label, and the policy that
// says so.
type Seen struct {
	Sight  Sight
	Policy string
}

// Audience says who sees what of an item that an agency of a kind shares on a
// basis, by the policies in force, label by label: as it usually is, about no
// child in particular. A caveat, a consent or a closed discussion changes it.
func (g *Gate) Audience(kind events.AgencyKind, basis events.Basis) []Onlooker {
	session := g.policies.Session()
	var all []Onlooker
	for _, o := range onlookers() {
		seen := map[events.Label]Seen{}
		for _, label := range []events.Label{events.Involvement, events.Core, events.Sensitive, events.Restricted} {
			item := events.Item{Kind: kind, Shared: events.Shared{Basis: basis, Label: label}}
			thing := policy.Item(item, "another agency", nil, g.Now())
			thing.Own = o.own
			seen[label] = sight(session, o.ask(kind, thing))
		}
		all = append(all, Onlooker{Who: o.who, Role: o.role, Purpose: o.purpose, Sees: seen})
	}
	return all
}

func sight(s *policy.Session, r policy.Request) Seen {
	for _, try := range []struct {
		act  policy.Act
		sees Sight
	}{{policy.See, SeesContent}, {policy.Know, SeesInvolvement}} {
		r.Act = try.act
		if d := s.Brief(r); d.Allow {
			return Seen{try.sees, d.Grounds[0].Policy}
		}
	}
	r.Act = policy.See
	if d := s.Decide(r); len(d.Grounds) > 0 {
		return Seen{SeesNothing, d.Grounds[0].Policy}
	}
	return Seen{Sight: SeesNothing}
}

// onlooker is an Onlooker with what is asked for them.
type onlooker struct {
	who       string
	role      events.ReaderRole
	purpose   events.Purpose
	kind      events.AgencyKind // if it matters; else that of the item
	authority bool
	own       bool
	ties      policy.Ties
}

func (o onlooker) ask(kind events.AgencyKind, t policy.Thing) policy.Request {
	if o.kind != "" {
		kind = o.kind
	}
	return policy.Request{Purpose: o.purpose, Ties: o.ties, Thing: t,
		Reader: policy.Reader{Role: o.role, Kind: kind, Authority: o.authority}}
}

// onlookers are those whom an agency asks about first.
func onlookers() []onlooker {
	knows, raised := policy.Ties{Holds: true}, policy.Ties{Concern: true}
	meets := policy.Ties{Holds: true, TookPart: true, Attending: true, Invited: true}
	return []onlooker{
		{who: "Your own agency", role: events.RolePractitioner, purpose: events.PurposeSection47, own: true, ties: knows},
		{who: "The chair of strategy discussions", role: events.RoleChair, purpose: events.PurposeSection47, kind: events.KindSocialCare, authority: true, ties: raised},
		{who: "A social worker of the authority, in an enquiry", role: events.RoleSocialWorker, purpose: events.PurposeSection47, kind: events.KindSocialCare, authority: true, ties: raised},
		{who: "A social worker of the authority, assessing a child in need", role: events.RoleSocialWorker, purpose: events.PurposeSection17, kind: events.KindSocialCare, authority: true, ties: raised},
		{who: "A practitioner who takes part in an open strategy discussion", role: events.RolePractitioner, purpose: events.PurposeSection47, kind: events.KindHealth, ties: meets},
		{who: "A practitioner of another agency that knows the child", role: events.RolePractitioner, purpose: events.PurposeSection47, kind: events.KindHealth, ties: knows},
		{who: "The safeguarding lead of the child’s school", role: events.RoleDSL, purpose: events.PurposeSection47, kind: events.KindEducation, ties: knows},
		{who: "Somebody whose agency does not know the child", role: events.RolePractitioner, purpose: events.PurposeSection47, kind: events.KindPolice},
		{who: "Information governance", role: events.RoleGovernance, purpose: events.PurposeAudit, kind: events.KindSocialCare, authority: true, ties: raised},
	}
}
