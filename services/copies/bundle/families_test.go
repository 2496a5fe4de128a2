package bundle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"kith/events"
)

// family is an invented one: whose names and addresses must not be in a copy.
type family struct {
	asked   Request
	record  events.Copyable
	secrets []string // of other people
	places  []string // where somebody is who must not be found
	free    int      // items that hold none of it and are the recipient's own
}

// TestFamilies makes families at random, with everybody's name and address in what
// agencies wrote, and prepares copies of their records: nothing of anybody else is in
// any, and nowhere an address, whatever two people judge.
func TestFamilies(t *testing.T) {
	families := uint64(100)
	if os.Getenv("KITH_SOAK") != "" {
		families = 1000
	}
	copies, given, waited, leaks, traces := 0, 0, 0, 0, 0
	for seed := range families {
		f := newFamily(rand.New(rand.NewPCG(seed, 7)))
		for _, judge := range []events.CopyJudgment{"", events.CopyWithhold, events.CopyWithout, events.CopyInclude} {
			f.judge(judge)
			p := Prepare(f.asked, f.record)
			copies, given, waited = copies+1, given+len(p.Entries), waited+len(p.Queue)
			all := archive(t, p.Bundle)
			secrets := f.places
			if judge != events.CopyInclude { // two people may tell of another person; never where one is
				secrets = append(slices.Clone(f.places), f.secrets...)
			}
			for _, s := range secrets {
				if holds(all, s) {
					if leaks++; leaks < 5 {
						t.Errorf("seed %d, %s, judged %q: a copy holds %q", seed, f.asked.Recipient.Kind, judge, s)
					}
				}
			}
			if (judge == "" || judge == events.CopyWithhold) && len(p.Entries) < f.free {
				t.Errorf("seed %d: %d of %d that are the recipient's own are in the copy", seed, len(p.Entries), f.free)
			}
			if archive(t, f.without(p)) != all {
				traces++
			}
		}
	}
	t.Logf("%d families, %d copies, %d items given, %d waited; %d leaks, %d copies that show that something is left out", families, copies, given, waited, leaks, traces)
	if traces > 0 || given == 0 || waited == 0 {
		t.Error("what is left out shows, or nothing was tried")
	}
}

// judge lets two people agree on the same about every item.
func (f *family) judge(j events.CopyJudgment) {
	f.asked.Judged = map[events.ItemID]Judged{}
	for _, i := range f.record.Shown.Items {
		if j != "" {
			f.asked.Judged[i.ID] = Judged{Judgment: j, Without: f.secrets}
		}
	}
}

// without is the copy of a record that never had what is left out of this one.
func (f *family) without(p Prepared) Bundle {
	less := f.record
	less.Shown.Items = slices.DeleteFunc(slices.Clone(less.Shown.Items), func(i events.ShownItem) bool {
		return !slices.Contains(ids(p.Bundle), string(i.ID))
	})
	return Prepare(f.asked, less).Bundle
}

func newFamily(rnd *rand.Rand) family {
	f := family{asked: asks([]events.RecipientKind{events.RecipientChild, events.RecipientParent, events.RecipientCourt}[rnd.IntN(3)])}
	if rnd.IntN(2) == 0 {
		noContact(&f.asked.CopyRequested)
	}
	f.record.Shown.Agencies = register()
	safe := place(rnd, events.Restricted)
	f.record.Addresses = []events.Address{safe}
	f.places = []string{safe.Lines[0], safe.Postcode}
	for _, role := range []events.Role{events.RoleParent, events.RoleCarer, events.RoleHousehold, events.RoleAllegedPerpetrator, events.RoleOther} {
		p := events.Person{LocalID: name(rnd), Role: role, Name: events.Name{Given: name(rnd), Family: name(rnd)}}
		if rnd.IntN(2) == 0 {
			a := place(rnd, []events.Label{events.Core, events.Restricted}[rnd.IntN(2)])
			p.Address, f.places = &a, append(f.places, a.Lines[0], a.Postcode)
		}
		f.record.Others = append(f.record.Others, p)
		f.secrets = append(f.secrets, p.Name.Given, p.Name.Family, p.LocalID)
	}
	stranger := name(rnd) // of whom the hub has no record
	f.secrets = append(f.secrets, stranger)
	for n := range 12 {
		f.add(rnd, n, stranger)
	}
	return f
}

