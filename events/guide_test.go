package events_test

import (
	"testing"

	"kith/events"
)

// Where the answers lead, for every kind and body, with and without the duty.
// Nobody is led to what is not open, and to consent only by a choice.
func TestGuide(t *testing.T) {
	for _, kind := range kinds {
		for _, body := range []events.Body{events.PublicBody, events.IndependentBody} {
			for _, duty := range []bool{false, true} {
				s := events.Sharing{Kind: kind, Body: body, Type: anyType(kind), On: today, Duty: duty}
				protects := events.PublicTask
				switch {
				case duty:
					protects = events.LegalObligation
				case body == events.IndependentBody && (kind == events.KindEducation || kind == events.KindHealth):
					protects = events.RecognisedLegitimateInterest
				}
				for answers, want := range map[events.Answers]events.Article6{
					{Harm: events.HarmToLife}:                 events.VitalInterests,
					{Harm: events.HarmToLife, Agreed: true}:   events.VitalInterests,
					{Harm: events.HarmPossible}:               protects,
					{Harm: events.HarmPossible, Agreed: true}: protects,
					{Harm: events.HarmNone}:                   protects,
					{Harm: events.HarmNone, Agreed: true}:     events.ByConsent,
					{}:                                        "",
					{Agreed: true}:                            "",
					{Harm: "perhaps", Agreed: true}:           "",
				} {
					f, ok := s.Guide(answers)
					if events.Article6(f.Condition) != want || ok != (want != "") {
						t.Errorf("%+v %+v leads to %q, want %q", s, answers, f.Condition, want)
					}
					if wrong := s.Unlawful(events.Basis{Article6: events.Article6(f.Condition)}); ok && len(wrong) > 0 {
						t.Errorf("%+v %+v leads to what is refused: %+v", s, answers, wrong)
					}
				}
			}
		}
	}
}
