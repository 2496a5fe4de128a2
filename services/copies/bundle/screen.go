package bundle

import (
	"slices"

	"kith/events"
)

// Reason is why an item is in no copy unless two people say so.
type Reason string

const (
	OtherPeople  Reason = "It is about somebody else too."
	NamesOther   Reason = "It names somebody else, or says who they are."
	HowToReach   Reason = "It holds a telephone number, an email address or a postcode."
	WhereAbouts  Reason = "It says, or gives away, where somebody lives."
	WhoReported  Reason = "It may say who told us."
	MarkedThird  Reason = "Its agency marked it as holding what is another person’s."
	NotForParent Reason = "Its agency marked it as not for a parent or guardian."
	ChildAbuse   Reason = "It is child abuse data: a parent gets it only where that is best for the child (Data Protection Act 2018, Schedule 3, paragraph 21)."
	SeriousHarm  Reason = "To know it could hurt somebody seriously (Data Protection Act 2018, Schedule 3)."
	HealthOnly   Reason = "It is about health: the right health professional has to be asked (Data Protection Act 2018, Schedule 3, paragraph 6)."
	ChildSaid    Reason = "It holds what the child said."
	Guarded      Reason = "It does not leave the agency that recorded it."
	NotStruck    Reason = "The words to be left out are not all found in it."
)

// screen knows who and what must not be in a copy for one recipient.
type screen struct {
	asked    events.CopyRequested
	guarded  bool                       // somebody must not be found
	agencies map[events.AgencyID]string // by name
	own      []string                   // names of the recipient and of the child, folded
	people   terms                      // of everybody else
	places   terms                      // addresses, of whomever
	proxies  terms                      // schools and surgeries, where somebody must not be found
}

func newScreen(r events.CopyRequested, c events.Copyable) *screen {
	s := &screen{asked: r, guarded: r.Recipient.NoContact, agencies: map[events.AgencyID]string{}}
	s.own = append(tokens(r.Recipient.Name.Given), tokens(r.Recipient.Name.Family)...)
	for _, a := range c.Addresses {
		s.guarded = s.guarded || protected(a)
		s.places.address(a)
	}
	for _, p := range c.Others {
		if !s.isRecipient(p) {
			s.people.name(p.Name)
			s.people.number(p)
		}
		if p.Address != nil {
			s.guarded = s.guarded || protected(*p.Address)
			s.places.address(*p.Address)
		}
	}
	for _, i := range c.Shown.Items {
		if i.Person.Role == events.RoleChild {
			s.own = append(append(s.own, tokens(i.Person.Name.Given)...), tokens(i.Person.Name.Family)...)
		}
		if a := i.Person.Address; a != nil {
			s.guarded = s.guarded || protected(*a)
			s.places.address(*a)
		}
		if i.Contact.Name != "" {
			s.people.words(i.Contact.Name)
		}
	}
	for _, a := range c.Shown.Agencies {
		s.agencies[a.Agency] = a.Name
		if a.Kind == events.KindHealth || a.Kind == events.KindEducation {
			s.proxies.phrase(a.Name)
		}
	}
	return s
}

func protected(a events.Address) bool {
	switch a.Label {
	case events.Involvement, events.Core, events.Sensitive:
		return false
	}
	return true // restricted, or a label that this build does not know
}

// isRecipient needs both the name and the date of birth: a father and a son may
// share the one.
func (s *screen) isRecipient(p events.Person) bool {
	r := s.asked.Recipient
	return r.Kind == events.RecipientParent && r.Born != "" && p.DateOfBirth == r.Born &&
		fold(p.Name.Given) == fold(r.Name.Given) && fold(p.Name.Family) == fold(r.Name.Family)
}

// why lists what keeps an item out of the copy; nothing for one whose people are
// all covered.
func (s *screen) why(i events.ShownItem, e Entry) (rs []Reason) {
	add := func(is bool, r Reason) {
		if is && !slices.Contains(rs, r) {
			rs = append(rs, r)
		}
	}
	parent := s.asked.Recipient.Kind == events.RecipientParent
	add(i.Person.Role != events.RoleChild, OtherPeople)
	add(len(i.With) > 0, OtherPeople)
	add(i.Label == events.Sensitive, SeriousHarm)
	add(parent && childAbuse(i.Fact), ChildAbuse)
	add(parent && i.Kind == events.KindHealth, HealthOnly)
	add(parent && i.Voice != nil, ChildSaid)
	add(reported(i.Fact), WhoReported)
	for _, c := range i.Caveats {
		add(c == events.ThirdParty, MarkedThird)
		add(c == events.NoGuardian, NotForParent)
	}
	add(s.guarded && (i.Kind == events.KindHealth || i.Kind == events.KindEducation) && s.asked.Recipient.Kind != events.RecipientChild, WhereAbouts)
	for _, r := range s.read(e) {
		add(true, r)
	}
	if never := s.never(i, e, Judged{}); len(never) > 0 {
		add(true, never[0])
	}
	return rs
}

// never lists what no judgment overrules: what does not leave its agency, and where
// somebody lives.
func (s *screen) never(i events.ShownItem, e Entry, j Judged) (rs []Reason) {
	if i.Label == events.Restricted || slices.ContainsFunc(i.Caveats, stays) {
		rs = append(rs, Guarded)
	}
	if in(e, s.places.in) || s.guarded && in(e, s.proxies.in) {
		rs = append(rs, WhereAbouts)
	}
	if j.Judgment == events.CopyWithout && in(e, struck(j.Without).in) {
		rs = append(rs, NotStruck)
	}
	return rs
}

func stays(c events.Caveat) bool { return c != events.ThirdParty && c != events.NoGuardian }

// read looks at the very words that would be printed.
func (s *screen) read(e Entry) (rs []Reason) {
	for _, x := range []struct {
		in func(string) bool
		r  Reason
	}{{s.people.in, NamesOther}, {s.stranger, NamesOther}, {kin, OtherPeople}, {reporter, WhoReported}, {reachable, HowToReach}, {s.places.in, WhereAbouts}} {
		if in(e, x.in) && !slices.Contains(rs, x.r) {
			rs = append(rs, x.r)
		}
	}
	if s.guarded && in(e, s.proxies.in) {
		rs = append(rs, WhereAbouts)
	}
	return rs
}

func in(e Entry, is func(string) bool) bool {
	return is(e.Title) || slices.ContainsFunc(e.Lines, func(l Line) bool { return is(l.Text) || is(l.Label) })
}

// childAbuse is child abuse data: whether a child is, was or may be at risk of
// abuse.
func childAbuse(f events.Fact) bool {
	switch f.(type) {
	case events.Concern, events.SafeguardingRecord, events.DomesticAbuseIncident, events.PublicProtectionNotice, events.OnlineReport,
		events.PractitionerConcern, events.ContactReceived, events.Referral, events.ReferralDecided, events.Assessment,
		events.Section47Enquiry, events.Section47Dates, events.InitialConference, events.ProtectionPlan, events.ProtectionPlanReview:
		return true
	default: // says nothing of abuse by itself
		return false
	}
}

// reported are facts that somebody who is not named told: what they told says who
// they are, to those who know the family.
func reported(f events.Fact) bool {
	switch f.(type) {
	case events.OnlineReport, events.ContactReceived:
		return true
	default: // an agency says so for itself
		return false
	}
}
