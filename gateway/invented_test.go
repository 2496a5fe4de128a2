package gateway

import (
	"fmt"
	"time"

	"kith/events"
)

// invented is the history of a child whom nobody knows: she does not exist.
func invented(now time.Time) events.Picture {
	p := events.Picture{Child: theChild, Subjects: []events.SubjectID{"s1", "s2", "s3", "s4"},
		Agencies: []events.AgencyID{"northshire-police", "northshire-hospital", school, council}}
	for n, i := range inventedItems() {
		i.ID = events.ItemID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n+1))
		p.Items = append(p.Items, i)
	}
	p.Discussions = []events.Discussion{{ID: "d1", Child: theChild, Chair: "actor-chair", Agency: council, At: now.Add(-26 * time.Hour),
		Reason:  "A second domestic abuse incident in a month, a fracture that the account does not explain, and what Ava said at school.",
		Invited: []events.AgencyID{"northshire-police", "northshire-hospital", school}, Open: true,
		Attendees: []events.DiscussionAttended{{Discussion: "d1", Actor: "actor-police", Agency: "northshire-police", Role: "practitioner"}}}}
	p.Clocks = []events.Clock{{Rule: "Working Together 2026: initial conference (WT2026/ICPC-15WD)", What: "Initial child protection conference", From: "2026-11-02", Due: "2026-11-20", Overdue: true, Discussion: "d1"}}
	given := now.AddDate(0, -8, 0)
	gone := now.AddDate(0, -1, -3)
	p.Consents = []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Consent: "k1", Child: theChild, By: events.ByParentalResponsibility, Scope: events.EarlyHelp}, GivenAt: given, WithdrawnAt: &gone},
		{ConsentGiven: events.ConsentGiven{Consent: "k2", Child: theChild, By: events.ByParentalResponsibility, Scope: events.EarlyHelp, Partners: []events.AgencyID{school, council}}, GivenAt: now.AddDate(0, 0, -9)}}
	return p
}

