package childview

import (
	"strconv"

	"kith/events"
)

// Line is one thing that a fact says: what it is, and what it says.
type Line struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Title names a fact in the few words by which a reader scans a chronology.
func Title(f events.Fact) string {
	switch f := f.(type) {
	case events.Police:
		return policeTitle(f)
	case events.Health:
		return healthTitle(f)
	case events.Education:
		return educationTitle(f)
	case events.SocialCare:
		return socialCareTitle(f)
	default:
		return "Something this hub has no words for yet"
	}
}

func policeTitle(f events.Police) string {
	switch f := f.(type) {
	case events.DomesticAbuseIncident:
		return "Domestic abuse incident"
	case events.MissingEpisode:
		if f.FoundAt == nil {
			return "Missing, not yet found"
		}
		return "Missing, and found"
	case events.PublicProtectionNotice:
		return "Public protection notice, graded " + string(f.Grade)
	case events.OnlineReport:
		return "Reported to the police online"
	case events.PoliceWithdrawal:
		return "Withdrawn by the police"
	}
	return ""
}

func healthTitle(f events.Health) string {
	switch f := f.(type) {
	case events.EmergencyAttendance:
		return "Emergency department attendance"
	case events.WasNotBrought:
		return "Was not brought to an appointment"
	case events.PractitionerConcern:
		return "Concern of a health practitioner"
	case events.NationalRecordChanged:
		return "National health record changed"
	case events.ClinicalObservation:
		return "Health observation"
	case events.HealthFlag:
		if !f.Active {
			return "Flag taken off the health record"
		}
		return "Flag on the health record"
	case events.SharingConsent:
		return "Consent to share, as health recorded it: " + string(f.Decision)
	case events.QuestionnaireAnswered:
		return "Health questionnaire"
	case events.HealthWithdrawal:
		return "Withdrawn by the health service"
	}
	return ""
}

func educationTitle(f events.Education) string {
	switch f := f.(type) {
	case events.Concern:
		if f.Immediate {
			return "Safeguarding concern, immediate"
		}
		return "Safeguarding concern"
	case events.AttendanceFall:
		return "Attendance fell to " + strconv.Itoa(f.Percent) + "%"
	case events.Suspension:
		return "Suspended from school"
	case events.OffRoll:
		return "Taken off the school roll"
	case events.PermanentExclusion:
		return "Permanently excluded from school"
	case events.FileTransfer:
		if f.Received == "" {
			return "Child protection file sent to the next school"
		}
		return "Child protection file received by the next school"
	case events.SafeguardingRecord:
		return "Entry in the school’s safeguarding record"
	case events.EducationWithdrawal:
		return "Withdrawn by the school or college"
	}
	return ""
}

func socialCareTitle(f events.SocialCare) string {
	switch f := f.(type) {
	case events.ContactReceived:
		return "Contact with children’s social care"
	case events.ReferralDecided:
		return "Referral decided: " + decisionWords(f.Decision)
	case events.InvolvementChanged:
		if f.Until != "" {
			return "Involvement ended: " + f.Service
		}
		return "Involvement began: " + f.Service
	case events.Section47Enquiry:
		if f.Ended != "" {
			return "Section 47 enquiry ended"
		}
		return "Section 47 enquiry began"
	case events.ProtectionPlan:
		if f.Ended != "" {
			return "Child protection plan ended"
		}
		return "Child protection plan began"
	case events.Referral:
		if f.Closed != "" {
			return "Referral closed"
		}
		return "Referral received"
	case events.Assessment:
		if f.Ended != "" {
			return "Assessment completed"
		}
		return "Assessment began"
	case events.Section47Dates:
		if f.Ended != "" {
			return "Section 47 enquiry ended (dates only)"
		}
		return "Section 47 enquiry began (dates only)"
	case events.InitialConference:
		return "Initial child protection conference held"
	case events.ProtectionPlanReview:
		return "Child protection plan reviewed"
	case events.SocialCareWithdrawal:
		return "Withdrawn by children’s social care"
	}
	return ""
}
