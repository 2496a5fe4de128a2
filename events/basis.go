package events

// Basis is the lawful basis that an agency asserts for sharing one item. The
// words are those of the UK GDPR and the Data Protection Act 2018.
type Basis struct {
	Article6    Article6     `json:"article6"`
	Article9    Article9     `json:"article9,omitempty"`
	Paragraph18 *Paragraph18 `json:"paragraph18,omitempty"`
	Scope       Scope        `json:"consentScope,omitempty"` // which consent it rests on, if on consent
}

// Article6 is the condition of UK GDPR Article 6(1).
type Article6 string

const (
	ByConsent                    Article6 = "consent"                        // 6(1)(a)
	LegalObligation              Article6 = "legal-obligation"               // 6(1)(c)
	VitalInterests               Article6 = "vital-interests"                // 6(1)(d)
	PublicTask                   Article6 = "public-task"                    // 6(1)(e)
	RecognisedLegitimateInterest Article6 = "recognised-legitimate-interest" // 6(1)(ea), not for public authorities
	LegitimateInterests          Article6 = "legitimate-interests"           // 6(1)(f), not for public authorities
)

// Article9 is the condition of UK GDPR Article 9(2) for special category data.
type Article9 string

const (
	ExplicitConsent           Article9 = "explicit-consent"            // 9(2)(a)
	VitalInterests9           Article9 = "vital-interests"             // 9(2)(c)
	SubstantialPublicInterest Article9 = "substantial-public-interest" // 9(2)(g)
	HealthOrSocialCare        Article9 = "health-or-social-care"       // 9(2)(h)
)

// Paragraph18 is the condition "safeguarding of children and of individuals at
// risk", Data Protection Act 2018, Schedule 1, paragraph 18. All four fields are
// required when it is relied on.
type Paragraph18 struct {
	Ground         Ground `json:"ground"`
	Necessity      string `json:"necessity"` // why it is necessary, in a sentence
	Subject        string `json:"subject"`   // "under-18" or "adult-at-risk"
	PolicyDocument string `json:"policyDocument"`
}

// Ground is why consent is not relied on: paragraph 18(2)(a), (b) or (c).
type Ground string

const (
	CannotConsent        Ground = "consent-cannot-be-given"
	CannotReasonablyAsk  Ground = "consent-cannot-reasonably-be-obtained"
	WouldPrejudiceSafety Ground = "obtaining-consent-would-prejudice-protection"
	SubjectUnder18              = "under-18"
	SubjectAdultAtRisk          = "adult-at-risk"
)

// Label says how sensitive an item is, from least to most.
type Label string

const (
	Involvement Label = "involvement" // that an agency knows the child, and whom to call
	Core        Label = "core"        // what safeguarding partners ordinarily need
	Sensitive   Label = "sensitive"   // health detail, sexual harm
	Restricted  Label = "restricted"  // protected addresses and identities
)

// Caveat limits how an item may be handled, whatever its label.
type Caveat string

const (
	NoGuardian           Caveat = "no-guardian"
	ThirdParty           Caveat = "third-party"
	PoliceIntelligence   Caveat = "police-intelligence"
	LegalPrivilege       Caveat = "legal-privilege"
	OriginatorControlled Caveat = "originator-controlled"
)

// Scope is what a consent to share covers.
type Scope string

// EarlyHelp is the scope of consent to share for early help.
const EarlyHelp Scope = "early-help"

// Purpose is why somebody asks to see a child's view.
type Purpose string

const (
	PurposeSection47     Purpose = "s47" // Children Act 1989
	PurposeSection17     Purpose = "s17" // Children Act 1989
	PurposeEarlyHelp     Purpose = "early-help"
	PurposeCarePlanning  Purpose = "care-planning"
	PurposeAudit         Purpose = "audit"
	PurposeSubjectAccess Purpose = "subject-access"
)
