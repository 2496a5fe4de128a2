package events

// Identity is an event of a child's link stream; only services/identity writes it.
//
//sumtype:decl
type Identity interface {
	Event
	identity()
}

// SubjectLinked: an agency's subject is this child. Grounds say how it is known;
// they name rules and fields, never values.
type SubjectLinked struct {
	Child   ChildID   `json:"child"`
	Subject SubjectID `json:"subject"`
	Agency  AgencyID  `json:"agency"`
	Rule    LinkRule  `json:"rule"`
	Reason  string    `json:"reason,omitempty"` // a person's, when a person decided
}

// SubjectUnlinked: the link was wrong. Its facts leave the view at once.
type SubjectUnlinked struct {
	Child   ChildID   `json:"child"`
	Subject SubjectID `json:"subject"`
	Reason  string    `json:"reason"`
}

// LinkProposed: two subjects may be the same child; a person has to decide.
type LinkProposed struct {
	Child   ChildID   `json:"child"`   // the child that the subject may belong to
	Subject SubjectID `json:"subject"` // now linked to another child
	Rule    LinkRule  `json:"rule"`
}

// LinkDeclined: a person decided that they are not the same child.
type LinkDeclined struct {
	Child   ChildID   `json:"child"`
	Subject SubjectID `json:"subject"`
	Reason  string    `json:"reason"`
}

// LinkRule is how a link came to be known.
type LinkRule string

const (
	RuleFirstSeen     LinkRule = "first-seen"               // nobody else knows this child yet
	RuleNHSNumber     LinkRule = "nhs-number+date-of-birth" // verified number
	RuleUPN           LinkRule = "upn+date-of-birth"
	RuleNameBirthDate LinkRule = "name+date-of-birth" // only ever proposes
	RulePerson        LinkRule = "decided-by-a-person"
)

func (SubjectLinked) Type() Type   { return "uk.kith.identity.subject-linked.v1" }
func (SubjectUnlinked) Type() Type { return "uk.kith.identity.subject-unlinked.v1" }
func (LinkProposed) Type() Type    { return "uk.kith.identity.link-proposed.v1" }
func (LinkDeclined) Type() Type    { return "uk.kith.identity.link-declined.v1" }

func (SubjectLinked) event()   {}
func (SubjectUnlinked) event() {}
func (LinkProposed) event()    {}
func (LinkDeclined) event()    {}

func (SubjectLinked) identity()   {}
func (SubjectUnlinked) identity() {}
func (LinkProposed) identity()    {}
func (LinkDeclined) identity()    {}
