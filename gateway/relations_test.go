package gateway

import (
	"time"

	"kith/events"
)

// tie is what connects a reader to a child in a world of these tests.
type tie string

const (
	stranger    tie = "nothing"
	holdsOne    tie = "their agency holds a record"
	concerned   tie = "another school is concerned"
	isInvited   tie = "their agency is invited to an open discussion"
	attendsNow  tie = "they attend an open discussion"
	attendedOne tie = "they attended a discussion that is over"
	tooLate     tie = "their agency was invited to a discussion that is over"
)

func ties() []tie {
	return []tie{stranger, holdsOne, concerned, isInvited, attendsNow, attendedOne, tooLate}
}

// opens is the table of who may know that a child is there. It is written from
// the rules in docs/decisions and not from the policy.
func opens(u User, k tie) bool {
	switch k {
	case holdsOne, isInvited, attendsNow, attendedOne:
		return u.Reader.Role != events.RoleGovernance
	case concerned:
		return works(u)
	default:
		return false
	}
}

// works is somebody of the authority who decides on children.
func works(u User) bool { return u.Persona == "socialworker" || u.Persona == "chair" }

// reads is the table of who may read what a third agency holds, by its label.
func reads(u User, k tie, l events.Label, p events.Purpose) bool {
	if !opens(u, k) || u.Reader.Role == events.RoleDSL {
		return false
	}
	plain, enquiry := l == events.Involvement || l == events.Core, p == events.PurposeSection47
	switch {
	case plain && works(u) && (enquiry || p == events.PurposeSection17):
		return true
	case l == events.Sensitive && u.Persona == "chair" && enquiry:
		return true
	default:
		return k == attendsNow && enquiry && (plain || l == events.Sensitive)
	}
}

// does is the table of who may do what about a child whom they may know of.
func does(u User, k tie, act string) bool {
	switch act {
	case "convene":
		return works(u)
	case "attend":
		return works(u) || k == isInvited || k == attendsNow
	case "restrict":
		return works(u)
	case "decide":
		return u.Persona == "chair"
	default: // record consent
		return works(u) || k == holdsOne
	}
}

// secret is a word of what the third agency holds.
const secret = "Zeisigruf"

// tied is a picture in which a reader has one tie, and a third agency holds one
// item with a label.
func tied(child events.ChildID, u User, k tie, l events.Label, now time.Time) events.Picture {
	task := events.Basis{Article6: events.PublicTask}
	third := policing("2026-06-13T20:15:00Z", 0, task, events.MissingEpisode{PoliceReference: "NP/1", MissingSince: now.AddDate(0, -5, 0), MissingFrom: "Home", Circumstances: secret})
	if u.Persona == "police" {
		third = health("2026-06-13T20:15:00Z", 0, task, events.WasNotBrought{Service: secret, AppointmentAt: now.AddDate(0, -5, 0), NextStep: "none"})
	}
	third.Label = l
	p := events.Picture{Child: child}
	add := func(id events.ItemID, h events.Held) {
		h.ID, h.Subject = id, events.SubjectID(id)
		p.Items, p.Agencies, p.Subjects = append(p.Items, h), append(p.Agencies, h.Agency), append(p.Subjects, h.Subject)
	}
	add("00000000-0000-4000-8000-000000000001", third)
	d := events.Discussion{ID: "d1", Child: child, Chair: "somebody", Agency: council, At: now, Reason: "Why.",
		Invited: []events.AgencyID{}, Attendees: []events.DiscussionAttended{}, Open: k == isInvited || k == attendsNow}
	switch k {
	case holdsOne:
		add("00000000-0000-4000-8000-000000000002", held(u.Reader.Kind, u.Reader.Agency, "2026-07-01T09:00:00Z", 0, task, events.InvolvementChanged{Service: "s", Team: "t", Since: "2026-07-01"}))
	case concerned:
		from := school
		if u.Reader.Agency == school {
			from = "elmtree-school"
		}
		add("00000000-0000-4000-8000-000000000003", held(events.KindEducation, from, "2026-11-19T09:10:00Z", 0, task, events.Concern{Reference: "AB12-CD34-EF56", Observed: "o"}))
	case isInvited, tooLate, attendsNow:
		d.Invited = append(d.Invited, u.Reader.Agency)
	default:
	}
	if k == attendsNow || k == attendedOne {
		d.Attendees = append(d.Attendees, events.DiscussionAttended{Discussion: "d1", Actor: u.Reader.Actor, Agency: u.Reader.Agency, Role: string(u.Reader.Role)})
	}
	if k == isInvited || k == attendsNow || k == attendedOne || k == tooLate {
		p.Discussions = append(p.Discussions, d)
	}
	return p
}