// add is one more item: of the recipient's own, or with somebody else in it.
func (f *family) add(rnd *rand.Rand, n int, stranger string) {
	id := fmt.Sprintf("i%02d", n)
	if rnd.IntN(3) == 0 {
		f.record.Shown.Items = append(f.record.Shown.Items, plain(id))
		f.free++
		return
	}
	text := "it was seen that " + hidden(rnd, []string{"Ms " + stranger, pick(rnd, f.secrets[:len(f.secrets)-1]), pick(rnd, f.places)}[rnd.IntN(3)]) + " was there"
	i := item(id, pick(rnd, []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare}), fact(rnd, text))
	i.Label = pick(rnd, []events.Label{events.Core, events.Core, events.Sensitive, events.Restricted})
	if rnd.IntN(3) == 0 {
		i.Caveats = []events.Caveat{pick(rnd, []events.Caveat{events.NoGuardian, events.ThirdParty, events.PoliceIntelligence, events.LegalPrivilege, events.OriginatorControlled})}
	}
	if rnd.IntN(3) == 0 {
		i.With = []events.Companion{{Subject: "s", Role: events.RoleParent}}
	}
	if rnd.IntN(4) == 0 {
		i.Voice = &events.Voice{Words: "I saw " + hidden(rnd, pick(rnd, f.secrets)) + " and ran"}
	}
	i.Contact.Name = "Ms " + stranger
	f.record.Shown.Items = append(f.record.Shown.Items, i)
}

func fact(rnd *rand.Rand, text string) events.Fact {
	return pick(rnd, []events.Fact{
		events.AttendanceFall{From: "2026-09-01", To: "2026-10-01", Percent: 71, Circumstances: text},
		events.InvolvementChanged{Service: text, Team: text, Since: "2026-10-01"},
		events.MissingEpisode{PoliceReference: "r", MissingSince: noon(), MissingFrom: text, Circumstances: text},
		events.Suspension{From: "2026-10-01", Days: 2, Reason: text},
		events.ClinicalObservation{Observed: text, Finding: text},
		events.QuestionnaireAnswered{Questionnaire: "form", Answers: []events.Answer{{Question: text, Answer: "yes"}}},
		events.OffRoll{On: "2026-10-01", Reason: "moved", Destination: text},
		events.HealthFlag{Flag: text, Active: true},
	})
}

// hidden is a secret as people write: with other capitals, spaces, or joined.
func hidden(rnd *rand.Rand, s string) string {
	switch rnd.IntN(6) {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	case 2:
		return s + "’s"
	case 3:
		return strings.ReplaceAll(s, " ", "")
	case 4:
		return s[:len(s)/2] + "-" + s[len(s)/2:]
	}
	return s
}

// name is one that is nobody's.
func name(rnd *rand.Rand) string {
	s := ""
	for range 4 {
		s += pick(rnd, []string{"zor", "quib", "vex", "jull", "prax", "wyth", "dref", "kolm", "xan", "yelb"})
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func place(rnd *rand.Rand, l events.Label) events.Address {
	return events.Address{Lines: []string{fmt.Sprintf("%d %s Row", 1+rnd.IntN(90), name(rnd)), "Northshire"}, Label: l,
		Postcode: fmt.Sprintf("NX%d %dQZ", 10+rnd.IntN(80), 1+rnd.IntN(9))}
}

func pick[T any](rnd *rand.Rand, all []T) T { return all[rnd.IntN(len(all))] }
