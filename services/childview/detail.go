package childview

import (
	"strconv"
	"strings"
	"time"

	"kith/events"
)

// Detail is all that a fact says beyond its title, most important first. What
// the agency left out has no line.
func Detail(f events.Fact) []Line {
	var d detail
	switch f := f.(type) {
	case events.Police:
		d.police(f)
	case events.Health:
		d.health(f)
	case events.Education:
		d.education(f)
	case events.SocialCare:
		d.socialCare(f)
	default: // a title is all there is
	}
	return d
}

type detail []Line

func (d *detail) say(label, text string) {
	if text != "" {
		*d = append(*d, Line{label, text})
	}
}

func (d *detail) when(label string, t *time.Time) {
	if t != nil && !t.IsZero() {
		d.say(label, moment(*t))
	}
}

func (d *detail) police(f events.Police) {
	switch f := f.(type) {
	case events.DomesticAbuseIncident:
		d.say("What happened", f.Circumstances)
		d.say("The child", presenceWords(f.Presence))
		d.say("Where", f.Place)
		d.say("Police reference", f.PoliceReference)
	case events.MissingEpisode:
		d.say("What happened", f.Circumstances)
		d.when("Missing since", &f.MissingSince)
		d.when("Found", f.FoundAt)
		d.say("Missing from", f.MissingFrom)
		d.say("Police reference", f.PoliceReference)
	case events.PublicProtectionNotice:
		d.say("What happened", f.Circumstances)
		d.say("Grade", string(f.Grade))
		d.say("Police reference", f.PoliceReference)
	case events.OnlineReport:
		d.onlineReport(f)
	case events.PoliceWithdrawal:
		d.withdrawn(f.Withdrawn)
	}
}

func (d *detail) withdrawn(f events.Withdrawn) {
	d.say("Why", withdrawalWords(f.Reason))
	d.say("Note", f.Note)
}

func withdrawalWords(r events.WithdrawalReason) string {
	switch r {
	case events.WrongPerson:
		return "It named somebody it is not about"
	case events.NotTrue:
		return "It is not true"
	case events.NotLawful:
		return "It should not have been shared"
	case events.SharedTwice:
		return "It is there twice"
	case events.AnotherReason:
		return "Another reason"
	}
	return ""
}

func (d *detail) onlineReport(f events.OnlineReport) {
	d.say("Reported, not yet looked into", f.Reported)
	d.say("Reported by", reporterWords(f.By))
	if f.StillHappening {
		d.say("Still happening", "Yes, when it was reported")
	}
	if f.HighHarm {
		d.say("High harm", "The form flagged somebody as vulnerable to harm")
	}
	d.say("Where", f.Place)
	for _, a := range f.ChildAges {
		d.say("Age of the child, about", strconv.Itoa(a.From)+" to "+count(a.To, "year"))
	}
	if n := len(f.Attachments); n > 0 {
		d.say("Attachments", count(n, "document")+", with the police")
	}
	d.say("Police reference", f.PoliceReference)
}

func (d *detail) health(f events.Health) {
	switch f := f.(type) {
	case events.EmergencyAttendance:
		d.say("Reason", f.Reason)
		d.say("Where", f.Provider)
		d.when("Arrived", &f.ArrivedAt)
		d.when("Left", f.LeftAt)
		d.say("Brought by", f.BroughtBy)
		d.say("What happened next", f.Disposal)
	case events.WasNotBrought:
		d.say("Service", f.Service)
		d.when("Appointment", &f.AppointmentAt)
		d.say("Missed in the last year", strconv.Itoa(f.MissedLastYear))
		d.say("Next step", f.NextStep)
	case events.PractitionerConcern:
		d.say("Concern", f.Concern)
		d.say("Practitioner", f.Practitioner)
		d.say("Child seen", yesNo(f.ChildSeen))
	case events.NationalRecordChanged:
		d.say("Change", f.Change)
		d.say("Where the detail is", "With the national service")
	case events.ClinicalObservation:
		d.say("Observed", f.Observed)
		d.say("Finding", f.Finding)
		d.say("Where on the body", f.BodySite)
		if f.Provisional {
			d.say("Confirmed", "Not yet")
		}
	case events.HealthFlag:
		d.say("Flag", f.Flag)
		d.say("Category", f.Category)
		d.say("From", day(f.From))
		d.say("Until", day(f.Until))
	case events.SharingConsent:
		d.say("Scope", f.Scope)
		d.say("By", f.By)
		if f.InPart {
			d.say("Extent", "In part: the health service knows for what")
		}
		d.say("Until", day(f.Until))
	case events.QuestionnaireAnswered:
		d.say("Questionnaire", f.Questionnaire)
		d.say("Answered by", f.By)
		for _, a := range f.Answers {
			d.say(a.Question, a.Answer)
		}
	case events.HealthWithdrawal:
		d.withdrawn(f.Withdrawn)
	}
}

