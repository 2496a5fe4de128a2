package events

// SocialCare is a fact that children's social care may state.
//
//sumtype:decl
type SocialCare interface {
	Fact
	socialCare()
}

// ContactReceived: somebody contacted children's social care about a child.
type ContactReceived struct {
	Reference string `json:"reference"`
	From      string `json:"from"` // source code of the census of children in need, 1A to 10
	Summary   string `json:"summary"`
}

// ReferralDecided: social care decided what to do about a concern or referral.
// Working Together 2026 asks for it within one working day.
type ReferralDecided struct {
	Reference string   `json:"reference"` // of the concern or referral that is answered
	Decision  Decision `json:"decision"`
	Rationale string   `json:"rationale"` // what the referrer is told; no one else's information
	Threshold string   `json:"threshold,omitempty"`
	NextStep  string   `json:"nextStep,omitempty"`
}

// Decision is what social care decided on a referral.
type Decision string

const (
	DecideStrategyDiscussion Decision = "strategy-discussion"
	DecideAssessment         Decision = "assessment"
	DecideFamilyHelp         Decision = "family-help"
	DecideAlreadyOpen        Decision = "already-open"
	DecideNoFurtherAction    Decision = "no-further-action"
)

// InvolvementChanged: a team became or ceased to be involved with a child.
type InvolvementChanged struct {
	Service string `json:"service"` // for example "child in need", "early help", "looked after"
	Team    string `json:"team"`
	Since   Date   `json:"since"`
	Until   Date   `json:"until,omitempty"`
}

// Section47Enquiry: an enquiry under section 47 began or ended.
type Section47Enquiry struct {
	Reference string  `json:"reference"`
	Started   Date    `json:"started"`
	Ended     Date    `json:"ended,omitempty"`
	Conduct   Conduct `json:"conduct"`
	SeenAlone bool    `json:"seenAlone"`
	Outcome   string  `json:"outcome,omitempty"`
}

// Conduct is who carries out a section 47 enquiry.
type Conduct string

const (
	SingleAgency Conduct = "single"
	JointAgency  Conduct = "joint"
)

// ProtectionPlan: a child protection plan began or ended.
type ProtectionPlan struct {
	Reference string   `json:"reference"`
	Started   Date     `json:"started"`
	Ended     Date     `json:"ended,omitempty"`
	Category  Category `json:"category"`
}

// Category of abuse, as the census of children in need codes it.
type Category string

const (
	Neglect   Category = "NEG"
	Physical  Category = "PHY"
	Sexual    Category = "SAB"
	Emotional Category = "EMO"
	Multiple  Category = "MUL"
)

// Referral: a child was referred to children's social care, or that referral was
// closed. Codes are those of the census of children in need.
type Referral struct {
	Reference       string `json:"reference"`
	Received        Date   `json:"received"`
	From            string `json:"from"`           // source code, 1A to 10
	Need            string `json:"need,omitempty"` // primary need code, N0 to N9
	NoFurtherAction bool   `json:"noFurtherAction"`
	Closed          Date   `json:"closed,omitempty"`
	ClosureReason   string `json:"closureReason,omitempty"` // RC1 to RC9
}

// Assessment: an assessment of a child began or was authorised. Working Together
// 2026 asks for it within 45 working days of the referral.
type Assessment struct {
	Reference       string   `json:"reference"`
	Started         Date     `json:"started"`
	Ended           Date     `json:"ended,omitempty"`
	ChildSeen       *bool    `json:"childSeen,omitempty"` // absent if not known
	NoFurtherAction *bool    `json:"noFurtherAction,omitempty"`
	Factors         []string `json:"factors,omitempty"` // codes of the census, 1A to 24A
}

// Section47Dates: an enquiry under section 47 began or ended, told by a system that
// does not say who carries it out nor whether the child was seen alone. One that
// does tells a Section47Enquiry.
type Section47Dates struct {
	Reference       string `json:"reference"`
	Started         Date   `json:"started"` // of the strategy discussion that initiated it
	Ended           Date   `json:"ended,omitempty"`
	NoFurtherAction *bool  `json:"noFurtherAction,omitempty"`
}

// InitialConference: an initial child protection conference was held.
type InitialConference struct {
	Reference string `json:"reference"`
	Due       Date   `json:"due,omitempty"` // 15 working days after the strategy discussion
	Held      Date   `json:"held"`
	Plan      *bool  `json:"plan,omitempty"` // whether it decided on a child protection plan
}

// ProtectionPlanReview: a review conference of a child protection plan was held.
type ProtectionPlanReview struct {
	Reference     string `json:"reference"`
	Plan          string `json:"plan,omitempty"` // reference of the plan
	Due           Date   `json:"due,omitempty"`
	Held          Date   `json:"held"`
	Continues     *bool  `json:"continues,omitempty"` // whether the plan goes on
	Quorate       *bool  `json:"quorate,omitempty"`
	Participation string `json:"participation,omitempty"` // of the child, PN0 to PN7
}

func (ContactReceived) Type() Type      { return "uk.kith.socialcare.contact.v1" }
func (ReferralDecided) Type() Type      { return "uk.kith.socialcare.referral-decision.v1" }
func (InvolvementChanged) Type() Type   { return "uk.kith.socialcare.involvement.v1" }
func (Section47Enquiry) Type() Type     { return "uk.kith.socialcare.section47-enquiry.v1" }
func (ProtectionPlan) Type() Type       { return "uk.kith.socialcare.protection-plan.v1" }
func (Referral) Type() Type             { return "uk.kith.socialcare.referral.v1" }
func (Assessment) Type() Type           { return "uk.kith.socialcare.assessment.v1" }
func (Section47Dates) Type() Type       { return "uk.kith.socialcare.section47-dates.v1" }
func (InitialConference) Type() Type    { return "uk.kith.socialcare.initial-conference.v1" }
func (ProtectionPlanReview) Type() Type { return "uk.kith.socialcare.protection-plan-review.v1" }

func (ContactReceived) fact()      {}
func (ReferralDecided) fact()      {}
func (InvolvementChanged) fact()   {}
func (Section47Enquiry) fact()     {}
func (ProtectionPlan) fact()       {}
func (Referral) fact()             {}
func (Assessment) fact()           {}
func (Section47Dates) fact()       {}
func (InitialConference) fact()    {}
func (ProtectionPlanReview) fact() {}

func (ContactReceived) socialCare()      {}
func (ReferralDecided) socialCare()      {}
func (InvolvementChanged) socialCare()   {}
func (Section47Enquiry) socialCare()     {}
func (ProtectionPlan) socialCare()       {}
func (Referral) socialCare()             {}
func (Assessment) socialCare()           {}
func (Section47Dates) socialCare()       {}
func (InitialConference) socialCare()    {}
func (ProtectionPlanReview) socialCare() {}
