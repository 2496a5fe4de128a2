package policy

import (
	"testing"

	"kith/events"
)

func BenchmarkDecide(b *testing.B) {
	s, err := Default()
	if err != nil {
		b.Fatal(err)
	}
	see := Request{Act: See, Purpose: events.PurposeSection47,
		Reader: Reader{events.RoleChair, events.KindSocialCare, true}, Ties: Ties{Holds: true, Concern: true},
		Thing: Thing{Kind: events.KindHealth, Label: events.Core, Basis: events.PublicTask}}
	near := see
	near.Reader = Reader{events.RolePractitioner, events.KindPolice, false}
	near.Purpose = events.PurposeCarePlanning
	for name, r := range map[string]Request{"permitted": see, "near miss": near} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Decide(s, r)
			}
		})
	}
	fifty, err := Sized(50)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("permitted/50 policies of one act", func(b *testing.B) {
		for b.Loop() {
			Decide(fifty, see)
		}
	})
}

// A larger set decides the same as the one it was made of.
func TestSized(t *testing.T) {
	s, err := Sized(50)
	if err != nil || len(s.Policies()) != 50+len(defaultSet(t).Policies())-len(defaultSet(t).rules[See]) || len(s.rules[See]) != 50 {
		t.Fatalf("%d policies, %d of them about seeing, %v", len(s.Policies()), len(s.rules[See]), err)
	}
	for _, c := range representative() {
		if a, b := Decide(s, c.ask), Decide(defaultSet(t), c.ask); a.Allow != b.Allow || a.Review != b.Review || a.Reason != b.Reason {
			t.Errorf("%s: %+v, %+v", c.says, a, b)
		}
	}
}