func (d *detail) education(f events.Education) {
	switch f := f.(type) {
	case events.Concern:
		d.say("Observed", f.Observed)
		d.say("Safe now", safeWords(f.SafeNow))
		d.say("Done so far", f.DoneSoFar)
		d.say("Reference", f.Reference)
	case events.AttendanceFall:
		d.say("Attended", strconv.Itoa(f.Percent)+"% of sessions, "+strconv.Itoa(f.PercentBefore)+"% before")
		d.say("Unauthorised absence", count(f.Unauthorised, "session"))
		d.say("Period", day(f.From)+" to "+day(f.To))
		d.say("Circumstances", f.Circumstances)
	case events.Suspension:
		d.say("Reason", f.Reason)
		d.say("From", day(f.From))
		d.say("For", count(f.Days, "day"))
	case events.OffRoll:
		d.say("Reason", f.Reason)
		d.say("On", day(f.On))
		d.say("Next", f.Destination)
	case events.PermanentExclusion:
		d.say("Reason", f.Reason)
		d.say("From", day(f.On))
	case events.FileTransfer:
		d.say("To", f.To)
		d.say("First day there", day(f.Starts))
		d.say("Due", day(f.Due))
		d.say("Sent", day(f.Sent))
		d.say("Received", day(f.Received))
		d.say("Reference", f.Reference)
	case events.SafeguardingRecord:
		d.say("Observed", f.Observed)
		d.say("Categories", strings.Join(f.Categories, ", "))
		d.say("What the school did", f.Actions)
		d.say("Reference", f.Reference)
	case events.EducationWithdrawal:
		d.withdrawn(f.Withdrawn)
	}
}

func (d *detail) socialCare(f events.SocialCare) {
	switch f := f.(type) {
	case events.ContactReceived:
		d.say("Summary", f.Summary)
		d.say("Source of the contact", sourceWords(f.From))
		d.say("Reference", f.Reference)
	case events.ReferralDecided:
		d.say("Rationale", f.Rationale)
		d.say("Threshold", f.Threshold)
		d.say("Next step", f.NextStep)
		d.say("Reference", f.Reference)
	case events.InvolvementChanged:
		d.say("Team", f.Team)
		d.say("Since", day(f.Since))
		d.say("Until", day(f.Until))
	case events.Section47Enquiry:
		d.say("Outcome", f.Outcome)
		d.say("Conduct", conductWords(f.Conduct))
		d.say("Started", day(f.Started))
		d.say("Ended", day(f.Ended))
		d.say("Child seen alone", yesNo(f.SeenAlone))
		d.say("Reference", f.Reference)
	case events.ProtectionPlan:
		d.say("Category", categoryWords(f.Category))
		d.say("Started", day(f.Started))
		d.say("Ended", day(f.Ended))
		d.say("Reference", f.Reference)
	case events.SocialCareWithdrawal:
		d.withdrawn(f.Withdrawn)
	default:
		d.process(f)
	}
}

