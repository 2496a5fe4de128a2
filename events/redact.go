package events

import (
	"fmt"
	"io"
	"log/slog"
)

// What describes a person, what was said about one, and all that carries either
// print as "withheld" under every verb of fmt and as a value of slog, so that a
// careless log line or error text leaks nothing. A new fact is named here too;
// a test says so. A JSON log handler walks into slices and unnamed structs by
// itself: it has to let through known values only.

const withheld = "withheld"

func hide(w io.Writer) { _, _ = io.WriteString(w, withheld) }

// People, and what carries them.

func (Person) Format(f fmt.State, _ rune)        { hide(f) }
func (Name) Format(f fmt.State, _ rune)          { hide(f) }
func (Identifiers) Format(f fmt.State, _ rune)   { hide(f) }
func (NHSNumber) Format(f fmt.State, _ rune)     { hide(f) }
func (Address) Format(f fmt.State, _ rune)       { hide(f) }
func (Contact) Format(f fmt.State, _ rune)       { hide(f) }
func (Voice) Format(f fmt.State, _ rune)         { hide(f) }
func (Informed) Format(f fmt.State, _ rune)      { hide(f) }
func (Paragraph18) Format(f fmt.State, _ rune)   { hide(f) }
func (Shared) Format(f fmt.State, _ rune)        { hide(f) }
func (Report) Format(f fmt.State, _ rune)        { hide(f) }
func (Notice) Format(f fmt.State, _ rune)        { hide(f) }
func (Item) Format(f fmt.State, _ rune)          { hide(f) }
func (Match) Format(f fmt.State, _ rune)         { hide(f) }
func (Query) Format(f fmt.State, _ rune)         { hide(f) }
func (ConcernStatus) Format(f fmt.State, _ rune) { hide(f) }

func (Person) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (Name) LogValue() slog.Value          { return slog.StringValue(withheld) }
func (Identifiers) LogValue() slog.Value   { return slog.StringValue(withheld) }
func (NHSNumber) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (Address) LogValue() slog.Value       { return slog.StringValue(withheld) }
func (Contact) LogValue() slog.Value       { return slog.StringValue(withheld) }
func (Voice) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (Informed) LogValue() slog.Value      { return slog.StringValue(withheld) }
func (Paragraph18) LogValue() slog.Value   { return slog.StringValue(withheld) }
func (Shared) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (Report) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (Notice) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (Item) LogValue() slog.Value          { return slog.StringValue(withheld) }
func (Match) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (Query) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (ConcernStatus) LogValue() slog.Value { return slog.StringValue(withheld) }

// Facts.

func (Withdrawn) Format(f fmt.State, _ rune)            { hide(f) }
func (PoliceWithdrawal) Format(f fmt.State, _ rune)     { hide(f) }
func (HealthWithdrawal) Format(f fmt.State, _ rune)     { hide(f) }
func (EducationWithdrawal) Format(f fmt.State, _ rune)  { hide(f) }
func (SocialCareWithdrawal) Format(f fmt.State, _ rune) { hide(f) }

func (Withdrawn) LogValue() slog.Value            { return slog.StringValue(withheld) }
func (PoliceWithdrawal) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (HealthWithdrawal) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (EducationWithdrawal) LogValue() slog.Value  { return slog.StringValue(withheld) }
func (SocialCareWithdrawal) LogValue() slog.Value { return slog.StringValue(withheld) }

func (DomesticAbuseIncident) Format(f fmt.State, _ rune)  { hide(f) }
func (MissingEpisode) Format(f fmt.State, _ rune)         { hide(f) }
func (PublicProtectionNotice) Format(f fmt.State, _ rune) { hide(f) }
func (OnlineReport) Format(f fmt.State, _ rune)           { hide(f) }
func (HeldDocument) Format(f fmt.State, _ rune)           { hide(f) }
func (EmergencyAttendance) Format(f fmt.State, _ rune)    { hide(f) }
func (WasNotBrought) Format(f fmt.State, _ rune)          { hide(f) }
func (PractitionerConcern) Format(f fmt.State, _ rune)    { hide(f) }
func (NationalRecordChanged) Format(f fmt.State, _ rune)  { hide(f) }
func (ClinicalObservation) Format(f fmt.State, _ rune)    { hide(f) }
func (HealthFlag) Format(f fmt.State, _ rune)             { hide(f) }
func (SharingConsent) Format(f fmt.State, _ rune)         { hide(f) }
func (QuestionnaireAnswered) Format(f fmt.State, _ rune)  { hide(f) }
func (Answer) Format(f fmt.State, _ rune)                 { hide(f) }
func (Concern) Format(f fmt.State, _ rune)                { hide(f) }
func (AttendanceFall) Format(f fmt.State, _ rune)         { hide(f) }
func (Suspension) Format(f fmt.State, _ rune)             { hide(f) }
func (OffRoll) Format(f fmt.State, _ rune)                { hide(f) }
func (PermanentExclusion) Format(f fmt.State, _ rune)     { hide(f) }
func (FileTransfer) Format(f fmt.State, _ rune)           { hide(f) }
func (SafeguardingRecord) Format(f fmt.State, _ rune)     { hide(f) }
func (ContactReceived) Format(f fmt.State, _ rune)        { hide(f) }
func (ReferralDecided) Format(f fmt.State, _ rune)        { hide(f) }
func (InvolvementChanged) Format(f fmt.State, _ rune)     { hide(f) }
func (Section47Enquiry) Format(f fmt.State, _ rune)       { hide(f) }
func (ProtectionPlan) Format(f fmt.State, _ rune)         { hide(f) }
func (Referral) Format(f fmt.State, _ rune)               { hide(f) }
func (Assessment) Format(f fmt.State, _ rune)             { hide(f) }
func (Section47Dates) Format(f fmt.State, _ rune)         { hide(f) }
func (InitialConference) Format(f fmt.State, _ rune)      { hide(f) }
func (ProtectionPlanReview) Format(f fmt.State, _ rune)   { hide(f) }

