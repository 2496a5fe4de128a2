package bundle

import (
	"testing"

	"kith/events"
)

// The Information Commissioner reprimanded seven organisations in fourteen months
// for telling somebody what put others in danger (ico.org.uk, 27 September and
// November 2023). Each of those cases that a copy could repeat is here, and what must
// not be in it, whatever two people judge where nobody may overrule it.
func TestReprimandedByTheICO(t *testing.T) {
	refuge := events.Address{Lines: []string{"14 Harbour Lane"}, Postcode: "NS7 4QT", Label: events.Restricted}
	mother := events.Person{Role: events.RoleParent, Name: events.Name{Given: "Joanna", Family: "Quennell"}, DateOfBirth: "1986-07-01", Address: &refuge}
	partner := events.Person{Role: events.RoleAllegedPerpetrator, Name: events.Name{Given: "Tobias", Family: "Wrexley"}}
	adopter := events.Person{Role: events.RoleCarer, Name: events.Name{Given: "Priya", Family: "Chaudhary"}, Address: &events.Address{Lines: []string{"2 Orchard View"}, Postcode: "NS2 9ZZ", Label: events.Restricted}}
	father := asks(events.RecipientParent)
	court := asks(events.RecipientCourt, func(r *events.CopyRequested) { r.For = events.ForCourt })

	for _, c := range []struct {
		name    string
		asked   Request
		others  []events.Person
		item    events.ShownItem
		secrets []string
		always  bool // whatever two people judge
	}{
		{"safe address in a court bundle that is sent to the father", court, []events.Person{mother},
			item("i", events.KindSocialCare, events.Assessment{}, said("We live at 14, Harbour lane now")), []string{"14 Harbour Lane", "Harbour"}, true},
		{"the postcode of it alone", court, []events.Person{mother},
			item("i", events.KindPolice, events.MissingEpisode{Circumstances: "seen near ns74qt", MissingFrom: "home"}), []string{"NS7 4QT"}, true},
		{"the district in which it lies", father, []events.Person{mother},
			item("i", events.KindPolice, events.MissingEpisode{Circumstances: "found in NS7 later", MissingFrom: "home"}), []string{"in NS7"}, true},
		{"an unredacted assessment to the mother’s former partners", father, []events.Person{mother, partner},
			item("i", events.KindSocialCare, events.Section47Enquiry{Reference: "r", Started: "2026-10-01", Outcome: "joanna QUENNELL is to be protected from tobias"}, with(events.RoleParent)),
			[]string{"Joanna", "Quennell", "Tobias"}, false},
		{"adopted children’s address to their birth father", father, []events.Person{adopter},
			item("i", events.KindHealth, events.EmergencyAttendance{Provider: "Larkspur Hospital", Reason: "a fall at 2 Orchard View"}), []string{"Orchard View", "Larkspur", "Chaudhary"}, true},
		{"a school that gives away where they live", asks(events.RecipientParent, noContact), nil,
			item("i", events.KindEducation, events.AttendanceFall{From: "2026-09-01", To: "2026-10-01", Percent: 80, Circumstances: "new at Oakfield School"}), []string{"Oakfield"}, true},
		{"letter to the old shared address", asks(events.RecipientChild), []events.Person{{Role: events.RoleParent, Name: mother.Name, Address: &events.Address{Lines: []string{"9 Shared Street"}, Postcode: "NS1 1AA", Label: events.Core}}},
			plain("i"), []string{"9 Shared Street", "NS1 1AA"}, true},
		{"identities revealed to the partners they had asked about", father, []events.Person{mother},
			item("i", events.KindPolice, events.OnlineReport{PoliceReference: "r", Reported: "I am Joanna and I want to know whether he is dangerous", By: events.ReporterVictim}), []string{"Joanna", "dangerous"}, false},
		{"a neighbour who told", father, nil,
			item("i", events.KindSocialCare, events.ContactReceived{Reference: "r", From: "1B", Summary: "shouting was heard through the wall"}), []string{"through the wall", "acquaintance"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := events.Copyable{Others: c.others, Shown: events.Shown{Agencies: register(), Items: []events.ShownItem{c.item}}}
			judgments := []map[events.ItemID]Judged{nil, {"i": {Judgment: events.CopyWithhold}}}
			if c.always {
				judgments = append(judgments, map[events.ItemID]Judged{"i": {Judgment: events.CopyInclude}},
					map[events.ItemID]Judged{"i": {Judgment: events.CopyWithout, Without: []string{"somebody"}}})
			}
			for _, c.asked.Judged = range judgments {
				b := Prepare(c.asked, record).Bundle
				for _, s := range c.secrets {
					if holds(archive(t, b), s) {
						t.Errorf("judged %v, the copy holds %q", c.asked.Judged, s)
					}
				}
			}
		})
	}
}

// A message left on the husband’s phone, a letter that a violent partner opens: what
// names the copy on the outside says nothing of what it is about.
func TestTheOutsideSaysNothing(t *testing.T) {
	b := Prepare(asks(events.RecipientChild), events.Copyable{Shown: events.Shown{Items: []events.ShownItem{plain("i")}}}).Bundle
	for _, name := range []string{"1-letter.html", "2-copy.html", "copy.json"} {
		if !holds(archive(t, b), name) {
			t.Errorf("no file is called %s", name)
		}
	}
	if holds(b.Reference, "Amelia") || holds(b.Reference, "Exmoor") {
		t.Error("the reference says whom it is about")
	}
}
