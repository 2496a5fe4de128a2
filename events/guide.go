package events

// Harm is whether somebody could come to harm if nothing is shared, as the
// person who shares it sees it.
type Harm string

const (
	HarmToLife   Harm = "life"     // somebody's life is in danger now
	HarmPossible Harm = "possible" // or it cannot be ruled out
	HarmNone     Harm = "none"
)

// Answers are what somebody says who is led to a lawful basis by plain questions.
type Answers struct {
	Harm   Harm
	Agreed bool // it is about help that the family may refuse, and they agreed that it is shared
}

// Guide is the line of Article 6 to which answers lead; false if they lead to
// none. Consent is where they lead only if no harm is feared and there was a
// choice: to be at risk is no choice (Department for Education, Information
// sharing advice, 2024). A duty to share, once it has commenced, comes before
// what an agency may do besides.
func (s Sharing) Guide(a Answers) (Footing, bool) {
	is := func(c Article6) func(Footing) bool {
		return func(f Footing) bool { return f.Condition == string(c) }
	}
	switch {
	case a.Harm == HarmToLife:
		return s.first(is(VitalInterests))
	case a.Harm == HarmNone && a.Agreed:
		return s.first(is(ByConsent))
	case a.Harm != HarmNone && a.Harm != HarmPossible:
		return Footing{}, false
	}
	if f, ok := s.first(func(f Footing) bool { return f.Duty }); ok {
		return f, true
	}
	return s.first(func(Footing) bool { return true })
}

func (s Sharing) first(fits func(Footing) bool) (Footing, bool) {
	for _, f := range s.Footings(6) {
		if fits(f) {
			return f, true
		}
	}
	return Footing{}, false
}