func inventedItems() []events.Held {
	found := at("2026-06-13T23:40:00Z")
	left := at("2026-10-29T21:15:00Z")
	task := events.Basis{Article6: events.PublicTask}
	safe := events.Basis{Article6: events.PublicTask, Article9: events.SubstantialPublicInterest, Paragraph18: &events.Paragraph18{
		Ground: events.WouldPrejudiceSafety, Subject: events.SubjectUnder18, PolicyDocument: "Appropriate policy document",
		Necessity: "To ask for consent first would let the alleged perpetrator know and put the child at further risk."}}
	care := events.Basis{Article6: events.PublicTask, Article9: events.HealthOrSocialCare}
	help := events.Basis{Article6: events.ByConsent, Scope: events.EarlyHelp}
	return []events.Held{
		health("2024-05-14T09:30:00Z", 0, care, events.WasNotBrought{Service: "Speech and language therapy", AppointmentAt: at("2024-05-14T09:30:00Z"), MissedLastYear: 2, NextStep: "Offered another appointment"}),
		schooling("2025-01-31T15:00:00Z", 3, task, events.AttendanceFall{From: "2025-01-06", To: "2025-01-31", Percent: 81, PercentBefore: 94, Unauthorised: 9, Circumstances: "Often collected late; mother says there is no car any more."}),
		social("2025-02-17T11:00:00Z", 0, help, events.InvolvementChanged{Service: "early help", Team: "Northside family help", Since: "2025-02-17", Until: "2025-09-30"}),
		policing("2025-08-02T22:50:00Z", 41, safe, events.DomesticAbuseIncident{PoliceReference: "NP/25/118842", Place: "At home", Presence: events.PresenceHeard, Circumstances: "Argument reported by a neighbour. Mother had a bruised arm. The man had left before officers came."}),
		health("2026-03-03T10:10:00Z", 1, care, events.PractitionerConcern{Practitioner: "Health visitor", Concern: "Mother low in mood since the birth of the younger brother; a visit ended early when her partner came home.", ChildSeen: true}),
		policing("2026-06-13T20:15:00Z", 0, safe, events.MissingEpisode{PoliceReference: "NP/26/090017", MissingSince: at("2026-06-13T18:00:00Z"), FoundAt: &found, MissingFrom: "Home", Circumstances: "Found at her grandmother’s. She had walked there alone, two miles along the ring road."}),
		schooling("2026-09-18T14:20:00Z", 0, task, events.AttendanceFall{From: "2026-09-02", To: "2026-09-18", Percent: 69, PercentBefore: 92, Unauthorised: 7}),
		policing("2026-10-24T23:30:00Z", 1, safe, events.DomesticAbuseIncident{PoliceReference: "NP/26/153310", Place: "At home", Presence: events.PresenceSaw, Circumstances: "Mother pushed down the stairs. Partner arrested and released on bail with a condition not to go to the address."}),
		health("2026-10-29T18:05:00Z", 0, care, events.EmergencyAttendance{Provider: "Northshire Hospital emergency department", ArrivedAt: at("2026-10-29T18:05:00Z"), LeftAt: &left, Reason: "Broken left wrist, said to be from a fall off a bed two days before.", BroughtBy: "Mother’s partner", Disposal: "Discharged with a cast; referred to the safeguarding team"}),
		schooling("2026-11-19T09:10:00Z", 0, safe, events.Concern{Reference: "QX3M-7RTL-P2VA", Observed: "Ava did not want to go home at the end of the day. She held her wrist and cried when her stepfather’s car came.", SafeNow: events.SafeUnsure, Immediate: true, DoneSoFar: "Kept her at school; phoned social care at 15:20."}),
		social("2026-11-19T16:40:00Z", 0, task, events.ReferralDecided{Reference: "QX3M-7RTL-P2VA", Decision: events.DecideStrategyDiscussion, Rationale: "What Ava said, with two incidents and an unexplained injury, is reasonable cause to suspect significant harm.", NextStep: "Strategy discussion on 22 November"}),
		policing("2026-11-20T08:00:00Z", 0, safe, events.PublicProtectionNotice{PoliceReference: "NP/26/166001", Grade: events.Red, Circumstances: "Bail condition breached: the car was seen at the address twice."}),
	}
}

func held(kind events.AgencyKind, agency events.AgencyID, occurred string, lateDays int, b events.Basis, f events.Fact) events.Held {
	t := at(occurred)
	i := events.Item{Agency: agency, Kind: kind, Source: "urn:kith:agency:" + string(agency), EventID: "e", Subject: "s1", Fact: f,
		Person: events.Person{LocalID: "p1", Role: events.RoleChild, Name: events.Name{Given: "Ava", Family: "Example"}, DateOfBirth: "2017-03-09"},
		Shared: events.Shared{OccurredAt: t, RecordedAt: t.Add(95 * time.Minute), Basis: b, Label: events.Core}}
	for _, a := range agencies() {
		if a.ID == agency {
			i.Contact = events.Contact{Team: a.Contact.Team, Phone: a.Contact.Phone}
		}
	}
	h := events.Held{Item: i, HubRecordedAt: i.RecordedAt.AddDate(0, 0, lateDays).Add(9 * time.Second)}
	h.Late = h.HubRecordedAt.Sub(t) > 7*24*time.Hour
	return h
}

func policing(t string, late int, b events.Basis, f events.Fact) events.Held {
	h := held(events.KindPolice, "northshire-police", t, late, b, f)
	if d, ok := f.(events.DomesticAbuseIncident); ok && d.Presence == events.PresenceSaw {
		h.Voice = &events.Voice{Words: "I hid behind the sofa with Sam. He said next time he will find us.", HeardBy: "attending officer"}
		h.Caveats = []events.Caveat{events.NoGuardian}
		h.Informed = &events.Informed{Told: false, Why: "It would put the mother and the children at risk."}
	}
	if _, ok := f.(events.PublicProtectionNotice); ok {
		h.Person.Address = &events.Address{Lines: []string{"12 Refuge Lane"}, Postcode: "NS1 1ZZ", Label: events.Restricted}
		h.Person.Name = events.Name{Given: "Ava", Family: "Exampel"}
	}
	return h
}

