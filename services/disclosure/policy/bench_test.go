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
}
