package socialcare

import (
	"kith/events"
	"kith/services/internal/native"
)

// sources are the codes of the children in need census for who made contact.
func sources() []string {
	return []string{"1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E", "3F", "4",
		"5A", "5B", "5C", "5D", "6", "7", "8", "9", "10"}
}

// received returns a contact, and whether who made it must stay unknown.
func (r row) received(f *native.Form, at string) (events.SocialCare, []events.Caveat) {
	fact := events.ContactReceived{
		Reference: f.Text(at+"/reference", r.Reference),
		From:      native.Choose(f, at+"/from", r.From, sources()...),
		Summary:   f.Text(at+"/summary", r.Summary),
	}
	return fact, untold(r.From)
}

func (r row) involvement(f *native.Form, at string) events.SocialCare {
	since, until := r.span(f, at)
	return events.InvolvementChanged{
		Service: f.Text(at+"/service", r.Service), Team: f.Text(at+"/team", r.Team), Since: since, Until: until,
	}
}

func (r row) enquiry(f *native.Form, at string) events.SocialCare {
	started, ended := r.span(f, at)
	return events.Section47Enquiry{
		Reference: f.Text(at+"/reference", r.Reference), Started: started, Ended: ended,
		Conduct:   native.Choose(f, at+"/conduct", r.Conduct, events.SingleAgency, events.JointAgency),
		SeenAlone: r.SeenAlone, Outcome: r.Outcome,
	}
}

func (r row) plan(f *native.Form, at string) events.SocialCare {
	started, ended := r.span(f, at)
	return events.ProtectionPlan{
		Reference: f.Text(at+"/reference", r.Reference), Started: started, Ended: ended,
		Category: native.Choose(f, at+"/category", r.Category,
			events.Neglect, events.Physical, events.Sexual, events.Emotional, events.Multiple),
	}
}

func (r row) span(f *native.Form, at string) (started, ended events.Date) {
	started = f.Day(at+"/started", r.Started)
	if r.Ended == "" {
		return started, ""
	}
	if ended = f.Day(at+"/ended", r.Ended); ended < started {
		f.Wrong(at+"/ended", "a day not before it started")
	}
	return started, ended
}