func (DomesticAbuseIncident) LogValue() slog.Value  { return slog.StringValue(withheld) }
func (MissingEpisode) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (PublicProtectionNotice) LogValue() slog.Value { return slog.StringValue(withheld) }
func (OnlineReport) LogValue() slog.Value           { return slog.StringValue(withheld) }
func (HeldDocument) LogValue() slog.Value           { return slog.StringValue(withheld) }
func (EmergencyAttendance) LogValue() slog.Value    { return slog.StringValue(withheld) }
func (WasNotBrought) LogValue() slog.Value          { return slog.StringValue(withheld) }
func (PractitionerConcern) LogValue() slog.Value    { return slog.StringValue(withheld) }
func (NationalRecordChanged) LogValue() slog.Value  { return slog.StringValue(withheld) }
func (ClinicalObservation) LogValue() slog.Value    { return slog.StringValue(withheld) }
func (HealthFlag) LogValue() slog.Value             { return slog.StringValue(withheld) }
func (SharingConsent) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (QuestionnaireAnswered) LogValue() slog.Value  { return slog.StringValue(withheld) }
func (Answer) LogValue() slog.Value                 { return slog.StringValue(withheld) }
func (Concern) LogValue() slog.Value                { return slog.StringValue(withheld) }
func (AttendanceFall) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (Suspension) LogValue() slog.Value             { return slog.StringValue(withheld) }
func (OffRoll) LogValue() slog.Value                { return slog.StringValue(withheld) }
func (PermanentExclusion) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (FileTransfer) LogValue() slog.Value           { return slog.StringValue(withheld) }
func (SafeguardingRecord) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (ContactReceived) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (ReferralDecided) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (InvolvementChanged) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (Section47Enquiry) LogValue() slog.Value       { return slog.StringValue(withheld) }
func (ProtectionPlan) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (Referral) LogValue() slog.Value               { return slog.StringValue(withheld) }
func (Assessment) LogValue() slog.Value             { return slog.StringValue(withheld) }
func (Section47Dates) LogValue() slog.Value         { return slog.StringValue(withheld) }
func (InitialConference) LogValue() slog.Value      { return slog.StringValue(withheld) }
func (ProtectionPlanReview) LogValue() slog.Value   { return slog.StringValue(withheld) }

// What the hub records with words that somebody wrote, or with a message as it came.

func (EventRefused) Format(f fmt.State, _ rune)       { hide(f) }
func (SubjectLinked) Format(f fmt.State, _ rune)      { hide(f) }
func (SubjectUnlinked) Format(f fmt.State, _ rune)    { hide(f) }
func (LinkDeclined) Format(f fmt.State, _ rune)       { hide(f) }
func (ConsentWithdrawn) Format(f fmt.State, _ rune)   { hide(f) }
func (RulingReasoned) Format(f fmt.State, _ rune)     { hide(f) }
func (NotSharedReasoned) Format(f fmt.State, _ rune)  { hide(f) }
func (DiscussionConvened) Format(f fmt.State, _ rune) { hide(f) }
func (DiscussionAttended) Format(f fmt.State, _ rune) { hide(f) }
func (DecisionRecorded) Format(f fmt.State, _ rune)   { hide(f) }
func (Action) Format(f fmt.State, _ rune)             { hide(f) }
func (Discussion) Format(f fmt.State, _ rune)         { hide(f) }

func (EventRefused) LogValue() slog.Value       { return slog.StringValue(withheld) }
func (SubjectLinked) LogValue() slog.Value      { return slog.StringValue(withheld) }
func (SubjectUnlinked) LogValue() slog.Value    { return slog.StringValue(withheld) }
func (LinkDeclined) LogValue() slog.Value       { return slog.StringValue(withheld) }
func (ConsentWithdrawn) LogValue() slog.Value   { return slog.StringValue(withheld) }
func (RulingReasoned) LogValue() slog.Value     { return slog.StringValue(withheld) }
func (NotSharedReasoned) LogValue() slog.Value  { return slog.StringValue(withheld) }
func (DiscussionConvened) LogValue() slog.Value { return slog.StringValue(withheld) }
func (DiscussionAttended) LogValue() slog.Value { return slog.StringValue(withheld) }
func (DecisionRecorded) LogValue() slog.Value   { return slog.StringValue(withheld) }
func (Action) LogValue() slog.Value             { return slog.StringValue(withheld) }
func (Discussion) LogValue() slog.Value         { return slog.StringValue(withheld) }

func (FindingReviewed) Format(f fmt.State, _ rune) { hide(f) }
func (FindingReviewed) LogValue() slog.Value       { return slog.StringValue(withheld) }

// The law of an area. Somebody wrote what is in it.

func (DutyCommenced) Format(f fmt.State, _ rune)  { hide(f) }
func (DutyRevoked) Format(f fmt.State, _ rune)    { hide(f) }
func (DutyCommenced) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (DutyRevoked) LogValue() slog.Value          { return slog.StringValue(withheld) }
func (CopyRequested) Format(f fmt.State, _ rune)  { hide(f) }
func (CopyRecipient) Format(f fmt.State, _ rune)  { hide(f) }
func (CopyItemJudged) Format(f fmt.State, _ rune) { hide(f) }
func (CopyRequested) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (CopyRecipient) LogValue() slog.Value        { return slog.StringValue(withheld) }
func (CopyItemJudged) LogValue() slog.Value       { return slog.StringValue(withheld) }
