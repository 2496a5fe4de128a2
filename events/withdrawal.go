package events

// Withdrawn is what every withdrawal says: an event that the agency published
// before shall not be relied on any more. Which one is said by the extension
// "supersedes" of its CloudEvent.
type Withdrawn struct {
	Reason WithdrawalReason `json:"reason"`
	Note   string           `json:"note,omitempty"` // kept with the record; no view shows it
}

// WithdrawalReason is why an event is withdrawn.
type WithdrawalReason string

const (
	WrongPerson   WithdrawalReason = "wrong-person"
	NotTrue       WithdrawalReason = "not-true"
	NotLawful     WithdrawalReason = "not-lawful-to-share"
	SharedTwice   WithdrawalReason = "duplicate"
	AnotherReason WithdrawalReason = "other" // the note says which
)

// Withdrawal is a fact of whichever agency that withdraws another one.
type Withdrawal interface {
	Fact
	withdrawal()
}

// Each kind of agency withdraws under a type of its own, as it publishes.
type (
	PoliceWithdrawal     struct{ Withdrawn }
	HealthWithdrawal     struct{ Withdrawn }
	EducationWithdrawal  struct{ Withdrawn }
	SocialCareWithdrawal struct{ Withdrawn }
)

// Withdrawal is what says of an event of an agency of this kind that it does not
// stand; nil for a kind that has no type of its own for it.
func (k AgencyKind) Withdrawal(w Withdrawn) Withdrawal {
	switch k {
	case KindPolice:
		return PoliceWithdrawal{w}
	case KindHealth:
		return HealthWithdrawal{w}
	case KindEducation:
		return EducationWithdrawal{w}
	case KindSocialCare:
		return SocialCareWithdrawal{w}
	default:
		return nil
	}
}

func (PoliceWithdrawal) Type() Type     { return "uk.kith.police.withdrawal.v1" }
func (HealthWithdrawal) Type() Type     { return "uk.kith.health.withdrawal.v1" }
func (EducationWithdrawal) Type() Type  { return "uk.kith.education.withdrawal.v1" }
func (SocialCareWithdrawal) Type() Type { return "uk.kith.socialcare.withdrawal.v1" }

func (Withdrawn) fact()       {}
func (Withdrawn) withdrawal() {}

func (PoliceWithdrawal) police()         {}
func (HealthWithdrawal) health()         {}
func (EducationWithdrawal) education()   {}
func (SocialCareWithdrawal) socialCare() {}
