package policy

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"kith/events"
)

// TestRandomAgainstOracle asks for anything anybody may ask for, of every act, with
// all that people may have said: what is permitted, what is denied and what is left
// to a person are what the agreement says, in both directions.
func TestRandomAgainstOracle(t *testing.T) {
	tries := 100_000
	if os.Getenv("KITH_SOAK") != "" {
		tries = 2_000_000
	}
	s, rnd := defaultSet(t), rand.New(rand.NewPCG(2026, 5))
	count, wrong := map[string]int{}, 0
	n := s.Session()
	for i := range tries {
		if i%1000 == 0 {
			n = s.Session() // what it keeps is for one read
		}
		r, want := drawn(rnd)
		got := answer(n.Brief(r))
		if count[got]++; got != want {
			if wrong++; wrong < 10 {
				t.Errorf("%s, the oracle says %s: %+v", got, want, r)
			}
		}
	}
	t.Logf("%d requests: %d permitted, %d denied, %d left to a person, %d wrong", tries, count[permit], count[deny], count[review], wrong)
	if count[permit] < tries/20 || count[review] < tries/500 || count[deny] < tries/20 {
		t.Error("one of the answers is hardly ever given: the comparison is worth little")
	}
}

func answer(d Decision) string {
	switch {
	case d.Allow && d.Review:
		return "both"
	case d.Allow:
		return permit
	case d.Review:
		return review
	}
	return deny
}

func one[T any](rnd *rand.Rand, vs []T) T { return vs[rnd.IntN(len(vs))] }

func often(rnd *rand.Rand) bool { return rnd.IntN(4) > 0 }

// drawn is a request and what the oracle says to it.
func drawn(rnd *rand.Rand) (Request, string) {
	w := one(rnd, []who{{kind: events.KindPolice}, {kind: events.KindHealth}, {kind: events.KindEducation}, {kind: "charity"},
		{kind: events.KindSocialCare}, {kind: events.KindSocialCare, authority: true}, {kind: events.KindSocialCare, authority: true}})
	w.agency = mine
	w.role = one(rnd, []events.ReaderRole{events.RoleDSL, events.RolePractitioner, events.RoleSocialWorker, events.RoleSocialWorker, events.RoleChair, events.RoleGovernance, "visitor"})
	w.purpose = one(rnd, []events.Purpose{events.PurposeSection47, events.PurposeSection17, events.PurposeEarlyHelp, events.PurposeCarePlanning, events.PurposeAudit, events.PurposeSubjectAccess, ""})
	if rnd.IntN(3) == 0 { // those to whom most is given outside of a discussion
		w.kind, w.authority, w.role, w.purpose = events.KindSocialCare, true, one(rnd, []events.ReaderRole{events.RoleSocialWorker, events.RoleChair}), events.PurposeSection17
	}
	w.ties = Ties{Holds: often(rnd), Concern: often(rnd), TookPart: rnd.IntN(4) == 0, Invited: rnd.IntN(4) == 0}
	w.ties.Attending = w.ties.TookPart && often(rnd)
	r := Request{Act: one(rnd, slices.Concat(acts(), slices.Repeat([]Act{See}, 12))), Purpose: w.purpose, Ties: w.ties,
		Reader: Reader{Role: w.role, Kind: w.kind, Authority: w.authority}}
	switch r.Act {
	case Know, See, Ask:
		sm, h := drawnItem(rnd), human{rnd.IntN(4) == 0, one(rnd, []string{"", "", "share", "withhold"})}
		r.Thing = Item(sm.item, mine, sm.consents, noon())
		r.Thing.Objected, r.Thing.Ruling = h.objects, Ruling(h.judged)
		if r.Act == See {
			return r, seeing(w, sm.item, sm.consents, noon(), h)
		}
		return r, expected(r.Act, w, sm)
	}
	m := matter{rnd.IntN(2) == 0, rnd.IntN(3) == 0, rnd.IntN(3) == 0, rnd.IntN(2) == 0}
	r.Thing = Thing{Own: m.ours, TakesPart: m.inIt, Invited: m.asked, Named: m.forUs}
	if mayDo(w, r.Act, m) {
		return r, permit
	}
	return r, deny
}

// drawnItem is an item such as agencies send most often, or one such as none should.
func drawnItem(rnd *rand.Rand) sample {
	it := events.Item{Agency: theirs, Kind: one(rnd, []events.AgencyKind{events.KindPolice, events.KindHealth, events.KindEducation, events.KindSocialCare, "charity"})}
	if rnd.IntN(6) == 0 {
		it.Agency = mine
	}
	it.Label = one(rnd, []events.Label{events.Involvement, events.Core, events.Core, events.Core, events.Sensitive, events.Restricted, "", "secret"})
	for _, c := range []events.Caveat{events.NoGuardian, events.ThirdParty, events.ThirdParty} {
		if rnd.IntN(4) == 0 && !slices.Contains(it.Caveats, c) {
			it.Caveats = append(it.Caveats, c)
		}
	}
	if rnd.IntN(10) == 0 {
		it.Caveats = append(it.Caveats, one(rnd, []events.Caveat{events.PoliceIntelligence, events.LegalPrivilege, events.OriginatorControlled, "not-yet-known"}))
	}
	it.Basis = one(rnd, bases(true))
	if often(rnd) {
		it.Basis = one(rnd, []events.Basis{{Article6: events.PublicTask}, {Article6: events.LegalObligation, Article9: events.HealthOrSocialCare},
			{Article6: events.VitalInterests}, {Article6: events.ByConsent, Scope: events.EarlyHelp}})
	}
	return sample{it, one(rnd, consentWorlds())}
}
