package match

import (
	"slices"

	"kith/events"
)

// What agreed where less than an identifier and a date of birth did. Links rest
// on neither; proposals may.
const (
	RuleNHSNumberAlone events.LinkRule = "nhs-number"
	RuleUPNAlone       events.LinkRule = "upn"
)

// Subject is one agency's subject and its keys.
type Subject struct {
	ID     events.SubjectID
	Agency events.AgencyID
	Keys   []Key
}

// Child is a child that shares a key with the subject in question.
type Child struct {
	ID       events.ChildID
	Subjects []Subject
	Apart    bool            // a person decided that they are not the same
	Proposed events.LinkRule // a person is asked already, on this ground
}

// Case is one subject and all that bears on where it belongs.
type Case struct {
	Subject Subject
	Linked  bool // to a child of its own or to another's
	Alone   bool // no other subject is linked to that child
	Held    bool // a person put it there, or something was decided there: it is not moved
	Others  []Child
}

// Decision says where a subject belongs and what a person should look at. The
// zero Decision is to leave everything as it is.
type Decision struct {
	Own     bool           // to a child of its own
	Link    events.ChildID // or to this one, from its own if it has one
	Rule    events.LinkRule
	Propose []Proposal
}

// Proposal asks a person whether the subject is that child.
type Proposal struct {
	Child events.ChildID
	Rule  events.LinkRule
}

// Decide links a subject to the one child with whom it shares an identifier and
// the date of birth. Where there are two such children, or anything speaks
// against it, or less is shared, a person decides. Deciding the same case again
// decides the same, and deciding it once more after it was carried out decides
// nothing.
func Decide(c Case) Decision {
	var d Decision
	sure := 0
	for _, o := range c.Others {
		rule, contradicted := compare(c.Subject, o.Subjects)
		if o.Apart || rule == "" {
			continue
		}
		if exact(rule) {
			sure++
			if !contradicted && !exact(o.Proposed) {
				d.Link, d.Rule = o.ID, rule
			}
		}
		if o.Proposed == "" {
			d.Propose = append(d.Propose, Proposal{o.ID, rule})
		}
	}
	if sure != 1 || c.Held || c.Linked && !c.Alone {
		d.Link, d.Rule = "", ""
	}
	if d.Link != "" {
		d.Propose = slices.DeleteFunc(d.Propose, func(p Proposal) bool { return p.Child == d.Link })
	} else if !c.Linked {
		d.Own, d.Rule = true, events.RuleFirstSeen
	}
	return d
}

func exact(r events.LinkRule) bool {
	return r == events.RuleNHSNumber || r == events.RuleUPN
}

// compare names the strongest thing that a subject shares with a child, and says
// whether anything shows that they are two children.
func compare(s Subject, child []Subject) (rule events.LinkRule, contradicted bool) {
	for _, m := range child {
		contradicted = contradicted || contradict(s, m)
	}
	for _, g := range []struct {
		kind Kind
		rule events.LinkRule
	}{
		{NHSBirthDate, events.RuleNHSNumber},
		{UPNBirthDate, events.RuleUPN},
		{NHS, RuleNHSNumberAlone},
		{UPN, RuleUPNAlone},
		{NameBirthDate, events.RuleNameBirthDate},
	} {
		shared := slices.ContainsFunc(child, func(m Subject) bool { return share(s, m, g.kind) })
		if shared && !(contradicted && g.rule == events.RuleNameBirthDate) {
			return g.rule, contradicted
		}
	}
	return "", contradicted
}

// contradict: two verified NHS numbers are two children. And who is in one
// agency's books under two names is two children until a person says otherwise;
// one twin's number on the other's record looks just so.
func contradict(a, b Subject) bool {
	return differ(a, b, NHSVerified) || a.Agency == b.Agency && differ(a, b, NameBirthDate)
}

// differ: both have keys of the kind and none is the same.
func differ(a, b Subject, k Kind) bool {
	return has(a, k) && has(b, k) && !share(a, b, k)
}

func has(s Subject, k Kind) bool {
	return slices.ContainsFunc(s.Keys, func(x Key) bool { return x.Kind == k })
}

func share(a, b Subject, k Kind) bool {
	return slices.ContainsFunc(a.Keys, func(x Key) bool { return x.Kind == k && slices.Contains(b.Keys, x) })
}
