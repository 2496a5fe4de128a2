package disclosure

import (
	"fmt"
	"testing"
	"time"

	"kith/events"
)

// thousand is a picture of 1,000 items of every sort that agencies send.
func thousand() events.Picture {
	labels := []events.Label{events.Involvement, events.Core, events.Sensitive, events.Restricted}
	articles := []events.Basis{{Article6: events.PublicTask}, {Article6: events.LegalObligation, Article9: events.HealthOrSocialCare},
		{Article6: events.ByConsent, Scope: events.EarlyHelp}}
	var is []events.Held
	for n := range 1000 {
		h := item(fmt.Sprint("i", n), agencies()[n%5].ID, events.MissingEpisode{}, day(-n%300), label(labels[n/5%4]))
		h.Basis = articles[n/20%3]
		if n%7 == 0 {
			h.Caveats = []events.Caveat{events.PoliceIntelligence}
		}
		if n%3 == 0 {
			living([]events.Label{events.Core, events.Restricted}[n%2])(&h.Item)
		}
		is = append(is, h)
	}
	p := pictured(is...)
	p.Consents = []events.ConsentRecord{{ConsentGiven: events.ConsentGiven{Scope: events.EarlyHelp}, GivenAt: noon().AddDate(0, 0, -9)}}
	return p
}

func BenchmarkChild(b *testing.B) {
	for _, who := range []string{"chair", "police", "dsl"} {
		b.Run(who+"/1000 items", func(b *testing.B) {
			g := here(thousand()).gate(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Child(b.Context(), reader(who), wren, events.PurposeSection47, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A view is to be decided in milliseconds. The bound is wide, for a busy
// machine; it catches a decision that is made anew for every item.
func TestThousandItemsAreDecidedOncePerSort(t *testing.T) {
	g := here(thousand()).gate(t)
	best := time.Hour
	for range 5 {
		begun := time.Now()
		if _, err := g.Child(t.Context(), reader("police"), wren, events.PurposeSection47, nil); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(begun))
	}
	if best > 15*time.Millisecond {
		t.Errorf("1,000 items took %s", best)
	}
}
