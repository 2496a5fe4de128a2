package disclosure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kith/events"
	"kith/services/disclosure/policy"
)

// TestSilence makes families at random and takes out of each picture all that a
// reader is to hear nothing of. The answer must be the very same, to the byte:
// what is withheld in silence leaves no trace. And no word of what is withheld,
// in silence or not, is in the answer.
func TestSilence(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	gate := (&world{}).gate(t)
	silent, told := 0, 0
	for range 400 {
		p := randomPicture(rnd)
		for _, r := range readers() {
			purpose := purposes()[rnd.IntN(len(purposes()))]
			rd := gate.reading(r, purpose, "view", p, standing{})
			if !rd.may(policy.Open, policy.Thing{}) {
				continue
			}
			full := rd.show(p)
			said := text(t, full)
			for _, h := range p.Items {
				for _, word := range []string{"given-", "words-", "local-", "refuge-"} { // not whom to call
					if !slices.Contains(ids(full), h.ID) && strings.Contains(said, word+string(h.ID)+".") {
						t.Fatalf("%s for %s: an item that is withheld shows in the answer", r.Actor, purpose)
					}
				}
			}
			less := p
			less.Items = slices.DeleteFunc(slices.Clone(p.Items), func(h events.Held) bool {
				th := policy.Item(h.Item, r.Agency, p.Consents, noon())
				return !rd.may(policy.See, th) && !rd.may(policy.Know, th) && !rd.may(policy.Ask, th)
			})
			silent += len(p.Items) - len(less.Items)
			told += len(full.Withheld)
			rest := gate.reading(r, purpose, "view", p, standing{}) // tied as before
			if a, b := said, text(t, rest.show(less)); a != b {
				t.Fatalf("%s for %s: silence leaves a trace\n%s\n%s", r.Actor, purpose, a, b)
			}
		}
	}
	if silent < 1000 || told < 1000 {
		t.Errorf("only %d withheld in silence and %d told", silent, told)
	}
}

func randomPicture(rnd *rand.Rand) events.Picture {
	facts := []events.Fact{events.Concern{}, events.MissingEpisode{}, events.PublicProtectionNotice{}, events.WasNotBrought{}, events.InvolvementChanged{}}
	labels := []events.Label{events.Involvement, events.Core, events.Core, events.Sensitive, events.Restricted}
	caveats := []events.Caveat{"", "", "", events.NoGuardian, events.ThirdParty, events.PoliceIntelligence, events.LegalPrivilege, events.OriginatorControlled}
	var is []events.Held
	for n := range 1 + rnd.IntN(12) {
		h := item(fmt.Sprintf("%d.", n), agencies()[rnd.IntN(5)].ID, facts[rnd.IntN(len(facts))],
			label(labels[rnd.IntN(len(labels))]), day(-rnd.IntN(60)), living(labels[rnd.IntN(len(labels))]))
		h.ID = events.ItemID(strings.TrimSuffix(string(h.ID), "."))
		if c := caveats[rnd.IntN(len(caveats))]; c != "" {
			h.Caveats = []events.Caveat{c}
		}
		if rnd.IntN(4) == 0 {
			onConsent(&h.Item)
		}
		is = append(is, h)
	}
	p := pictured(is...)
	if rnd.IntN(2) == 0 {
		p.Discussions = []events.Discussion{discussion(rnd.IntN(3) > 0, []string{"police", "health", "dsl", "otherdsl"}[rnd.IntN(4)])}
	}
	if rnd.IntN(2) == 0 {
		earlier := noon().AddDate(0, 0, -1)
		c := events.ConsentRecord{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: noon().AddDate(0, 0, -9)}
		if rnd.IntN(2) == 0 {
			c.WithdrawnAt = &earlier
		}
		p.Consents = []events.ConsentRecord{c}
	}
	return p
}