func health(t string, late int, b events.Basis, f events.Fact) events.Held {
	h := held(events.KindHealth, "northshire-hospital", t, late, b, f)
	if _, ok := f.(events.PractitionerConcern); ok {
		h.Label, h.Caveats = events.Sensitive, []events.Caveat{events.ThirdParty}
	}
	if _, ok := f.(events.EmergencyAttendance); ok {
		h.Caveats = nil
	}
	return h
}

func schooling(t string, late int, b events.Basis, f events.Fact) events.Held {
	h := held(events.KindEducation, school, t, late, b, f)
	if _, ok := f.(events.Concern); ok {
		h.Voice = &events.Voice{Words: "My arm hurts because he was cross. Please don’t tell him I said.", HeardBy: "class teacher"}
		h.Informed = &events.Informed{Told: false, Why: "Telling the family could put Ava at risk."}
	}
	return h
}

func social(t string, late int, b events.Basis, f events.Fact) events.Held {
	return held(events.KindSocialCare, council, t, late, b, f)
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func inventedConcerns(now time.Time) []events.ConcernStatus {
	ava := events.Person{Role: events.RoleChild, Name: events.Name{Given: "Ava", Family: "Example"}, DateOfBirth: "2017-03-09"}
	ben := events.Person{Role: events.RoleChild, Name: events.Name{Given: "Ben", Family: "Sample"}, DateOfBirth: "2014-11-02"}
	decided := at("2026-11-19T16:40:00Z")
	return []events.ConcernStatus{
		{Reference: "QX3M-7RTL-P2VA", Agency: school, Child: theChild, Person: ava, Item: "00000000-0000-4000-8000-000000000010", ReceivedAt: at("2026-11-19T15:12:00Z"), DecideBy: "2026-11-20",
			Concern:   events.Concern{Reference: "QX3M-7RTL-P2VA", Observed: "Ava did not want to go home at the end of the day. She held her wrist and cried when her stepfather’s car came.", SafeNow: events.SafeUnsure, Immediate: true, DoneSoFar: "Kept her at school; phoned social care at 15:20."},
			Voice:     &events.Voice{Words: "My arm hurts because he was cross. Please don’t tell him I said.", HeardBy: "class teacher"},
			Informed:  &events.Informed{Told: false, Why: "Telling the family could put Ava at risk."},
			DecidedAt: &decided, Decided: &events.ReferralDecided{Reference: "QX3M-7RTL-P2VA", Decision: events.DecideStrategyDiscussion, Rationale: "What Ava said, with two incidents and an injury that is not explained, is reasonable cause to suspect significant harm.", NextStep: "Strategy discussion on 22 November; the duty social worker phones you today.", Threshold: "Level 4"}},
		{Reference: "M4ZT-9KQW-H7NB", Agency: school, Child: "c2", Person: ben, Item: "00000000-0000-4000-8000-000000000011", ReceivedAt: at("2026-11-18T11:02:00Z"), DecideBy: "2026-11-19",
			Concern: events.Concern{Reference: "M4ZT-9KQW-H7NB", Observed: "Ben came without lunch for the sixth time this month and said there is nothing at home.", SafeNow: events.SafeYes}},
		{Reference: "T8PL-2WXC-V5JD", Agency: "elmtree-school", Child: "c3", Person: events.Person{Name: events.Name{Given: "Cleo", Family: "Instance"}}, Item: "00000000-0000-4000-8000-000000000012", ReceivedAt: now.Add(-50 * time.Minute), DecideBy: "2026-11-24",
			Concern: events.Concern{Reference: "T8PL-2WXC-V5JD", Observed: "A bruise in the shape of a hand.", SafeNow: events.SafeNo, Immediate: true}},
	}
}