// process is what systems of social care tell of a case in dates and codes.
func (d *detail) process(f events.SocialCare) {
	switch f := f.(type) {
	case events.Referral:
		d.say("Received", day(f.Received))
		d.say("Referred by", sourceWords(f.From))
		d.say("Primary need", needWords(f.Need))
		d.say("No further action", yesNo(f.NoFurtherAction))
		d.say("Closed", day(f.Closed))
		d.say("Reason for closure", closureWords(f.ClosureReason))
		d.say("Reference", f.Reference)
	case events.Assessment:
		d.say("Started", day(f.Started))
		d.say("Completed", day(f.Ended))
		d.say("Child seen", known(f.ChildSeen))
		d.say("No further action", known(f.NoFurtherAction))
		d.say("Factors", factorWords(f.Factors))
		d.say("Reference", f.Reference)
	case events.Section47Dates:
		d.say("Started", day(f.Started))
		d.say("Ended", day(f.Ended))
		d.say("No further action", known(f.NoFurtherAction))
		d.say("Reference", f.Reference)
	case events.InitialConference:
		d.say("Held", day(f.Held))
		d.say("Due", day(f.Due))
		d.say("Child protection plan decided", known(f.Plan))
		d.say("Reference", f.Reference)
	case events.ProtectionPlanReview:
		d.say("Held", day(f.Held))
		d.say("Due", day(f.Due))
		d.say("Plan continues", known(f.Continues))
		d.say("Quorate", known(f.Quorate))
		d.say("How the child took part", participationWords(f.Participation))
		d.say("Plan", f.Plan)
		d.say("Reference", f.Reference)
	default: // said by socialCare
	}
}

// known is yes or no, or nothing where it is not known.
func known(b *bool) string {
	if b == nil {
		return ""
	}
	return yesNo(*b)
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// plain is a code as words, for codes that have no better ones: an odd word is
// better than a missing fact.
func plain(code string) string { return strings.ReplaceAll(code, "-", " ") }

func presenceWords(p events.Presence) string {
	switch p {
	case events.PresenceSaw:
		return "Saw it"
	case events.PresenceHeard:
		return "Heard it"
	case events.PresenceInTheHome:
		return "Was in the home"
	case events.PresenceNotPresent:
		return "Was not there"
	case events.PresenceUnknown:
		return "Not known whether present"
	}
	return plain(string(p))
}

func reporterWords(r events.Reporter) string {
	switch r {
	case events.ReporterVictim:
		return "The victim"
	case events.ReporterWitness:
		return "A witness"
	case events.ReporterOnBehalf:
		return "Somebody on behalf of the victim"
	case events.ReporterBusiness:
		return "A business"
	case events.ReporterUnknown:
		return "Not known"
	}
	return plain(string(r))
}

func safeWords(s events.Safe) string {
	switch s {
	case events.SafeYes:
		return "Yes"
	case events.SafeNo:
		return "No"
	case events.SafeUnsure:
		return "Not sure"
	}
	return plain(string(s))
}

func decisionWords(d events.Decision) string {
	switch d {
	case events.DecideStrategyDiscussion:
		return "strategy discussion"
	case events.DecideAssessment:
		return "assessment by children’s social care"
	case events.DecideFamilyHelp:
		return "family help"
	case events.DecideAlreadyOpen:
		return "already open to children’s social care"
	case events.DecideNoFurtherAction:
		return "no further action by children’s social care"
	}
	return plain(string(d))
}

func conductWords(c events.Conduct) string {
	switch c {
	case events.SingleAgency:
		return "Social care alone"
	case events.JointAgency:
		return "Jointly with the police"
	}
	return plain(string(c))
}

func categoryWords(c events.Category) string {
	switch c {
	case events.Neglect:
		return "Neglect"
	case events.Physical:
		return "Physical abuse"
	case events.Sexual:
		return "Sexual abuse"
	case events.Emotional:
		return "Emotional abuse"
	case events.Multiple:
		return "More than one kind of abuse"
	}
	return plain(string(c))
}
