package disclosure

import (
	"slices"

	"kith/events"
	"kith/services/disclosure/policy"
)

// tiesOf is what connects a reader to a child.
func tiesOf(r events.Reader, p events.Picture) policy.Ties {
	t := policy.Ties{Holds: slices.Contains(p.Agencies, r.Agency), Concern: slices.ContainsFunc(p.Items, concerned)}
	for _, d := range p.Discussions {
		in := takesPart(r, d)
		t.TookPart = t.TookPart || in
		t.Attending = t.Attending || in && d.Open
		t.Invited = t.Invited || invited(r, d)
	}
	return t
}

// concerned reports whether an item says that somebody is concerned for the
// child, and says it to the authority. One that may not leave its agency does
// not: else the tie would tell that it is there.
func concerned(h events.Held) bool {
	if policy.Item(h.Item, "", nil, h.HubRecordedAt).Guarded {
		return false
	}
	switch h.Fact.(type) {
	case events.Concern, events.PractitionerConcern, events.PublicProtectionNotice:
		return true
	default: // every other fact is about the child without asking for anything
		return false
	}
}

// takesPart reports whether the reader chairs or attends a discussion.
func takesPart(r events.Reader, d events.Discussion) bool {
	return d.Chair == r.Actor && d.Agency == r.Agency ||
		slices.ContainsFunc(d.Attendees, func(a events.DiscussionAttended) bool { return a.Actor == r.Actor && a.Agency == r.Agency })
}

func invited(r events.Reader, d events.Discussion) bool {
	return d.Open && slices.Contains(d.Invited, r.Agency)
}
